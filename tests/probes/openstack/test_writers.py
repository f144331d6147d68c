"""Whose clocks stamp the reports: conductors for hypervisors, one server for network agents, all others their own."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.probes.openstack.rows import AgentRow, follow
from cs_exporter.probes.openstack.writers import NEUTRON_SERVER, clocks_of, voices, widest
from tests.lab.openstack_schema import CINDER, NEUTRON, NOVA
from tests.platforms.openstack.replay.timelines import Who
from tests.probes.openstack.agents_stand import RHYTHMS, Fleet, Stand, fleet


def watched(cloud: Fleet) -> Stand:
    """A cloud that was looked at for two minutes."""
    stand = Stand()
    stand.watch(cloud, 120)
    return stand


def skewed(seconds: float, *who: Who) -> Fleet:
    """The cloud, in which the reports of these are stamped by a clock that is so much ahead."""
    cloud = fleet()
    cloud.skews.update(dict.fromkeys(who, seconds))
    return cloud


def test_every_writer_has_a_clock() -> None:
    """Hypervisors and network agents have none of their own."""
    clocks = watched(fleet()).reading
    assert clocks is not None
    heads = {(head, name) for head in ("ctl1", "ctl2", "ctl3") for name in ("nova-conductor", "nova-scheduler")}
    volumes = {(head, "cinder-scheduler") for head in ("ctl1", "ctl2", "ctl3")}
    assert {*heads, *volumes, ("", NEUTRON_SERVER)} == clocks.clocks.keys()


@pytest.mark.parametrize("seconds", [-90, -36, 36, 90])
def test_a_controller_whose_clock_is_wrong(seconds: float) -> None:
    """How far it is from the others is known to half an interval, and half the down time pages."""
    stand = watched(skewed(seconds, Who(CINDER, "ctl1", "cinder-scheduler")))
    assert stand.reading is not None
    assert abs(seconds) == pytest.approx(stand.reading.apart, abs=6)
    assert {"CsOpenStackClocksApart", "CsOpenStackWriterClock"} == stand.told()


@pytest.mark.parametrize("seconds", [-20, 20])
def test_a_clock_that_is_less_wrong_is_a_ticket(seconds: float) -> None:
    """It is certain that it is off, and nobody is down for that."""
    stand = watched(skewed(seconds, Who(NOVA, "ctl2", "nova-conductor")))
    assert {"CsOpenStackWriterClock"} == stand.told()


def test_two_conductors_that_write_in_turn() -> None:
    """The ages of hypervisors jump between two clocks: a sawtooth, whoever wrote last."""
    stand, cloud = Stand(), fleet()
    for turn in range(10):
        computes = [who for who in cloud.agents if who.binary == "nova-compute"]
        cloud.skews.update({who: -40.0 * ((turn + place) % 2) for place, who in enumerate(computes)})
        stand.ask(*cloud.at(stand.now))
    assert "CsOpenStackClocksApart" in stand.told()
    assert not any(name.startswith("CsOpenStackAgent") for name in stand.told())


def test_a_server_of_neutron_whose_clock_is_wrong() -> None:
    """All network agents' reports have its time; none of them is skewed itself, and none dead."""
    agents = [who for who in fleet().agents if who.service == NEUTRON]
    stand = watched(skewed(-50, *agents))
    assert stand.reading is not None
    last = stand.red[-1][1]
    assert {("CsOpenStackClocksApart", "", ""), ("CsOpenStackWriterClock", "", NEUTRON_SERVER)} == last


def test_a_clock_that_was_heard_long_ago_tells_nothing() -> None:
    """Nor do OVN's chassis, which are no controllers."""
    rows = [_row("ctl1", 5), _row("ctl2", 75), _row("cmp1", 500, ovn=True)]
    assert 2 == len(clocks_of(voices(rows, 20, RHYTHMS)))
    assert 40 < widest(voices(rows, 20, RHYTHMS)) < 100
    assert [] == voices(rows, 100, RHYTHMS)
    assert (0, {}) == (widest([]), clocks_of([]))


def test_what_is_known_best_of_a_writer_with_several_rows() -> None:
    """One of cinder's backends reports, another one never did."""
    fresh, never = _row("ctl1@a", 5), follow(None, _said("ctl1@b", 900), 15, RHYTHMS[Service.CINDER])
    assert {("ctl1", "cinder-volume"): fresh.clock} == clocks_of(voices([never, fresh], 15, RHYTHMS))
    assert {("ctl1", "cinder-volume"): fresh.clock} == clocks_of(voices([fresh, never], 15, RHYTHMS))


def _said(host: str, age: float, beat: str = "a", *, ovn: bool = False) -> AgentState:
    service = Service.NEUTRON if ovn else Service.CINDER
    return AgentState(service, "ovn-controller" if ovn else "cinder-volume", host, host, age, beat, is_ovn=ovn)


def _row(host: str, age: float, *, ovn: bool = False) -> AgentRow:
    """A row that was first seen at 0, and whose next report came by 15."""
    first = follow(None, _said(host, age, ovn=ovn), 0, RHYTHMS[Service.CINDER])
    return follow(first, _said(host, age, "b", ovn=ovn), 15, RHYTHMS[Service.CINDER])
