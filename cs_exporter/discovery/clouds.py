"""All clouds of one exporter: takes in what their sources answer, gives the hosts to watch, keeps the store current.

Here is what is known of each source at a moment, and how each cloud stands by all of its own. Who is kept is keeping's
business, what several sources tell of one machine platforms.together's, how it is written the store's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from types import MappingProxyType

import structlog

from cs_exporter.discovery.keeping import Keeping, kept
from cs_exporter.discovery.store import NOTHING, Store, Stored
from cs_exporter.model import Census, CloudHost
from cs_exporter.platforms.together import together
from cs_exporter.ports import Clock

log = structlog.get_logger(__name__)

Sources = Mapping[str, str]
"""Source -> platform: whoever is asked who belongs to a cloud, itself or a cell of it, by its pseudo-host's name."""

NOBODY: Mapping[str, frozenset[str]] = MappingProxyType({})
"""Of no source is any loss accepted."""

NAMED = 10
"""Hosts that a line of the log names at most."""

WRITTEN = 300.0
"""Seconds: an answer that changes nothing is stored so often, so that a restart finds out how old the latest one is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How discovery of one cloud stands, in hosts; `missing`: kept although its latest answers lack them.

    `complete`: since when all of its sources have given a complete answer, in seconds since the epoch, be it to the
    exporter before a restart; before the first that is known of one, when that was begun.
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
        self._kept = {source: kept(hosts) for source, hosts in self._stored.hosts.items()}
        now = clock.time()  # a clock that was ahead when the time was stored must not hide that answers are missing
        self._complete = {source: min(self._stored.complete.get(source, now), now) for source in self._kept}
        self._lacking: dict[str, tuple[str, ...]] = {}
        self._useless: frozenset[str] = frozenset()
        self._sources: Sources = MappingProxyType({})

    def take(self, source: str, census: Census) -> bool:
        """Take in one answer of a source that is followed; whether that changes who is watched, or how."""
        before = self._kept[source]
        after = self._kept[source] = self._taken(source, before, census)
        if census.complete:
            self._complete[source] = self._clock.time()
        _tell_held(source, before, after)
        self._tell_lacking(source, census)
        return after.hosts != before.hosts

    @property
    def is_outdated(self) -> bool:
        """Whether the store, if there is one, has no time of lately for some source's last complete answer."""
        return self._store is not None and any(map(self._is_old, self._kept))

    def held(self) -> Mapping[str, frozenset[str]]:
        """Source -> uuids of the hosts that a loss keeps at this moment."""
        return {source: keeping.held for source, keeping in self._kept.items()}

    def censuses(self, sources: Sources, accepted: Mapping[str, frozenset[str]] = NOBODY) -> Mapping[str, Census]:
        """Platform -> who is kept by these sources, as it will be once the loss of `accepted` has been accepted."""
        parts: dict[str, list[Iterable[CloudHost]]] = {platform: [] for platform in sources.values()}
        for source, platform in sources.items():
            keeping = self._kept.get(source, Keeping()).accept(accepted.get(source, frozenset()))
            parts[platform].append(keeping.hosts.values())
        return {platform: Census(together(hosts)) for platform, hosts in parts.items()}

    def accept(self, held: Mapping[str, frozenset[str]]) -> None:
        """The operator has reloaded the configuration while these were held: they leave as soon as any other would."""
        for source, whom in held.items():
            before = self._kept[source]
            after = self._kept[source] = before.accept(whom)
            if after.held != before.held:
                going = before.held - after.held
                log.warning(
                    "hosts that were held are let go", platform=source, count=len(going), hosts=_named(before, going)
                )

    def follow(self, sources: Sources) -> None:
        """These are the sources from now on; what is known of others is forgotten."""
        self._sources = MappingProxyType(dict(sources))
        self._kept = {source: self._kept.get(source, Keeping()) for source in sources}
        self._complete = {source: self._complete.get(source, self._clock.time()) for source in sources}
        self._lacking = {source: self._lacking.get(source, ()) for source in sources}

    def standings(self) -> tuple[Standing, ...]:
        """How discovery of each cloud stands."""
        return tuple(self._standing(platform) for platform in dict.fromkeys(self._sources.values()))

    def _standing(self, platform: str) -> Standing:
        sources = [source for source, its in self._sources.items() if its == platform]
        missing = frozenset[str]().union(*(self._kept[source].absent for source in sources))
        held = frozenset[str]().union(*(self._kept[source].held for source in sources))
        return Standing(platform, len(missing), len(held), min(self._complete[source] for source in sources))

    def _taken(self, source: str, before: Keeping, census: Census) -> Keeping:
        """Whom another source of the same cloud has, a stand-in need not bring and a complete answer may lack.

        An API tells of all cells at once; they must not be taken for a loss when the database itself answers again.
        """
        others = self._elsewhere(source)
        if others and census.stand_in:
            own = (host for host in census.hosts if host.uuid in before.hosts or host.uuid not in others)
            census = replace(census, hosts=tuple(own))
        elif others and census.complete:
            before = before.without(others - {host.uuid for host in census.hosts} - census.nowhere)
        return before.take(census)

    def _elsewhere(self, source: str) -> AbstractSet[str]:
        """Who is there by the other sources of the same cloud."""
        platform = self._sources[source]
        others = [self._kept[one] for one, its in self._sources.items() if its == platform and one != source]
        return frozenset[str]().union(*(keeping.hosts.keys() - keeping.absent.keys() for keeping in others))

    def complain(self, lines: Iterable[str]) -> None:
        """Log what of the clouds' answers could not be used, each line once for as long as it holds."""
        useless = dict.fromkeys(lines)
        for line in useless:
            if line not in self._useless:
                log.warning("what a cloud says can't be used", detail=line)
        self._useless = frozenset(useless)

    async def save(self) -> None:
        """Write the hosts to the store, if there is one and they, or the times, are not what was written last."""
        hosts = {source: tuple(keeping.hosts.values()) for source, keeping in self._kept.items()}
        if self._store is None or (hosts == self._stored.hosts and not self.is_outdated):
            return
        now = Stored(hosts, {source: self._complete[source] for source in hosts})
        if await asyncio.to_thread(self._store.write, now):
            self._stored = now

    def _is_old(self, source: str) -> bool:
        """Whether the stored time of the source's last complete answer is to be written anew."""
        stored = self._stored.complete.get(source)
        return stored is None or abs(self._complete[source] - stored) >= WRITTEN

    def _tell_lacking(self, source: str, census: Census) -> None:
        """Log what the answer lacks for the first time, and no longer.

        Only a complete answer of the better source shows that something can be told again.
        """
        before, now = self._lacking.get(source, ()), (*census.lacking, *census.untold)
        over = [line for line in before if line not in now]
        if over and (census.stand_in or not census.complete):
            now, over = tuple(dict.fromkeys((*before, *now))), []
        for line in now:
            if line not in before:
                say = log.warning if line in census.lacking else log.info  # a right that is missing is to be granted
                say("the cloud can't tell everything", platform=source, lacking=line)
        for line in over:
            log.info("the cloud can tell everything of this again", platform=source, lacking=line)
        self._lacking[source] = now


def _tell_held(source: str, before: Keeping, after: Keeping) -> None:
    lost, back = after.held - before.held, before.held - after.held
    if lost:
        log.warning(
            "the cloud's answer lacks many hosts at once; they are held, and watched as before; reload the "
            "configuration to let them go",
            platform=source, missing=len(after.absent), of=len(after.hosts), hosts=_named(after, lost),
        )  # fmt: skip
    if back:
        log.info(
            "hosts that were held are so no longer: they are back, or the cloud calls them removed",
            platform=source, count=len(back), hosts=_named(before, back),
        )  # fmt: skip


def _named(keeping: Keeping, whom: AbstractSet[str]) -> str:
    """The first names of these hosts, and how many more they are."""
    names = sorted(keeping.hosts[uuid].name for uuid in whom)
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
