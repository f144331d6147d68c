"""The machines of an OpenStack cloud, by the agents that run on them: what a census of any source is made of.

OpenStack knows no machines, only names of hosts in the rows of its services; the same name is the same machine. Not
every name is one: a backend of cinder is called as one likes, and a plug-in of neutron has a row for each device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType

from cs_exporter.model import CloudHost, Place, Role, Traffic
from cs_exporter.platforms.openstack.agents import COMPUTE, AgentState, Service

_INTERNAL = "internal"
"""What nova's API gives as the zone of whatever is no nova-compute."""

_ROUTING = frozenset({"neutron-l3-agent", "neutron-dhcp-agent"})
_METADATA = frozenset({"neutron-metadata-agent"})
GATEWAY = "OVN Controller Gateway agent"
_ON_MACHINES = (
    _ROUTING
    | _METADATA
    | {
        *("neutron-openvswitch-agent", "neutron-linuxbridge-agent", "neutron-sriov-nic-agent", "neutron-macvtap-agent"),
        *("neutron-metering-agent", "neutron-bgp-dragent", "neutron-vpn-agent", "neutron-lbaasv2-agent"),
        *("neutron-ovn-agent", "neutron-ovn-metadata-agent", "neutron-ovn-vpn-agent"),
    }
)
"""Agents of neutron that call themselves by the name of their machine, besides OVN's."""

_OF_BACKENDS = frozenset({"cinder-volume", "cinder-backup"})
"""With a shared backend all of its servers go by one name, which no machine has (backend_host, or host)."""

_CONTROLLING = frozenset({Service.NOVA, Service.CINDER, Service.HEAT})
_ZONES = (Service.NOVA, Service.NEUTRON, Service.CINDER)
"""Whose availability zone counts where they differ."""


@dataclass(frozen=True, slots=True)
class Compute:
    """What nova knows of a hypervisor. `address`: its setting my_ip; each may be empty."""

    address: str = ""
    hypervisor: str = ""
    zone: str = ""


def machines(
    agents: Iterable[AgentState], computes: Mapping[str, Compute] = MappingProxyType({})
) -> tuple[CloudHost, ...]:
    """Everybody, by name; `computes`: by the name of the machine. Only rows that name a host count."""
    by_name: dict[str, list[AgentState]] = {}
    for agent in agents:
        if agent.machine:
            by_name.setdefault(agent.machine, []).append(agent)
    return tuple(_machine(name, by_name[name], computes.get(name, Compute())) for name in sorted(by_name))


def _machine(name: str, agents: Sequence[AgentState], compute: Compute) -> CloudHost:
    tunnels = sorted({agent.tunnel_address for agent in agents if agent.tunnel_address})
    is_machine = any(map(_is_on_a_machine, agents))
    address = compute.address if _leads_there(compute.address) else name
    return CloudHost(
        name,
        name,
        address if is_machine else "",
        _roles(agents),
        Place(compute.zone or _zone(agents), hypervisor=compute.hypervisor),
        maintenance=any(agent.forced_down for agent in agents),
        asked=is_machine,
        addresses={Traffic.OVERLAY: tunnels[0]} if tunnels else {},
    )


def _is_on_a_machine(agent: AgentState) -> bool:
    """Whether its host is sure to be the name of a machine."""
    if agent.service is Service.NEUTRON:
        return agent.is_ovn or agent.binary in _ON_MACHINES
    return agent.binary not in _OF_BACKENDS


def _leads_there(address: str) -> bool:
    """Whether it is an address by which others reach the machine: my_ip of a small cloud may be its loopback."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return not (found.is_loopback or found.is_unspecified)


def _roles(agents: Sequence[AgentState]) -> frozenset[Role]:
    """A metadata agent beside a hypervisor serves that hypervisor alone; a lone switch agent makes a network node.

    Of what is no machine nothing of neutron's makes one.
    """
    roles, network = set(), False
    for agent in agents:
        if agent.binary == COMPUTE:
            roles.add(Role.HYPERVISOR)
        elif agent.service in _CONTROLLING:
            roles.add(Role.CONTROLLER)
        elif agent.binary in _ROUTING or agent.kind == GATEWAY:
            roles.add(Role.NETWORK)
        else:
            network = network or agent.binary in _METADATA
    switch = not roles and any(map(_is_on_a_machine, agents))
    if switch or (network and Role.HYPERVISOR not in roles):
        roles.add(Role.NETWORK)
    return frozenset(roles)


def _zone(agents: Sequence[AgentState]) -> str:
    for service in _ZONES:
        zones = sorted({each.zone for each in agents if each.service is service} - {"", _INTERNAL})
        if zones:
            return zones[0]
    return ""
