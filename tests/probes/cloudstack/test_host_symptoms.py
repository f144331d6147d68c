"""The rows of the matrix about hypervisors in the cloud's word: each by a course of events, a healthy one by none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cs_exporter.platforms.cloudstack.states import HostState
from cs_exporter.probes.clouds import symptoms as verdicts
from cs_exporter.probes.cloudstack import host_symptoms
from cs_exporter.spec import Severity
from tests.probes.cloudstack.polled import Stand
from tests.probes.cloudstack.states_stand import KVM1, WALL

OF_OPENSTACK = {"CsComputeDown"}
SYMPTOMS = (*host_symptoms.SYMPTOMS, *(one for one in verdicts.SYMPTOMS if one.name not in OF_OPENSTACK))
GONE = replace(KVM1, server="")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (KVM1, []),
        (replace(KVM1, state="Connecting"), ["HostConnectingLong"]),
        (replace(GONE, state="Disconnected"), ["HostDisconnected"]),
        (replace(GONE, state="Alert"), ["HostInAlert"]),
        (replace(GONE, state="Down"), ["HostDown"]),
        (replace(GONE, state="Error"), ["HostInError"]),
        (replace(GONE, state="Rebalancing"), []),
        (replace(GONE, state="Creating"), []),
        (replace(KVM1, resource_state="Disabled"), []),
        (GONE, ["HostUnowned"]),
    ],
)
def test_states(said: HostState, expected: list[str]) -> None:
    """One thing wrong is one symptom; what lasts no longer than it may is left to how long it must hold."""
    stand = Stand()
    stand.poll(said, times=2)
    assert {("kvm1", name) for name in expected} == stand.told()


def reconnects(times: int) -> Sequence[HostState]:
    """A host that is lost and comes back, poll by poll."""
    found = []
    for number in range(times):
        seen = replace(KVM1, transitions=2 + 3 * number, connected=WALL + 100 * number)
        grown = 3 + 3 * number
        found += [seen, replace(seen, state="Alert", server="", transitions=grown)]
        found += [replace(seen, state="Connecting", transitions=grown + 1)]
    return [*found, replace(KVM1, transitions=2 + 3 * times)]


@pytest.mark.parametrize(("times", "expected"), [(1, False), (4, False), (5, True)])
def test_flapping(times: int, expected: bool) -> None:  # noqa: FBT001  # a row of the table
    """Four reconnects within half an hour are told by nobody, five are."""
    stand = Stand()
    for said in reconnects(times):
        stand.poll(said)
    assert expected is (("kvm1", "HostFlapping") in stand.told())
    assert ("kvm1", "HostPingsMissing") not in stand.told()


def test_flapping_ends() -> None:
    """Half an hour after the last change."""
    stand = Stand()
    for said in reconnects(6):
        stand.poll(said)
    stand.now += 1800
    stand.poll(replace(KVM1, transitions=20))
    assert set() == stand.red[-1]


def test_missing_pings() -> None:
    """From the second investigation that finds the host up; the cloud says Up all the time."""
    stand, stamped = Stand(), WALL - 86400
    for poll in range(24):  # six minutes: investigations at 3:00, 4:00 and 5:00
        count = max(0, poll // 4 - 2)
        stand.poll(replace(KVM1, transitions=2 + count, connected=stamped + (1000 + 60 * count if count else 0)))
    assert {("kvm1", "HostPingsMissing")} == stand.told()
    assert 16 == next(number for number, found in enumerate(stand.red) if found)


def test_missing_pings_end() -> None:
    """When nothing moves any more: pings leave no trace."""
    stand = Stand()
    for count in range(4):
        stand.poll(replace(KVM1, transitions=2 + count, connected=WALL + 60 * count))
        stand.now += 45
    assert {("kvm1", "HostPingsMissing")} == stand.red[-1]
    stand.poll(replace(KVM1, transitions=5, connected=WALL + 180), times=15)
    assert set() == stand.red[-1]


@pytest.mark.parametrize("interval", [15.0, 30.0, 60.0])
def test_missing_pings_at_any_interval(interval: float) -> None:
    """As long as not more than one investigation falls between two polls."""
    stand = Stand(interval)
    for poll in range(int(600 / interval)):
        count = int(poll * interval // 62)
        stand.poll(replace(KVM1, transitions=2 + count, connected=WALL + 62 * count))
    assert ("kvm1", "HostPingsMissing") in stand.told()


def test_a_restart_of_the_only_server_raises_nothing() -> None:
    """All of its hosts are Disconnected, then connect again: that is told only if it lasts."""
    down = replace(KVM1, state="Disconnected", server="", transitions=3)
    course = [KVM1, *[down] * 6, replace(KVM1, state="Connecting", transitions=4), replace(KVM1, transitions=5)]
    stand = Stand()
    for said in course:
        stand.poll(said)
    assert {("kvm1", "HostDisconnected"), ("kvm1", "HostConnectingLong")} == stand.told()
    holds = {symptom.name: symptom.wait(15) for symptom in SYMPTOMS}
    assert holds["CsHostDisconnected"] > 6 * 15
    assert set() == stand.red[-1]


def test_what_pages() -> None:
    """The cloud's verdict, and the last moment before it."""
    critical = {symptom.name for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
    assert {"CsHostInAlert", "CsHostDown", "CsHostPingsMissing"} == critical
