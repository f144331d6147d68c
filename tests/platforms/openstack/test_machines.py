"""Machines by their agents: one for each name, with what it is for."""

from __future__ import annotations

from typing import Any

import pytest

from cs_exporter.model import CloudHost, Place, Role, Traffic
from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.platforms.openstack.machines import Compute, machines

OVN, GATEWAY = "OVN Controller agent", "OVN Controller Gateway agent"


def agent(host: str, binary: str, **more: Any) -> AgentState:  # noqa: ANN401  # AgentState's own fields
    """A row; its service by the name of the binary."""
    named = binary.partition("-")[0]
    service = Service(named) if named in {*Service} else Service.NEUTRON
    return AgentState(service, binary, host, f"{host}/{binary}", **more)


@pytest.mark.parametrize(
    ("binaries", "roles"),
    [
        ("nova-compute", {Role.HYPERVISOR}),
        ("nova-compute neutron-openvswitch-agent neutron-metadata-agent", {Role.HYPERVISOR}),
        ("nova-compute neutron-l3-agent", {Role.HYPERVISOR, Role.NETWORK}),
        ("nova-conductor nova-scheduler", {Role.CONTROLLER}),
        ("cinder-volume nova-compute", {Role.CONTROLLER, Role.HYPERVISOR}),
        ("heat-engine", {Role.CONTROLLER}),
        ("neutron-dhcp-agent neutron-linuxbridge-agent", {Role.NETWORK}),
        ("neutron-metadata-agent nova-conductor", {Role.NETWORK, Role.CONTROLLER}),
        ("neutron-openvswitch-agent", {Role.NETWORK}),
        ("neutron-openvswitch-agent nova-conductor", {Role.CONTROLLER}),
    ],
)
def test_roles(binaries: str, roles: set[Role]) -> None:
    """By what runs there; a switch agent alone says least."""
    [found] = machines([agent("one", binary) for binary in binaries.split()])
    assert roles == found.roles


@pytest.mark.parametrize(("kind", "roles"), [(OVN, {Role.HYPERVISOR}), (GATEWAY, {Role.HYPERVISOR, Role.NETWORK})])
def test_ovn(kind: str, roles: set[Role]) -> None:
    """Every hypervisor has a controller of OVN; only a gateway's carries what leaves the cloud."""
    controller = agent("cmp1", "ovn-controller", kind=kind, is_ovn=True)
    [found] = machines([controller, agent("cmp1", "nova-compute")])
    assert roles == found.roles
    assert machines([controller])[0].asked


def test_one_machine_for_each_name() -> None:
    """However many agents, in an order that answers do not change; a row without a host is nobody."""
    rows = [
        agent("net1", "neutron-l3-agent", zone="nova", tunnel_address="192.0.2.9"),
        agent("ctl1@lvm", "cinder-volume", zone="az2"),
        agent("ctl1", "nova-scheduler", zone="internal"),
        agent("cmp1", "nova-compute", forced_down=True, zone="az1"),
        agent("cmp1", "neutron-openvswitch-agent", tunnel_address="192.0.2.8"),
        agent("", "cinder-volume"),
    ]
    expected = (
        CloudHost(
            *("cmp1", "cmp1", "198.51.100.1"),
            frozenset({Role.HYPERVISOR}),
            Place("az1", hypervisor="QEMU"),
            maintenance=True,
            addresses={Traffic.OVERLAY: "192.0.2.8"},
        ),
        CloudHost("ctl1", "ctl1", "ctl1", frozenset({Role.CONTROLLER}), Place("az2")),
        CloudHost(
            *("net1", "net1", "net1"),
            frozenset({Role.NETWORK}),
            Place("nova"),
            addresses={Traffic.OVERLAY: "192.0.2.9"},
        ),
    )
    computes = {"cmp1": Compute("198.51.100.1", "QEMU")}
    assert expected == machines(rows, computes) == machines(reversed(rows), computes)


@pytest.mark.parametrize(
    ("told", "address"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::1"), ("", "cmp1"), ("127.0.0.1", "cmp1"), ("::", "cmp1")],
)
def test_address(told: str, address: str) -> None:
    """Where nova's own leads nowhere, the name has to be resolved."""
    [found] = machines([agent("cmp1", "nova-compute")], {"cmp1": Compute(told)})
    assert address == found.address


def test_zone_of_a_hypervisor() -> None:
    """Nova's own word on a hypervisor goes before what neutron says of the agents on it."""
    agents = [agent("cmp1", "nova-compute"), agent("cmp1", "neutron-l3-agent", zone="other")]
    zones = [machines(agents, {"cmp1": Compute(zone=zone)})[0].place.cloud_zone for zone in ("az1", "")]
    assert ["az1", "other"] == zones


@pytest.mark.parametrize(
    ("host", "binary", "roles"),
    [
        ("rbd:volumes@rbd-1#rbd", "cinder-volume", {Role.CONTROLLER}),
        ("hostgroup@tripleo_ceph", "cinder-volume", {Role.CONTROLLER}),
        ("hostgroup", "cinder-backup", {Role.CONTROLLER}),
        ("3f8e1d6c-6b1e-4c43-9a32-1f5a2f1b2c3d", "ironic-neutron-agent", set()),
        ("switch-7", "networking-of-a-vendor", set()),
    ],
)
def test_a_name_that_need_not_be_a_machines(host: str, binary: str, roles: set[Role]) -> None:
    """Nobody logs in there; only the cloud tells of it."""
    [found] = machines([agent(host, binary)])
    assert (frozenset(roles), "", False) == (found.roles, found.address, found.asked)


@pytest.mark.parametrize("binary", ["cinder-volume", "cinder-backup", "ironic-neutron-agent"])
@pytest.mark.parametrize("other", ["nova-conductor", "nova-compute", "cinder-scheduler", "neutron-dhcp-agent"])
def test_a_name_that_another_agent_has_is_a_machines(binary: str, other: str) -> None:
    """A server of storage that is a controller too, say."""
    [found] = machines([agent("ctl1@lvm", binary), agent("ctl1", other)])
    assert ("ctl1", True) == (found.address, found.asked)


@pytest.mark.parametrize(
    "binary",
    ["neutron-l3-agent", "neutron-metadata-agent", "neutron-sriov-nic-agent", "neutron-ovn-agent", "heat-engine"],
)
def test_agents_that_go_by_their_machine(binary: str) -> None:
    """One of them is enough."""
    [found] = machines([agent("one", binary)])
    assert ("one", True) == (found.address, found.asked)
