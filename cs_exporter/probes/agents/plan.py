"""Whose agents are expected where, and whose address is whose: what agent_countdown knows before it hears anything.

Made once per inventory, because the question is asked anew with every reading that lands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from cs_exporter.model import Host, Inventory
from cs_exporter.probes.agents import sessions as agent_sessions
from cs_exporter.probes.agents.agent_heartbeat import settings_of
from cs_exporter.probes.agents.sessions import AgentDeclaration, AgentHeartbeatReading

Key = tuple[str, str]
"""Host and agent."""

Shared = tuple[str, tuple[str, ...]]
"""An agent and its servers: what many hosts have in common."""


POLL = 30.0
"""Seconds by which a ping may be seen late, at the least: the interval at which hosts are asked by default."""

LATE, LEFT = 1.5, 50.0
"""A late agent: its silence in ping intervals, or what is left then, whichever is sooner."""

VERY_LATE, LITTLE_LEFT = 1.75, 35.0
"""A silence that pages, likewise."""


@dataclass(frozen=True, slots=True)
class Expected:
    """An agent that should be heard. `servers`: the hosts one of which should hear it. All times are seconds.

    With CloudStack's defaults it is silent for up to 90 s while it is well, late then, and pages at 105 s.
    """

    host: str
    agent: str
    limit: float
    servers: tuple[str, ...]
    interval: float = 60.0  # between its pings
    poll: float = POLL  # by which a ping may be seen late

    @property
    def healthy(self) -> float:
        """The longest that it is silent while all is well."""
        return self.interval + self.poll

    @property
    def late(self) -> float:
        """What is left when it is late; where the settings leave no time between that and the limit, 0 or less."""
        return self.limit - max(self.healthy, min(LATE * self.interval, self.limit - LEFT))

    @property
    def very_late(self) -> float | None:
        """What is left when that pages; None where a healthy agent may be silent for as long as the limit."""
        left = self.limit - max(self.healthy, min(VERY_LATE * self.interval, self.limit - LITTLE_LEFT))
        return left if left > 0 else None

    @property
    def shared(self) -> Shared:
        """What it has in common with others."""
        return self.agent, self.servers


@dataclass(frozen=True, slots=True)
class Plan:
    """What an inventory says of agents. `of`: the inventory itself, by which it is known again."""

    of: Inventory
    expected: Mapping[Key, Expected]
    addresses: Mapping[str, str]  # address -> host
    shared: frozenset[Shared]
    ends: Mapping[Key, bool]  # host and agent -> whether it is the agent's end (else the server's), asked or not
    resting: frozenset[str]  # hosts in maintenance
    beats: Mapping[str, float]  # server -> the longest interval between the pings of an agent that it may have


def plan(inventory: Inventory) -> Plan:
    """Who is expected. A host's own settings say which agents it has and how long they may be silent."""
    servers: dict[Key, list[str]] = {}
    ends: dict[Key, bool] = {}
    asked: list[tuple[Host, AgentDeclaration]] = []
    for host in inventory:
        enabled = settings_of(host).enabled
        serves, runs = agent_sessions.ends(settings_of(host).agents, host)
        for one in serves:
            ends[host.name, one.name] = False
            if enabled:
                servers.setdefault((host.platform, one.name), []).append(host.name)
        for one in runs:
            ends[host.name, one.name] = True
            if enabled:
                asked.append((host, one))
    known = {key: tuple(names) for key, names in servers.items()}
    expected: dict[Key, Expected] = {}
    for host, one in asked:
        hearing = known.get((host.platform, one.name), ())
        if hearing:
            own = settings_of(host)
            limit, poll = own.limit_of(one), max(POLL, own.interval)
            expected[host.name, one.name] = Expected(host.name, one.name, limit, hearing, own.ping_interval, poll)
    shared = frozenset(one.shared for one in expected.values())
    resting = frozenset(host.name for host in inventory if host.maintenance)
    return Plan(inventory, expected, _addresses(inventory), shared, ends, resting, _beats(expected.values()))


def _beats(expected: Iterable[Expected]) -> dict[str, float]:
    longest: dict[tuple[str, ...], float] = {}
    for one in expected:
        longest[one.servers] = max(one.interval, longest.get(one.servers, 0.0))
    return {server: interval for servers, interval in longest.items() for server in servers}


def _addresses(inventory: Inventory) -> dict[str, str]:
    """Address -> the host that has it, by the inventory; of several, the first."""
    found: dict[str, str] = {}
    for host in inventory:
        for address in _written(host):
            found.setdefault(address, host.name)
    return found


def _written(host: Host) -> Iterable[str]:
    for text in (host.address, *host.addresses.values()):
        try:
            yield str(ip_address(text))
        except ValueError:
            continue  # a name: the host's own sessions will tell its address


def moved(before: Inventory, now: Inventory) -> frozenset[str]:
    """Hosts whose address is another than before: under the same name, it may be another machine."""
    return frozenset(host.name for host in now if before.hosts.get(host.name, host).address != host.address)


def told_alike(readings: Mapping[str, AgentHeartbeatReading], before: Mapping[str, AgentHeartbeatReading]) -> bool:
    """Whether the same hosts tell the same addresses as before: there is nothing to learn, which is most often so."""
    if readings.keys() != before.keys():
        return False
    return all(one is before[host] or one.addresses == before[host].addresses for host, one in readings.items())


def learned(
    before: Mapping[str, str], readings: Mapping[str, AgentHeartbeatReading], inventory: Inventory
) -> Mapping[str, str]:
    """Address -> host, from the local ends of sessions at servers and hosts, of now and before.

    An address that two hosts have at once (a network behind each of them) is nobody's. A host that has told anew has
    no others: one that it gave up may be somebody else's, who would keep it alive.
    """
    now: dict[str, str] = {}
    for host, reading in readings.items():
        for address in reading.addresses:
            now[address] = host if now.get(address, host) == host else ""
    kept = {
        address: host
        for address, host in before.items()
        if address in now or not (host and host in readings and readings[host].addresses)
    }
    fresh = before if len(kept) == len(before) and now.items() <= before.items() else {**kept, **now}
    if all(not host or host in inventory.hosts for host in fresh.values()):
        return fresh
    return {address: host for address, host in fresh.items() if not host or host in inventory.hosts}
