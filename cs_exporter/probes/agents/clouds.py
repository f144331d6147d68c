"""What a cloud itself says of its hosts, and whom its servers' logs mean by a number, a uuid or a name.

Made anew only where a cloud has answered: a log names hundreds of agents with every look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cs_exporter.model import Inventory
from cs_exporter.platforms.cloudstack.states import HostState
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.logs.reading import Heard

UP = "Up"

AWAY = 2
"""Changes of state from look to look by which a host that is Up has been away: to be found up by an investigation is
one, to leave and come back is three."""


@dataclass(frozen=True, slots=True)
class Word:
    """What the cloud says of one host. `server`: the one that has it, by its name in the inventory; empty: none of it.

    `joined`: when it was first seen to have come back, by the exporter's monotonic clock; 0: not since we came.
    """

    state: str
    server: str
    transitions: int | None
    joined: float = 0.0
    is_numbered: bool = False  # whether it says by what number the log means it

    @property
    def given_up(self) -> bool:
        """Whether the cloud has a host as something else than Up: no ping is waited for any more."""
        return self.state not in ("", UP)


@dataclass(frozen=True)
class Names:
    """One platform's own names -> names in the inventory; empty for what two hosts are called.

    A log calls a host by its name in the cloud, which may have a domain where the inventory's has none, or the reverse.
    """

    uuids: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    short: Mapping[str, str] = field(default_factory=dict)

    def host(self, one: Heard) -> str:
        """Whose agent that is; empty: nobody's that is known."""
        known = self.uuids.get(one.uuid) or self.numbers.get(one.number) or self.names.get(one.name.casefold())
        return known or (self.short.get(_short(one.name), "") if one.name else "")


@dataclass(frozen=True)
class Clouds:
    """All platforms, as of `readings`: pseudo-host -> its answer. `words`: by host; `names`: by platform."""

    of: Inventory = field(default_factory=Inventory)
    readings: Mapping[str, CloudStackStatesReading] = field(default_factory=dict)
    words: Mapping[str, Word] = field(default_factory=dict)
    names: Mapping[str, Names] = field(default_factory=dict)


def clouds(
    inventory: Inventory,
    readings: Mapping[str, CloudStackStatesReading],
    made: Mapping[str, float],
    before: Clouds,
) -> Clouds:
    """What the platforms say, given their answers that are fresh and when each was made; `before` if that is the same.

    Whom a cloud means is still known when it can't be asked any more.
    """
    same = inventory is before.of
    unread = all(before.readings.get(name) is reading for name, reading in readings.items())
    if same and unread and len(readings) == len(before.readings):
        return before
    asked = {name: inventory.hosts[name].platform for name in readings if name in inventory.hosts}
    answers = {platform: readings[name] for name, platform in asked.items()}
    names = {
        platform: before.names[platform]
        if same and platform in before.names and platform not in answers
        else _kept(_names(inventory, platform, answers.get(platform)), before.names.get(platform))
        for platform in {host.platform for host in inventory}
    }
    words: dict[str, Word] = {}
    for name, platform in asked.items():
        words.update(_words(readings[name], names[platform], made.get(name, 0.0), before.words))
    return Clouds(inventory, readings, words, names)


def _kept(new: Names, last: Names | None) -> Names:
    """The same object for as long as nobody is called otherwise, by which it is known that nobody is."""
    return last if last == new else new


def _words(
    reading: CloudStackStatesReading, names: Names, made: float, before: Mapping[str, Word]
) -> Iterable[tuple[str, Word]]:
    servers = {one.name: reading.names.get(one.uuid, "") for one in reading.states.servers}
    for one in reading.states.hosts:
        host = _host(one, reading, names)
        if host:
            yield host, _word(one, servers.get(one.server, ""), made, before.get(host))


def _host(one: HostState, reading: CloudStackStatesReading, names: Names) -> str:
    """A system VM's agent has a uuid of its own in the cloud: it is known by its name."""
    return reading.names.get(one.uuid) or names.names.get(one.name.casefold(), "")


def _word(one: HostState, server: str, made: float, last: Word | None) -> Word:
    joined = 0.0 if last is None else last.joined
    if last is not None and one.state == UP and _was_away(one, server, last):
        joined = made
    new = Word(one.state, server, one.transitions, joined, one.number is not None)
    return last if last == new else new


def _was_away(one: HostState, server: str, last: Word) -> bool:
    if last.given_up or (server and last.server and server != last.server):
        return True
    return None not in (one.transitions, last.transitions) and (one.transitions or 0) - (last.transitions or 0) >= AWAY


def _names(inventory: Inventory, platform: str, reading: CloudStackStatesReading | None) -> Names:
    """Whom the inventory, the pseudo-host in it and the cloud's answer name."""
    hosts = [host for host in inventory if host.platform == platform]
    ours = {host.name for host in hosts if host.cloud is None}
    uuids = {uuid: name for host in hosts if host.cloud is not None for uuid, name in host.names.items()}
    said = [] if reading is None else [(one, uuids.get(one.uuid, "")) for one in reading.states.hosts]
    by_name = _unique([*((name, name) for name in ours), *((one.name, name) for one, name in said if name)])
    said = [(one, name or by_name.get(one.name.casefold(), "")) for one, name in said]
    numbers = {one.number: name for one, name in said if one.number is not None and name}
    short = _unique((_short(called), name) for called, name in by_name.items())
    return Names(uuids, numbers, by_name, short)


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What only one host is called."""
    found: dict[str, str] = {}
    for called, name in pairs:
        known = found.setdefault(called.casefold(), name)
        if known != name:
            found[called.casefold()] = ""
    return found


def _short(name: str) -> str:
    return name.partition(".")[0].casefold()
