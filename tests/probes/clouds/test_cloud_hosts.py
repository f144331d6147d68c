"""The derived probe cloud_hosts: every platform's word of its hosts, under names that all of them share."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.model import Inventory
from cs_exporter.probes.clouds import cloud_hosts
from cs_exporter.probes.clouds.cloud_hosts import CLOUDSTACK, METRICS, OPENSTACK, CloudHostsReading
from cs_exporter.probes.cloudstack.reading import CloudStackStatesReading
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from cs_exporter.spec import Latest
from tests.probes.agents import reported_stand
from tests.probes.agents.reported_stand import Cloud, nova
from tests.probes.cloudstack.polled import CLOUD, ENDPOINT, Stand
from tests.probes.cloudstack.states_stand import KVM1, WALL


def derived(*readings: CloudStackStatesReading) -> CloudHostsReading:
    """What CloudStack's answers come to, each of a cloud of its own."""
    at = {CLOUD + "2" * number: reading for number, reading in enumerate(readings)}
    hosts = {name: replace(ENDPOINT, name=name) for name in at}
    return cloud_hosts.derive(Latest(Inventory(hosts), {CLOUDSTACK: at}), 1000.0)


def values(reading: CloudHostsReading) -> dict[tuple[str, ...], float]:
    """(metric, host, labels) -> value."""
    return {(metric.name, one.host or "", *one.labels): one.value for metric in METRICS for one in metric.read(reading)}


def test_nobody_said_anything() -> None:
    """No cloud, no series."""
    assert {} == values(derived())


def test_three_series_of_a_host() -> None:
    """Its state, since when it is in that, and whether guests start there."""
    assert {
        ("cs_host_state", "kvm1", "Up"): 1.0,
        ("cs_host_schedulable", "kvm1"): 1.0,
        ("cs_host_state_since_timestamp_seconds", "kvm1"): WALL + 1000,
    } == values(derived(Stand().poll(KVM1)))


def test_two_clouds() -> None:
    """Side by side."""
    second = replace(KVM1, uuid="h2", name="kvm2", state="Alert", resource_state="")
    found = values(derived(Stand().poll(KVM1), Stand().poll(second)))
    assert {("cs_host_state", "kvm1", "Up"), ("cs_host_state", "kvm2", "Alert")} <= found.keys()
    assert ("cs_host_schedulable", "kvm2") not in found


def follow(before: CloudHostsReading | None, *readings: OpenStackAgentsReading) -> CloudHostsReading:
    """The next derivation, in which one OpenStack cloud says this, or nothing."""
    at = dict.fromkeys([reported_stand.AT], readings[0]) if readings else {}
    return cloud_hosts.derive(Latest(reported_stand.INVENTORY, {OPENSTACK: at}, before=before), 1000.0)


def test_openstack_beside_cloudstack() -> None:
    """The same names for both."""
    reported = Cloud().says(1000.0, nova("cmp1", 4))
    hosts = {**reported_stand.INVENTORY.hosts, CLOUD: ENDPOINT}
    readings: dict[str, dict[str, object]] = {
        CLOUDSTACK: {CLOUD: Stand().poll(KVM1)},
        OPENSTACK: {reported_stand.AT: reported},
    }
    found = values(cloud_hosts.derive(Latest(Inventory(hosts), readings), 1000.0))
    assert {
        ("cs_host_state", "kvm1", "Up"): 1.0,
        ("cs_host_schedulable", "kvm1"): 1.0,
        ("cs_host_state_since_timestamp_seconds", "kvm1"): WALL + 1000,
        ("cs_host_state", "compute-1", "up"): 1.0,
        ("cs_host_schedulable", "compute-1"): 1.0,
        ("cs_host_state_since_timestamp_seconds", "compute-1"): reported_stand.WALL + 1000,
    } == found


def test_a_cloud_that_says_nothing_for_a_while() -> None:
    """Its hosts have no state then, and afterwards the one of before since the same time."""
    cloud = Cloud()
    first = follow(None, cloud.says(1000.0, nova("cmp1", 4)))
    silent = follow(first)
    assert {} == silent.verdicts
    again = follow(silent, cloud.says(1100.0, nova("cmp1", 4)))
    assert first.verdicts["compute-1"].since == again.verdicts["compute-1"].since


def test_who_has_left_is_forgotten() -> None:
    """Under the same name it may be another machine one day."""
    gone = follow(None, Cloud().says(1000.0, nova("cmp1", 4)))
    latest = Latest(Inventory(), {}, before=gone)
    assert {} == cloud_hosts.derive(latest, 1000.0).reported


def test_a_host_that_is_forced_down_is_planned_work() -> None:
    """From that answer on."""
    cloud = Cloud()
    assert frozenset() == follow(None, cloud.says(1000.0, nova("cmp1", 4))).planned
    assert {"compute-1"} == follow(None, cloud.says(1015.0, nova("cmp1", 4, forced_down=True))).planned
