"""Rows of machines: what a census makes of odd ones."""

from __future__ import annotations

import pytest

from cs_exporter.model import CloudMount, Place, Role, Traffic
from cs_exporter.platforms.cloudstack.database.machines import hypervisor_hosts, server_hosts, system_vm_hosts, uuid
from cs_exporter.platforms.cloudstack.database.places import Places
from cs_exporter.platforms.cloudstack.database.settings import Settings

PLACES = Places({"1": "zone1"}, {"2": "pod1"}, {"3": "cluster1"})
SETTINGS = Settings({}, {})
MOUNT = CloudMount("/mnt/a", "192.0.2.41", "/export")


def hypervisor(**changes: str) -> list[str]:
    """A record of `hypervisors`."""
    given = {"id": "5", "uuid": "u", "name": "kvm1", "address": "192.0.2.11", "storage": "", "hypervisor": "KVM"}
    given |= {"zone": "1", "pod": "2", "cluster": "3", "resource_state": "Enabled", "secured": "", **changes}
    return [*given.values()]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("Enabled", False),
        ("Disabled", False),
        ("Degraded", False),
        ("PrepareForMaintenance", True),
        ("Maintenance", True),
        ("ErrorInMaintenance", False),
        ("ErrorInPrepareForMaintenance", False),
    ],
)
def test_maintenance(state: str, expected: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Only what is planned, and goes as planned, mutes."""
    [host] = hypervisor_hosts([hypervisor(resource_state=state)], PLACES, SETTINGS, {})
    assert expected is host.maintenance


@pytest.mark.parametrize(
    ("kind", "asked"), [("KVM", True), ("LXC", True), ("kvm", True), ("VMware", False), ("", False)]
)
def test_who_is_asked(kind: str, asked: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Linux hosts with an agent; others have no mounts of theirs either."""
    [host] = hypervisor_hosts([hypervisor(hypervisor=kind)], PLACES, SETTINGS, {"5": [MOUNT]})
    assert (asked, (MOUNT,) if asked else ()) == (host.asked, host.mounts)
    assert Place("zone1", "pod1", "cluster1", kind) == host.place


@pytest.mark.parametrize(("said", "expected"), [("true", True), ("False", False), ("", None), ("?", None)])
def test_secured(said: str, expected: bool | None) -> None:  # noqa: FBT001  # a parameter of the test
    """As host_details has it, where it does."""
    [host] = hypervisor_hosts([hypervisor(secured=said)], PLACES, SETTINGS, {})
    assert expected is host.secured


@pytest.mark.parametrize(
    ("storage", "expected"),
    [("", {}), ("192.0.2.11", {}), ("198.51.100.11", {Traffic.STORAGE: "198.51.100.11"})],
)
def test_addresses(storage: str, expected: dict[Traffic, str]) -> None:
    """A network of its own for storage, or none."""
    [host] = hypervisor_hosts([hypervisor(storage=storage)], PLACES, SETTINGS, {})
    assert expected == host.addresses


def test_without_an_address() -> None:
    """Nobody that nothing can be asked of; unknown places are empty."""
    assert [] == hypervisor_hosts([hypervisor(address="")], PLACES, SETTINGS, {})
    assert [] == server_hosts([["u", "mgmt1", "", "Up"]], SETTINGS)
    assert [] == system_vm_hosts([["u", "v-1-VM", "ConsoleProxy", "Starting", "", "", "1", "", ""]], PLACES)
    [host] = hypervisor_hosts([hypervisor(zone="9", pod="", cluster="")], PLACES, SETTINGS, {})
    assert Place(hypervisor="KVM") == host.place


@pytest.mark.parametrize(("state", "expected"), [("Up", False), ("Down", False), ("Maintenance", True)])
def test_servers(state: str, expected: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """A management server may be in maintenance as well."""
    [host] = server_hosts([["u", "mgmt1", "192.0.2.1", state]], SETTINGS)
    assert (expected, {Role.MANAGEMENT}) == (host.maintenance, {*host.roles})


@pytest.mark.parametrize(
    ("public", "private", "address", "addresses"),
    [
        ("203.0.113.31", "192.0.2.31", "203.0.113.31", {Traffic.MANAGEMENT: "192.0.2.31"}),
        ("", "192.0.2.31", "192.0.2.31", {}),
        ("203.0.113.31", "", "203.0.113.31", {}),
    ],
)
def test_system_vms(public: str, private: str, address: str, addresses: dict[Traffic, str]) -> None:
    """At the address where users reach it; nobody logs in."""
    record = ["u", "s-2-VM", "SecondaryStorageVm", "Running", public, private, "1", "2", "KVM"]
    [host] = system_vm_hosts([record], PLACES)
    assert (address, addresses, False) == (host.address, host.addresses, host.asked)
    assert Place("zone1", "pod1", "", "KVM") == host.place


def test_rows_without_a_uuid() -> None:
    """They are known by their number."""
    assert "COALESCE(m.uuid, CONCAT('mshost-', m.msid))" == uuid("m", "mshost", "msid")
