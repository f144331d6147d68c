"""Whose agents are expected where, and whose address is whose: what agent_countdown knows before it hears anything.

Made once per inventory, because the question is asked anew with every reading that lands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from cs_exporter.model import Host, Inventory
from cs_exporter.probes.agents import sessions as agent_sessions
from cs_exporter.probes.agents.agent_heartbeat import applies, settings_of
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading

Key = tuple[str, str]
"""Host and agent."""

Shared = tuple[str, tuple[str, ...]]
"""An agent and its servers: what many hosts have in common."""


@dataclass(frozen=True, slots=True)
class Expected:
    """An agent that should be heard. `servers`: the hosts one of which should hear it."""

    host: str
    agent: str
    limit: float  # seconds
    servers: tuple[str, ...]

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
    intervals: Mapping[str, float]  # host -> seconds between two questions
    shared: frozenset[Shared]


def plan(inventory: Inventory) -> Plan:
    """Who is expected. A host's own settings say which agents it has and how long they may be silent."""
    asked = [host for host in inventory if settings_of(host).enabled and applies(host)]
    servers: dict[Key, list[str]] = {}
    for host in asked:
        for one in agent_sessions.ends(settings_of(host).agents, host.roles)[0]:
            servers.setdefault((host.platform, one.name), []).append(host.name)
    known = {key: tuple(names) for key, names in servers.items()}
    expected: dict[Key, Expected] = {}
    for host in asked:
        settings = settings_of(host)
        for one in agent_sessions.ends(settings.agents, host.roles)[1]:
            hearing = known.get((host.platform, one.name), ())
            if hearing:
                found = Expected(host.name, one.name, settings.limit_of(one), hearing)
                expected[host.name, one.name] = found
    shared = frozenset(one.shared for one in expected.values())
    intervals = {host.name: settings_of(host).interval for host in asked}
    return Plan(inventory, expected, _addresses(inventory), intervals, shared)


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


def learned(
    before: Mapping[str, str], readings: Mapping[str, AgentHeartbeatReading], inventory: Inventory
) -> Mapping[str, str]:
    """Address -> host, from the local ends of sessions at servers and hosts, of now and before.

    An address that two hosts have at once (a network behind each of them) is nobody's.
    """
    now: dict[str, str] = {}
    for host, reading in readings.items():
        for address in reading.addresses:
            now[address] = host if now.get(address, host) == host else ""
    fresh = before if now.items() <= before.items() else {**before, **now}
    if all(not host or host in inventory.hosts for host in fresh.values()):
        return fresh
    return {address: host for address, host in fresh.items() if not host or host in inventory.hosts}
