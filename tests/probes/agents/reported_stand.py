"""A stand for tests of agents that report: an OpenStack cloud's answers through time, and what is made of them.

Rows as its database tells them; what a real database tells is in the tests of openstack_agents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cs_exporter.model import CloudKind, CloudTarget, Connection, Host, Inventory
from cs_exporter.platforms.openstack.agents import Agents, AgentState, Service, Source
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading, compared
from cs_exporter.probes.openstack.rhythm import DEFAULTS

AT = "endpoint:os"
POLL = 15.0
WALL = 1_795_250_000.0
MACHINES = {"cmp1": "compute-1", "cmp2": "compute-2", "ctl1": "controller-1", "net1": "network-1"}
ENDPOINT = Host(
    AT,
    "192.0.2.9",
    platform="os",
    connection=Connection.NONE,
    names=MACHINES,
    cloud=CloudTarget(CloudKind.OPENSTACK),
)
INVENTORY = Inventory({AT: ENDPOINT, **{name: Host(name, name, platform="os") for name in MACHINES.values()}})


def nova(host: str, age: float | None, **more: object) -> AgentState:
    """A nova-compute."""
    return _agent(Service.NOVA, "nova-compute", host, age, **more)


def neutron(host: str, age: float | None, **more: object) -> AgentState:
    """A DHCP agent."""
    return _agent(Service.NEUTRON, "neutron-dhcp-agent", host, age, **more)


def volume(host: str, age: float | None, **more: object) -> AgentState:
    """A backend of cinder."""
    return _agent(Service.CINDER, "cinder-volume", host, age, **more)


def _agent(service: Service, binary: str, host: str, age: float | None, **more: object) -> AgentState:
    told = {"key": f"{host}/{binary}", "beat": "", "enabled": True, **more}
    return AgentState(service, binary, host, age=age, **told)  # type: ignore[arg-type]  # any of its fields


@dataclass
class Cloud:
    """One that is asked every 15 s. `reading`: its latest."""

    names: Mapping[str, str] = field(default_factory=lambda: MACHINES)
    reading: OpenStackAgentsReading | None = None

    def says(
        self,
        now: float,
        *agents: AgentState,
        source: Source = Source.DATABASE,
        told: frozenset[Service] | None = None,
        unusable: Mapping[Service, str] | None = None,
    ) -> OpenStackAgentsReading:
        """Its answer at `now`; `told`: of which services, all of them unless some are named."""
        services = frozenset(Service) if told is None else told
        answer = Agents(source, agents, services, unusable=unusable or {})
        self.reading = compared(answer, self.names, self.reading, now, WALL + now, DEFAULTS, POLL)
        return self.reading
