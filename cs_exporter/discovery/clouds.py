"""All clouds of one exporter: takes their answers in, gives the hosts to watch, and keeps the store current.

Who is kept is keeping.py's business, how it is written store.py's; here is what is known of each cloud at a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import structlog

from cs_exporter.discovery.keeping import Keeping, kept
from cs_exporter.discovery.store import Clouds, Store
from cs_exporter.model import Census
from cs_exporter.ports import Clock

log = structlog.get_logger(__name__)

NOBODY: Mapping[str, frozenset[str]] = MappingProxyType({})
"""Of no platform is any loss accepted."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How discovery of one cloud stands, in hosts; `missing`: kept although its latest answers lack them.

    `complete`: when it last gave a complete answer, in seconds since the epoch; before the first, when it was begun.
    """

    platform: str
    missing: int
    held: int
    complete: float


class Discovery:
    """What the clouds have said so far. All methods are for the event loop's thread; only to be made blocks."""

    def __init__(self, store: Store | None, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._stored: Clouds = store.read() if store else {}
        self._clouds = {platform: kept(hosts) for platform, hosts in self._stored.items()}
        self._complete = dict.fromkeys(self._clouds, clock.time())
        self._lacking: dict[str, tuple[str, ...]] = {}
        self._useless: frozenset[str] = frozenset()

    def take(self, platform: str, census: Census) -> bool:
        """Take in one answer of a cloud; whether that changes who is watched, or how."""
        before = self._clouds[platform]
        after = self._clouds[platform] = before.take(census)
        if census.complete:
            self._complete[platform] = self._clock.time()
        self._tell(platform, census, before, after)
        return after.hosts != before.hosts

    def held(self) -> Mapping[str, frozenset[str]]:
        """Platform -> uuids of the hosts that a loss keeps at this moment."""
        return {platform: keeping.held for platform, keeping in self._clouds.items()}

    def censuses(self, accepted: Mapping[str, frozenset[str]] = NOBODY) -> Mapping[str, Census]:
        """Platform -> who is kept, as it will be once the loss of `accepted` has been accepted."""
        return {
            platform: keeping.accept(accepted.get(platform, frozenset())).census()
            for platform, keeping in self._clouds.items()
        }

    def accept(self, held: Mapping[str, frozenset[str]]) -> None:
        """The operator has reloaded the configuration while these were held: they leave as soon as any other would."""
        for platform, whom in held.items():
            before = self._clouds[platform]
            after = self._clouds[platform] = before.accept(whom)
            if after.held != before.held:
                log.warning("hosts that were held are let go", platform=platform, hosts=len(before.held - after.held))

    def follow(self, platforms: Iterable[str]) -> None:
        """These are the clouds from now on; what is known of others is forgotten."""
        wanted = dict.fromkeys(platforms)
        self._clouds = {platform: self._clouds.get(platform, Keeping()) for platform in wanted}
        self._complete = {platform: self._complete.get(platform, self._clock.time()) for platform in wanted}
        self._lacking = {platform: self._lacking.get(platform, ()) for platform in wanted}

    def standings(self) -> tuple[Standing, ...]:
        """How discovery of each cloud stands."""
        return tuple(
            Standing(platform, len(keeping.absent), len(keeping.held), self._complete[platform])
            for platform, keeping in self._clouds.items()
        )

    def complain(self, lines: Iterable[str]) -> None:
        """Log what of the clouds' answers could not be used, each line once for as long as it holds."""
        useless = dict.fromkeys(lines)
        for line in useless:
            if line not in self._useless:
                log.warning("what a cloud says can't be used", detail=line)
        self._useless = frozenset(useless)

    async def save(self) -> None:
        """Write the hosts to the store, if there is one and they are not what was written last."""
        now = {platform: tuple(keeping.hosts.values()) for platform, keeping in self._clouds.items()}
        if self._store is not None and now != self._stored and await asyncio.to_thread(self._store.write, now):
            self._stored = now

    def _tell(self, platform: str, census: Census, before: Keeping, after: Keeping) -> None:
        lost = after.held - before.held
        if lost:
            log.warning(
                "the cloud's answer lacks many hosts at once; they are held, and watched as before; reload the "
                "configuration to let them go",
                platform=platform, missing=len(after.absent), of=len(after.hosts),
            )  # fmt: skip
        lines = (*census.lacking, *census.untold)
        if lines != self._lacking.get(platform, ()):
            self._lacking[platform] = lines
            for line in lines:
                log.info("the cloud can't tell everything", platform=platform, lacking=line)
