"""Who belongs to which kind, how long each is silent by ages or verdicts, and who can tell when a trouble began."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.probes.openstack.rhythm import LASTING
from cs_exporter.probes.openstack.rows import AgentRow, Sign, follow, judged
from cs_exporter.probes.openstack.silences import (
    Kind,
    Silence,
    as_well,
    go_on,
    group_of,
    is_stopped,
    left_behind,
    overdue,
    silences_of,
    timely,
)
from tests.probes.openstack.agents_stand import RHYTHMS

NOVA, HEAT = RHYTHMS[Service.NOVA], RHYTHMS[Service.HEAT]


def silent(*seconds: float, alone: bool = False, vague: bool = False) -> tuple[Silence, ...]:
    """Agents of nova, each for so long."""
    return tuple(Silence(one, NOVA, "ctl1", alone, vague) for one in seconds)


def seen(host: str, age: float | None, *, up: bool | None = None) -> AgentRow:
    """A hypervisor that was told for the first time at 0."""
    row = follow(None, AgentState(Service.NOVA, "nova-compute", host, host, age, "a", up=up), 0.0, NOVA)
    return judged(row, 0.0, NOVA, 0.0, usable=True)


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        ((), False),
        (silent(1, 2, 3), False),
        (silent(13, 14, 23), False),
        (silent(13, 23, 23), True),
        (silent(13, 14, 26), True),
        (silent(5, 23, 23, 23, 23), True),
        (silent(5, 6, 23, 23, 23), False),
        ((*silent(5, 6), *silent(900, 900, 900, 900, 900, 900, 900, 900, alone=True)), False),
    ],
)
def test_when_a_kind_has_stopped(agents: tuple[Silence, ...], *, expected: bool) -> None:
    """All have missed a report and half are silent for long, or one is late; or four of five are silent for long."""
    assert expected is is_stopped(agents)


@pytest.mark.parametrize(
    ("agents", "stopped", "well"),
    [
        ((), False, False),
        (silent(30, 25), True, False),
        (silent(30, 5), False, True),
        ((*silent(30), *silent(900, 900, 900, 900, alone=True)), True, False),
        ((*silent(5), *silent(900, 900, 900, 900, alone=True)), False, True),
        (silent(900, alone=True), True, False),
        (silent(0, 0, vague=True), False, False),
        ((*silent(30), *silent(0, 0, vague=True)), True, False),
    ],
)
def test_witnesses_of_what_began_20_s_ago(agents: tuple[Silence, ...], *, stopped: bool, well: bool) -> None:
    """Neither those that were dead before, unless all were, nor a verdict that is less sharp than that."""
    assert (stopped, well) == (as_well(agents, 20), go_on(agents, 20))


def test_a_verdict_is_a_witness_of_what_is_longer_ago_than_its_limit() -> None:
    """Who is up then has reported since."""
    assert go_on(silent(0, 0, vague=True), 60)


def test_who_reports_rarely_can_not_tell_yet() -> None:
    """Heat's engines once a minute: one that has since then can, and one that is overdue."""
    engines = tuple(Silence(seconds, HEAT, "ctl1", alone=False, vague=False) for seconds in (10, 50, 80))
    assert [10, 80, 25] == [one.seconds for one in timely((*engines, *silent(25)), 20)]
    assert engines == timely(engines, 20)
    assert 1 == overdue(engines)


def test_how_long_a_verdict_is_silent() -> None:
    """For the limit when it was first seen, and from then on as long as it stays; who is up, nobody knows how long."""
    down = replace(seen("cmp1", None, up=False), seen=100.0)
    agents = silences_of((down, seen("cmp2", None, up=True)), RHYTHMS, 100.0)[Kind.COMPUTES, ""]
    assert [(160.0, False), (0.0, True)] == [(one.seconds, one.vague) for one in agents]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((seen("cmp1", 5), seen("old", 100)), {"old"}),
        ((seen("cmp1", 95), seen("cmp2", 100)), set()),
        ((seen("cmp1", 5), seen("cmp2", 40)), set()),
        ((seen("cmp1", None, up=True), seen("old", None, up=False)), {"old"}),
        ((seen("cmp1", None, up=False), seen("cmp2", None, up=False)), set()),
        ((seen("cmp1", 5), replace(seen("cmp2", 100), seen=15.0)), set()),
        ((seen("cmp1", 5), replace(seen("cmp2", 100), age=None, sign=Sign.UNTOLD)), set()),
    ],
)
def test_who_was_left_behind(rows: tuple[AgentRow, ...], expected: set[str]) -> None:
    """Down at first sight, and not with all others; what is no longer new is judged by what is seen of it."""
    assert expected == {host for _, host, _ in left_behind(rows, RHYTHMS)}


@pytest.mark.parametrize(
    ("up", "ages", "expected"),
    [
        (3, [300.0 + number % 10 for number in range(17)], 0),
        (5, [300.0 + number % 10 for number in range(17)], 17),
        (3, [LASTING + 60.0 + number % 10 for number in range(17)], 17),
        (3, [300.0 * number for number in range(1, 18)], 17),
        (3, [300.0] * 17 + [900.0] * 4, 4),
    ],
)
def test_those_that_fell_silent_together_were_not_left_behind(up: int, ages: list[float], expected: int) -> None:
    """If they are four of five of those that are alive or fell silent with them, and that is not long ago."""
    rows = [seen(f"cmp{number}", age) for number, age in enumerate([*(float(n) for n in range(up)), *ages])]
    assert expected == len(left_behind(rows, RHYTHMS))


def test_a_cell_has_its_own_conductors() -> None:
    """OVN's agents report to nobody, and are of no group."""
    groups = {
        binary: group_of(
            follow(None, AgentState(service, binary, "h", "1", 1, cell=cell, is_ovn=ovn), 0, RHYTHMS[service])
        )
        for service, binary, cell, ovn in (
            (Service.NOVA, "nova-compute", "west", False),
            (Service.NOVA, "nova-conductor", "west", False),
            (Service.NOVA, "nova-scheduler", "", False),
            (Service.HEAT, "heat-engine", "", False),
            (Service.NEUTRON, "neutron-l3-agent", "", False),
            (Service.NEUTRON, "ovn-controller", "", True),
        )
    }
    assert {
        "nova-compute": (Kind.COMPUTES, "west"),
        "nova-conductor": (Kind.CONDUCTORS, "west"),
        "nova-scheduler": (Kind.WRITERS, ""),
        "heat-engine": (Kind.ENGINES, ""),
        "neutron-l3-agent": (Kind.NETWORK, ""),
        "ovn-controller": None,
    } == groups
