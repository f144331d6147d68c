"""Timelines read as they happened: heartbeats between looks, none of the dead, and skewed ones at their own time."""

from __future__ import annotations

import pytest

from tests.lab.openstack_schema import CINDER, NEUTRON, NOVA
from tests.platforms.openstack.replay.timelines import Story, Who, joined, read, story

LEAD = 60.0
CMP1, CMP2 = (Who(NOVA, name, "nova-compute") for name in ("cmp1", "cmp2"))
DHCP, L3 = (Who(NEUTRON, "net1", f"neutron-{name}-agent") for name in ("dhcp", "l3"))
CONDUCTOR, SCHEDULER = (Who(NOVA, "ctl1", f"nova-{name}") for name in ("conductor", "scheduler"))


def ages_of(told: Story, who: Who, at: float) -> float:
    """How old its row is at that second, by what was written until then."""
    written = [beat.stamp for beat in told.beats[who] if beat.at <= at]
    return at - written[-1]


@pytest.mark.parametrize("name", ["E1", "E2", "E5", "E7"])
def test_every_look_is_as_recorded(name: str) -> None:
    """What is written second by second gives the recorded ages, to the second to which they were recorded."""
    told = story(joined(*read(name)), lead=LEAD)
    for one in told.looks:
        for who, age in one.ages.items():
            then = (abs(age - early - ages_of(told, who, one.at - early)) for early in (0, 1))
            assert 2.0 >= min(then), (who, one.at)  # a report of that very second is in the look, or is not


def test_the_healthy_go_on_and_the_dead_do_not() -> None:
    """Of E1: one compute frozen for 104 s, whose neighbour reports every ten seconds all the time."""
    told = story(joined(*read("E1")), lead=LEAD)
    for second in range(int(LEAD), int(told.seconds)):
        assert 12 >= ages_of(told, CMP2, second), second
        assert 33 >= ages_of(told, L3, second), second
    assert 105 <= max(ages_of(told, CMP1, second) for second in range(int(LEAD), int(told.seconds)))
    assert LEAD + 56 == told.down(CMP1)
    assert LEAD + 65 == told.down(DHCP)


@pytest.mark.parametrize(("number", "ahead"), [(1, -70), (2, 70)])
def test_a_skewed_writer_goes_on_writing(number: int, ahead: float) -> None:
    """Of E3: what a conductor stamps is wrong by its clock, and comes as regularly as ever."""
    block = read("E3")[number]
    told = story(block, lead=LEAD, ahead=dict.fromkeys((CONDUCTOR, CMP1, CMP2), ahead))
    assert {SCHEDULER, CONDUCTOR, CMP1, CMP2} == set(told.beats)
    for who in (CMP1, CMP2):
        late = [beat for beat in told.beats[who] if beat.at > LEAD + 3]
        assert 3 <= len(late)
        assert {float(ahead)} == {round(beat.stamp - beat.at, 3) for beat in late}
        for one in told.looks[1:]:
            assert 2.0 >= abs(one.ages[who] - ages_of(told, who, one.at))


def test_what_a_recording_has() -> None:
    """Of E3b: cinder's agents, and the backend that never was initialised."""
    told = story(read("E3b")[0], lead=0)
    assert {"ctl1", "ctl1@fake1", "ctl1@badlvm"} == {who.host for who in told.beats if who.service == CINDER}
