"""The recorded faults, row by row and second by second: when each symptom begins, and that no other one does.

By looks every second the second itself is known; by those every 15 s, whichever second they fall on, the next look.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.probes.openstack.recorded import LEAD, POLL, STORIES, course

SILENT, DOWN, UNSTARTED = "CsOpenStackAgentSilent", "CsOpenStackAgentDown", "CsOpenStackBackendUnstarted"
APART, WRITER = ("CsOpenStackClocksApart", "", ""), "CsOpenStackWriterClock"
CONDUCTOR = ("CsOpenStackConductorSilent", "", "conductor")
BUS = ("CsOpenStackBusSilent", "", "message_bus")
NEUTRON = ("CsOpenStackNeutronServerSilent", "", "neutron_server")
BAD = (UNSTARTED, "ctl1", "cinder-volume@badlvm")
SEEN = -LEAD + 26  # a silence that was there before the first look is counted from it

BEGINS: Mapping[str, Mapping[tuple[str, str, str], float]] = {
    "E1": {
        (SILENT, "cmp1", "nova-compute"): 21,  # 26 s old; the API called it down at 55
        (SILENT, "net1", "neutron-dhcp-agent"): 37,  # 51 s old; at 64
        (DOWN, "net1", "neutron-dhcp-agent"): 62,
    },
    "E2": {
        CONDUCTOR: 13,  # hypervisors 23 s old; the API called them down at 57; the conductor itself is told by it
    },
    "E3": {  # in this block two services had crashed, and one agent's reports were dropped
        BAD: SEEN,
        (SILENT, "cmp2", "nova-compute"): 19,
        (SILENT, "ctl1", "cinder-scheduler"): 19,
        (SILENT, "net1", "neutron-metadata-agent"): 26,
        (DOWN, "net1", "neutron-metadata-agent"): 51,
        (DOWN, "ctl1", "cinder-scheduler"): 54,
    },
    "E3 -70": {APART: 7, (WRITER, "ctl1", "nova-conductor"): 12},  # hypervisors' rows are the first that it writes
    "E3 +70": {APART: 0, (WRITER, "ctl1", "nova-conductor"): 0},
    "E3 -55": {APART: 0, (WRITER, "ctl1", "nova-conductor"): 0},
    "E3b": {BAD: SEEN, APART: 14, (WRITER, "ctl1", "cinder-scheduler"): 14},  # nothing of cmp2, 120 s behind
    "E6": {BUS: 22},  # hypervisors 26 and 28 s old; the API called them down at 62
    "E7": {NEUTRON: 30},  # agents 49 s old; they are down at 56
}


@pytest.mark.parametrize("name", STORIES)
def test_each_symptom_begins_at_its_second_and_no_other_one_does(name: str) -> None:
    """Looked at every second."""
    assert BEGINS[name] == {one: first for one, (first, _) in course(name).items()}


@pytest.mark.parametrize("name", STORIES)
def test_whoever_looks_every_15_s_sees_it_at_the_next_look(name: str) -> None:
    """From each of the fifteen seconds that he may begin at; of what was there from the first look on, at the third."""
    for phase in range(POLL):
        found = {one: first for one, (first, _) in course(name, phase=phase, poll=POLL).items()}
        assert BEGINS[name].keys() == found.keys(), phase
        late = {one: found[one] - BEGINS[name][one] for one in found if one != BAD}
        assert all(0 <= seconds < POLL for seconds in late.values()), (phase, late)


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("E1", {(SILENT, "cmp1", "nova-compute"): 55, (DOWN, "net1", "neutron-dhcp-agent"): 104}),
        ("E2", {CONDUCTOR: 204}),
        ("E6", {BUS: 98}),
        ("E7", {NEUTRON: 116}),
    ],
)
def test_it_ends_when_reports_come_again(name: str, ends: Mapping[tuple[str, str, str], float]) -> None:
    """A hypervisor that is down is no longer silent: its state is told instead."""
    found = course(name)
    assert ends == {one: found[one][1] for one in ends}
