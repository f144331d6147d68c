"""All clouds of one exporter: takes their answers in, gives the hosts to watch, and keeps the store current.

Who is kept is keeping.py's business, how it is written store.py's; here is what is known of each cloud at a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

import structlog

from cs_exporter.discovery.keeping import Keeping, kept
from cs_exporter.discovery.store import NOTHING, Store, Stored
from cs_exporter.model import Census
from cs_exporter.ports import Clock

log = structlog.get_logger(__name__)

NOBODY: Mapping[str, frozenset[str]] = MappingProxyType({})
"""Of no platform is any loss accepted."""

NAMED = 10
"""Hosts that a line of the log names at most."""

WRITTEN = 300.0
"""Seconds: an answer that changes nothing is stored so often, so that a restart finds out how old the latest one is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How discovery of one cloud stands, in hosts; `missing`: kept although its latest answers lack them.

    `complete`: when it last gave a complete answer, in seconds since the epoch, be it to the exporter before a restart;
    before the first that is known of, when it was begun.
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
        self._stored = store.read() if store else NOTHING
        self._clouds = {platform: kept(hosts) for platform, hosts in self._stored.hosts.items()}
        now = clock.time()  # a clock that was ahead when the time was stored must not hide that answers are missing
        self._complete = {platform: min(self._stored.complete.get(platform, now), now) for platform in self._clouds}
        self._lacking: dict[str, tuple[str, ...]] = {}
        self._useless: frozenset[str] = frozenset()

    def take(self, platform: str, census: Census) -> bool:
        """Take in one answer of a cloud; whether that changes who is watched, or how."""
        before = self._clouds[platform]
        after = self._clouds[platform] = before.take(census)
        if census.complete:
            self._complete[platform] = self._clock.time()
        _tell_held(platform, before, after)
        self._tell_lacking(platform, census)
        return after.hosts != before.hosts

    @property
    def is_outdated(self) -> bool:
        """Whether the store, if there is one, has no time of lately for some cloud's last complete answer."""
        return self._store is not None and any(map(self._is_old, self._clouds))

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
                going = before.held - after.held
                log.warning(
                    "hosts that were held are let go", platform=platform, count=len(going), hosts=_named(before, going)
                )

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
        """Write the hosts to the store, if there is one and they, or the times, are not what was written last."""
        hosts = {platform: tuple(keeping.hosts.values()) for platform, keeping in self._clouds.items()}
        if self._store is None or (hosts == self._stored.hosts and not self.is_outdated):
            return
        now = Stored(hosts, {platform: self._complete[platform] for platform in hosts})
        if await asyncio.to_thread(self._store.write, now):
            self._stored = now

    def _is_old(self, platform: str) -> bool:
        """Whether the stored time of the cloud's last complete answer is to be written anew."""
        stored = self._stored.complete.get(platform)
        return stored is None or abs(self._complete[platform] - stored) >= WRITTEN

    def _tell_lacking(self, platform: str, census: Census) -> None:
        """Log what the answer lacks for the first time, and no longer.

        Only a complete answer of the better source shows that something can be told again.
        """
        before, now = self._lacking.get(platform, ()), (*census.lacking, *census.untold)
        over = [line for line in before if line not in now]
        if over and (census.stand_in or not census.complete):
            now, over = tuple(dict.fromkeys((*before, *now))), []
        for line in now:
            if line not in before:
                say = log.warning if line in census.lacking else log.info  # a right that is missing is to be granted
                say("the cloud can't tell everything", platform=platform, lacking=line)
        for line in over:
            log.info("the cloud can tell everything of this again", platform=platform, lacking=line)
        self._lacking[platform] = now


def _tell_held(platform: str, before: Keeping, after: Keeping) -> None:
    lost, back = after.held - before.held, before.held - after.held
    if lost:
        log.warning(
            "the cloud's answer lacks many hosts at once; they are held, and watched as before; reload the "
            "configuration to let them go",
            platform=platform, missing=len(after.absent), of=len(after.hosts), hosts=_named(after, lost),
        )  # fmt: skip
    if back:
        log.info(
            "hosts that were held are so no longer: they are back, or the cloud calls them removed",
            platform=platform, count=len(back), hosts=_named(before, back),
        )  # fmt: skip


def _named(keeping: Keeping, whom: AbstractSet[str]) -> str:
    """The first names of these hosts, and how many more they are."""
    names = sorted(keeping.hosts[uuid].name for uuid in whom)
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
