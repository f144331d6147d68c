"""Hosts and the inventory: order kept, mappings closed, an address for each kind of traffic."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from cs_exporter.model import Host, HostLimits, Inventory, Traffic

KVM1 = Host("kvm1", "192.0.2.1")


def test_the_inventory_is_asked_by_name_and_keeps_its_order() -> None:
    """Pages and sweeps list hosts in the order of the configuration."""
    kvm0 = Host("kvm0", "192.0.2.2")
    inventory = Inventory({"kvm1": KVM1, "kvm0": kvm0})
    assert ([KVM1, kvm0], 2, KVM1, None) == (
        list(inventory),
        len(inventory),
        inventory.get("kvm1"),
        inventory.get("kvm2"),
    )


def test_nothing_of_a_host_can_be_changed() -> None:
    """A run in flight may rely on its host; a reload makes new ones. The mappings are closed as well."""
    with pytest.raises(FrozenInstanceError):
        KVM1.address = "192.0.2.9"  # type: ignore[misc]  # the type checker forbids it too, which is the point
    with pytest.raises(TypeError):
        HostLimits().symptoms["CsClockSkewed"] = 1.0  # type: ignore[index]  # the same for the mapping


def test_traffic_without_a_network_of_its_own_goes_to_the_hosts_address() -> None:
    """Small clouds have one network for all; then every path is that one."""
    host = Host("kvm1", "192.0.2.1", addresses={Traffic.STORAGE: "198.51.100.1"})
    assert ("198.51.100.1", "192.0.2.1") == (host.address_for(Traffic.STORAGE), host.address_for(Traffic.MANAGEMENT))
