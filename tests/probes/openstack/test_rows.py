"""One agent from answer to answer: reports are counted, silence is told from a clock that is wrong."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.probes.openstack.rhythm import DEFAULTS
from cs_exporter.probes.openstack.rows import AgentRow, Sign, follow, judged

NOVA, NEUTRON = DEFAULTS[Service.NOVA], DEFAULTS[Service.NEUTRON]


def compute(age: float | None, reports: int | None = 1, beat: str = "") -> AgentState:
    """The row of a hypervisor; its report's time is its number, where nothing else is said."""
    return AgentState(Service.NOVA, "nova-compute", "cmp1", "1", age, beat or str(reports), reports=reports)


def followed(*looks: tuple[float, float, int]) -> AgentRow:
    """A row by looks at (time, age, report_count)."""
    row: AgentRow | None = None
    for now, age, reports in looks:
        row = judged(follow(row, compute(age, reports), now, NOVA), now, NOVA, 0.0, usable=True)
    assert row is not None
    return row


def test_reports_are_counted_on() -> None:
    """By the source's own count; one that begins anew goes on from where it was."""
    assert 10 == followed((0, 5, 10)).beats
    assert 12 == followed((0, 5, 10), (15, 0, 12)).beats
    assert 13 == followed((0, 5, 10), (15, 0, 12), (30, 5, 1)).beats


def test_reports_that_nobody_counts_are_seen() -> None:
    """Neutron's: the heartbeat's time changes with each."""
    row = follow(None, compute(3, None, "a"), 0, NEUTRON)
    assert 0 == row.beats
    assert 1 == follow(row, compute(18, None, "b"), 15, NEUTRON).beats
    assert 0 == follow(row, compute(18, None, "a"), 15, NEUTRON).beats


def test_a_count_that_is_stuck_is_death() -> None:
    """While the age grows: known when two and a half reports are missing, and no sooner."""
    assert Sign.WELL is followed((0, 5, 1), (15, 9, 2), (30, 24, 2)).sign
    assert Sign.DEAD is followed((0, 5, 1), (15, 9, 2), (30, 24, 2), (32, 26, 2)).sign


def test_a_count_that_grows_is_life() -> None:
    """However old the report says that it is: whoever stamped it has a clock that is behind."""
    row = followed((0, 5, 1), (15, 75, 2), (30, 70, 4))
    assert (Sign.SKEWED, 0.0, 70) == (row.sign, row.silent, row.age)
    assert -55 > row.skew


def test_a_report_from_the_future_is_a_clock_that_is_ahead() -> None:
    """By the first look already; within rounding it is nothing."""
    assert Sign.SKEWED is followed((0, -69, 1)).sign
    assert Sign.WELL is followed((0, -1, 1)).sign


def test_who_reports_again_is_alone_no_more() -> None:
    """What it dies of next may be what all others die of."""
    alone = replace(followed((0, 5, 1), (15, 9, 2), (45, 39, 2)), alone=True)
    assert follow(alone, compute(54, 2), 60, NOVA).alone
    assert not follow(alone, compute(4, 3), 60, NOVA).alone


def test_one_with_a_wrong_clock_dies_as_well() -> None:
    """Its silence is counted from when its last report was seen to come."""
    row = followed((0, 5, 1), (15, 75, 2), (30, 90, 2), (45, 105, 2))
    assert (Sign.DEAD, 30) == (row.sign, row.silent)


def test_an_old_report_at_first_sight_proves_nothing() -> None:
    """It may be death or a clock: that is known when another one should have come."""
    assert Sign.WELL is followed((0, 75, 1)).sign
    assert Sign.WELL is followed((0, 75, 1), (15, 90, 1)).sign
    assert Sign.DEAD is followed((0, 75, 1), (15, 90, 1), (30, 105, 1)).sign


def test_a_report_that_waited_for_the_database_is_no_wrong_clock() -> None:
    """All were kept waiting for 77 s, and came with the times at which they had been made."""
    row = followed((0, 5, 1), (15, 9, 2), (30, 24, 2), (45, 39, 2), (60, 54, 2), (75, 69, 2), (90, 77, 3))
    assert (0.0, Sign.DEAD) == (row.skew, row.sign)
    assert Sign.WELL is followed((0, 5, 1), (15, 9, 2), (90, 77, 3), (105, 2, 4)).sign


def test_a_clock_that_was_mended_is_right_with_the_next_report() -> None:
    """Nothing of it lingers."""
    row = followed((0, 5, 1), (15, 75, 2), (30, 70, 4), (45, 4, 5))
    assert (Sign.WELL, 0.0) == (row.sign, row.skew)


def test_a_step_of_the_reference_is_nobodys_death() -> None:
    """The database's clock is set forward by 70 s: no report is older for that."""
    row = followed((0, 5, 1), (15, 9, 2))
    stepped = judged(follow(row, compute(94, 2), 30, NOVA, 70.0), 30, NOVA, -70.0, usable=True)
    assert (Sign.WELL, 24, 0.0) == (stepped.sign, stepped.age, stepped.skew)


def test_planned_work_is_no_death() -> None:
    """Forced down, whatever its age."""
    said = replace(compute(500), forced_down=True)
    assert Sign.PLANNED is judged(follow(None, said, 0, NOVA), 100, NOVA, 0.0, usable=True).sign


def test_what_is_untold_is_not_judged() -> None:
    """No age, or one that means nothing; nova's API says itself who is down."""
    rows = {up: follow(None, replace(compute(None), up=up), 0, NOVA) for up in (None, True, False)}
    signs = {up: judged(row, 0, NOVA, 0.0, usable=True).sign for up, row in rows.items()}
    assert {None: Sign.UNTOLD, True: Sign.UNTOLD, False: Sign.DEAD} == signs
    frozen = judged(follow(None, compute(900), 0, NOVA), 900, NOVA, 0.0, usable=False)
    assert (Sign.UNTOLD, None, None) == (frozen.sign, frozen.age, frozen.silent)


def test_a_backend_that_never_was_initialised() -> None:
    """It holds its reports back from the first one on, which is no death; other services do not do that."""
    said = AgentState(Service.CINDER, "cinder-volume", "ctl1@badlvm", "3", 736, "", reported=False, reports=0)
    row = judged(follow(None, said, 0, NOVA), 30, NOVA, 0.0, usable=True)
    assert (Sign.UNSTARTED, "badlvm", "ctl1") == (row.sign, row.backend, row.said.machine)
    scheduler = replace(said, host="ctl1", binary="cinder-scheduler")
    assert Sign.DEAD is judged(follow(None, scheduler, 0, NOVA), 30, NOVA, 0.0, usable=True).sign
    worked = replace(said, reported=True, reports=90)
    assert Sign.DEAD is judged(follow(None, worked, 0, NOVA), 30, NOVA, 0.0, usable=True).sign


def test_who_stamps_its_own_reports() -> None:
    """Hypervisors have a conductor for that and network agents their server; OVN's chassis do it themselves."""
    own = {
        binary: follow(None, AgentState(service, binary, "h", "1", 1, is_ovn=ovn), 0, NOVA).is_own_writer
        for service, binary, ovn in (
            (Service.NOVA, "nova-compute", False),
            (Service.NOVA, "nova-conductor", False),
            (Service.NEUTRON, "neutron-l3-agent", False),
            (Service.NEUTRON, "ovn-controller", True),
            (Service.CINDER, "cinder-volume", False),
        )
    }
    assert {"nova-conductor", "ovn-controller", "cinder-volume"} == {name for name, itself in own.items() if itself}
