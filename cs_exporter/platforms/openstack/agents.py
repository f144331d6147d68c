"""How an OpenStack cloud's agents are, by one answer of its databases or APIs: who reported, when, and how often.

Rows of both sources look alike; what a source can't tell is None or empty. What an answer left untold is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

COMPUTE = "nova-compute"
"""The binary of the agent by which OpenStack judges a hypervisor; it reports to a conductor, which writes."""


class Service(StrEnum):
    """Whose agents they are; each has a schema, an API and settings of its own."""

    NOVA = "nova"
    NEUTRON = "neutron"
    CINDER = "cinder"
    HEAT = "heat"


class Source(StrEnum):
    """Where an answer comes from."""

    DATABASE = "database"
    API = "api"


@dataclass(frozen=True, slots=True)
class AgentState:
    """A row of nova.services, neutron.agents, cinder.services or heat.service, or of the API's list of them.

    Times are seconds by the reader's clock of the source (utc_timestamp() of the database; of an API there is none but
    ours), signed: negative = the writer's clock is ahead. `age`: since its last report; where it never reported, since
    the row was made (`reported` is False then). None: the source does not tell (nova's API; a cell that is down).
    `beat`: that report's time as the source writes it; it changes with every report, also where nobody counts them.
    `reports`: report_count; None where there is none. `up`: the API's own verdict.
    """

    service: Service
    binary: str  # nova-compute, neutron-dhcp-agent, cinder-volume, ...
    host: str  # as OpenStack calls it: cmp1, or ctl1@lvm of cinder's backends
    key: str  # what tells it from all others of its source: cell and id, or uuid
    age: float | None = None
    beat: str = ""
    reported: bool = True
    reports: int | None = None
    enabled: bool | None = None  # not disabled; neutron: admin_state_up
    forced_down: bool = False
    up: bool | None = None
    zone: str = ""  # availability zone
    cell: str = ""
    kind: str = ""  # neutron's agent_type
    topic: str = ""
    tunnel_address: str = ""  # neutron's configurations.tunneling_ip: its VTEP
    is_ovn: bool = False  # only the API has it: its verdict, and no heartbeat

    @property
    def machine(self) -> str:
        """The machine it runs on, as OpenStack calls it: `host` without cinder's backend and pool (ctl1@lvm#gold)."""
        return self.host.partition("#")[0].partition("@")[0]


@dataclass(frozen=True)
class Agents:
    """One answer. `told`: services of which the source gave its rows; `lacking`: why others are not, by service.

    A service may be in both: then what lacks is only a part of it, a cell or a column.
    `unusable`: services whose ages mean nothing, and why (nova with servicegroup_driver=mc). `clock`: the database's
    UTC minus the exporter's wall clock in seconds, and half the round trip of that question; None: not asked.
    """

    source: Source
    agents: tuple[AgentState, ...]
    told: frozenset[Service] = frozenset()
    lacking: Mapping[Service, str] = field(default_factory=lambda: MappingProxyType({}))
    unusable: Mapping[Service, str] = field(default_factory=lambda: MappingProxyType({}))
    clock: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One of the catalog's public, internal or admin endpoints."""

    service: str  # compute, network, image, ...
    interface: str
    url: str
