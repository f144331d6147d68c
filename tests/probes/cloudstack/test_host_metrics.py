"""What is exported of a hypervisor in the cloud's word: four series, and what is wrong while it is."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.platforms.cloudstack.states import Source, States
from cs_exporter.probes.clouds import cloud_hosts
from cs_exporter.probes.cloudstack import host_metrics
from tests.probes.cloudstack.polled import Stand, samples
from tests.probes.cloudstack.states_stand import KVM1, WALL


def test_a_host_that_is_well_has_four_series() -> None:
    """With its own name for a host."""
    reading = Stand().poll(KVM1, times=3)
    names = [metric.name for metric in host_metrics.METRICS] + [metric.name for metric in cloud_hosts.METRICS]
    found = {name: samples(reading, name) for name in names}
    assert {
        "cs_host_state": {("kvm1", "Up"): 1.0},
        "cs_host_schedulable": {("kvm1",): 1.0},
        "cs_host_state_since_timestamp_seconds": {("kvm1",): WALL + 1000},
        "cs_host_state_changes_total": {("kvm1",): 2.0},
    } == {name: rows for name, rows in found.items() if rows}


def test_only_the_current_state() -> None:
    """By its name, or as another one."""
    stand = Stand()
    stand.poll(KVM1)
    assert {("kvm1", "Alert"): 1.0} == samples(stand.poll(replace(KVM1, state="Alert")), "cs_host_state")
    assert {("kvm1", "other"): 1.0} == samples(stand.poll(replace(KVM1, state="Updating")), "cs_host_state")


def test_what_is_disabled_is_not_schedulable() -> None:
    """Nor is what is in maintenance; where nothing is said, nothing is."""
    for state, expected in (("Disabled", {("kvm1",): 0.0}), ("Maintenance", {("kvm1",): 0.0}), ("", {})):
        assert expected == samples(Stand().poll(replace(KVM1, resource_state=state)), "cs_host_schedulable")


def test_what_is_wrong_is_there_while_it_is() -> None:
    """Changes, and a host without an owner."""
    stand = Stand()
    stand.poll(KVM1)
    reading = stand.poll(replace(KVM1, transitions=6, server=""))
    assert {("kvm1",): 4.0} == samples(reading, "cs_host_recent_state_changes")
    assert {("kvm1",): 1.0} == samples(reading, "cs_host_unowned")


def test_by_the_api_nobody_counts() -> None:
    """No counter is better than one that stands still."""
    states = States(Source.API, (replace(KVM1, transitions=None, connected=None),))
    assert {} == samples(Stand().poll(states=states), "cs_host_state_changes_total")
