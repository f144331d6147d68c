"""A machine that several databases of one cloud know is one host, and all that each says of it counts."""

from __future__ import annotations

from cs_exporter.model import CloudHost, Place, Role, Traffic
from cs_exporter.platforms.together import together

HYPERVISOR, NETWORK, CONTROLLER = Role.HYPERVISOR, Role.NETWORK, Role.CONTROLLER


def row(
    name: str, *roles: Role, address: str = "", zone: str = "", overlay: str = "", maintenance: bool = False
) -> CloudHost:
    """A machine as one source has it."""
    addresses = {Traffic.OVERLAY: overlay} if overlay else {}
    place = Place(cloud_zone=zone)
    return CloudHost(name, name, address or name, frozenset(roles), place, maintenance=maintenance, addresses=addresses)


def test_each_machine_is_there_once() -> None:
    """In the order in which the sources have them; one that only one source has is that source's object."""
    rows = [[row("a", CONTROLLER), row("b", CONTROLLER)], [row("b", NETWORK), row("c", HYPERVISOR)], []]
    found = together(rows)
    assert ["a", "b", "c"] == [host.name for host in found]
    assert rows[0][0] is found[0]
    assert {CONTROLLER, NETWORK} == found[1].roles


def test_what_each_source_says_of_a_machine_counts() -> None:
    """Its tunnel by neutron, its address, zone and planned work by nova, whichever of them is asked first."""
    agents = row("cmp1", NETWORK, zone="default", overlay="198.51.100.1")
    compute = row("cmp1", HYPERVISOR, address="192.0.2.1", zone="az1", maintenance=True)
    expected = row("cmp1", HYPERVISOR, address="192.0.2.1", zone="az1", overlay="198.51.100.1", maintenance=True)
    assert (expected,) == together([[agents], [compute]]) == together([[compute], [agents]])


def test_a_hypervisor_of_a_cell_is_no_network_node_for_its_switch() -> None:
    """Neutron's schema alone can't tell; where more is said than that, it stays."""
    compute = row("cmp1", HYPERVISOR)
    (found,) = together([[row("cmp1", NETWORK)], [compute]])
    assert {HYPERVISOR} == found.roles
    (found,) = together([[row("cmp1", NETWORK, CONTROLLER)], [compute]])
    assert {HYPERVISOR, NETWORK, CONTROLLER} == found.roles
    (found,) = together([[row("net1", NETWORK)], [row("net1", CONTROLLER)]])
    assert {NETWORK, CONTROLLER} == found.roles
