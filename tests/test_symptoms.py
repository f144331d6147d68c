"""Which symptoms hold: limits of every kind, per host and by another metric, and only for values that are fresh."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import pytest

from cs_exporter.board import FLEET, Board
from cs_exporter.model import Host, HostLimits, Inventory, Outcome, Unsupported
from cs_exporter.ports import Io
from cs_exporter.spec import Cause, Limit, Metric, Op, ProbeSettings, ProbeSpec, Sample, Severity, Symptom, gauge, rows
from cs_exporter.symptoms import Holding, holding
from tests.lab import fair

Row = tuple[str, float]


@dataclass(frozen=True)
class Reading:
    """Values by disk, and their limits by disk."""

    values: tuple[Row, ...]
    limits: tuple[Row, ...] = ()
    elsewhere: str | None = None


VALUE: Metric[Reading] = rows(
    "cs_value", "A value.", ("disk",), lambda r: [Sample(value, (disk,), r.elsewhere) for disk, value in r.values]
)
LIMIT: Metric[Reading] = rows(
    "cs_limit", "Its limit.", ("disk",), lambda r: [Sample(value, (disk,)) for disk, value in r.limits]
)


def symptom(limit: Limit, **labels: str) -> Symptom:
    """A symptom on cs_value."""
    return Symptom(
        "CsStub",
        "It is.",
        "cs_value",
        limit,
        1,
        Severity.INFO,
        Cause.PORT,
        "units",
        "Much.",
        ("look",),
        "Mend.",
        labels=MappingProxyType(labels),
    )


async def never(_: Host, __: Io, ___: ProbeSettings) -> Reading:
    """Symptoms ask nobody."""
    raise AssertionError


def held(
    reading: object,
    wanted: Symptom,
    host: Host | None = None,
    age: float = 0.0,
    metrics: tuple[Metric[Reading], ...] = (VALUE, LIMIT),
) -> list[tuple[str, str, float]]:
    """(host, disk, value) of what holds, `age` seconds after the reading; the wall clock says 1000."""
    asked = host or Host("kvm1", "192.0.2.1")
    spec = ProbeSpec("stub", "?", ProbeSettings, Reading, never, metrics, (wanted,))
    board = Board(Inventory({asked.name: asked}))
    board.land(Outcome("stub", asked.name, 0.0, 50.0, 0.1, reading), 30.0)
    found: tuple[Holding, ...] = holding(board.snapshot(50.0 + age), (spec,), 1000.0)
    return [(row.host, row.labels["disk"], row.value) for row in found]


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [
        (Limit(Op.ABOVE, 5, 1), 6, True),
        (Limit(Op.ABOVE, 5, 1), 5, False),
        (Limit(Op.BELOW, 5, 1), 4, True),
        (Limit(Op.BELOW, 5, 1), 5, False),
        (Limit(Op.EQUALS, 5, 1), 5, True),
        (Limit(Op.EQUALS, 5, 1), 5.5, False),
        (Limit(Op.ABOVE, 5, 1, absolute=True), -6, True),
        (Limit(Op.ABOVE, 5, 1, absolute=True), -5, False),
        (Limit(Op.ABOVE, 5, 1), -6, False),
        (Limit(Op.ABOVE, 100, 1, age=True), 899, True),
        (Limit(Op.ABOVE, 100, 1, age=True), 900, False),
    ],
)
def test_limits(limit: Limit, value: float, expected: object) -> None:
    """Just beyond holds, at the limit does not; an age is counted from the timestamp to now."""
    assert expected == bool(held(Reading((("sda", value),)), symptom(limit)))


def test_a_limit_may_be_another_series() -> None:
    """Of the same host and labels; without it nothing holds."""
    reading = Reading((("sda", 6), ("sdb", 6), ("sdc", 6)), (("sda", 5), ("sdb", 7)))
    assert [("kvm1", "sda", 6)] == held(reading, symptom(Limit(Op.ABOVE, "cs_limit", 1)))


def test_a_limit_by_series_takes_no_longer_than_a_number() -> None:
    """A fleet with a limit of its own for every row is judged in time that grows with it, not with its square."""
    rows_of = tuple((f"disk{number}", 6.0) for number in range(10_000))
    began = fair.seconds()
    assert 10_000 == len(held(Reading(rows_of, rows_of), symptom(Limit(Op.EQUALS, "cs_limit", 1))))
    assert fair.seconds() - began < 1


def test_a_host_may_have_its_own_limit() -> None:
    """The configuration's `limits`."""
    host = Host("kvm1", "192.0.2.1", limits=HostLimits(MappingProxyType({"CsStub": 10.0})))
    assert [] == held(Reading((("sda", 9),)), symptom(Limit(Op.ABOVE, 5, 1)), host)
    assert [("kvm1", "sda", 11)] == held(Reading((("sda", 11),)), symptom(Limit(Op.ABOVE, 5, 1)), host)


def test_only_samples_with_the_symptoms_labels_count() -> None:
    """A state is a label."""
    reading = Reading((("sda", 6), ("sdb", 6)))
    assert [("kvm1", "sdb", 6)] == held(reading, symptom(Limit(Op.ABOVE, 5, 1), disk="sdb"))


def test_a_row_about_another_host_is_that_hosts() -> None:
    """Not that of the one which was asked."""
    assert [("nfs1", "sda", 6)] == held(Reading((("sda", 6),), elsewhere="nfs1"), symptom(Limit(Op.ABOVE, 5, 1)))


def test_values_that_have_ended_hold_nothing() -> None:
    """Three intervals without success, or unsupported: nothing is known."""
    wanted = symptom(Limit(Op.ABOVE, 5, 1))
    assert held(Reading((("sda", 6),)), wanted, age=90.0)
    assert [] == held(Reading((("sda", 6),)), wanted, age=91.0)
    assert [] == held(Unsupported("no disk"), wanted)


def test_a_limit_by_series_goes_by_the_names_of_labels() -> None:
    """Whatever their order is; a metric with other labels limits nothing."""
    value: Metric[Reading] = rows(
        *("cs_value", "A value.", ("disk", "side")),
        lambda r: [Sample(value, (disk, "left")) for disk, value in r.values],
    )
    swapped: Metric[Reading] = rows(
        *("cs_limit", "Its limit.", ("side", "disk")),
        lambda r: [Sample(value, ("left", disk)) for disk, value in r.limits],
    )
    reading = Reading((("sda", 6), ("sdb", 6)), (("sda", 5), ("sdb", 7)))
    wanted = symptom(Limit(Op.ABOVE, "cs_limit", 1))
    assert [("kvm1", "sda", 6)] == held(reading, wanted, metrics=(value, swapped))
    assert [] == held(reading, wanted, metrics=(value, LIMIT))
    assert [] == held(reading, wanted, metrics=(value,))


def test_the_fleet_has_no_limit_of_a_host() -> None:
    """What most hosts have counts for a symptom of the exporter's own, and no other."""
    own: Metric[Reading] = gauge("cs_value", "A value of the fleet.", lambda r: r.values[0][1], per_host=False)
    limits = {"kvm1": 10.0, "kvm2": 10.0, "kvm3": 20.0}
    hosts = {
        name: Host(name, "192.0.2.1", limits=HostLimits(MappingProxyType({"CsStub": limit})))
        for name, limit in limits.items()
    }
    spec = ProbeSpec("stub", "?", ProbeSettings, Reading, never, (own,), (symptom(Limit(Op.ABOVE, 5, 1)),))
    board = Board(Inventory(MappingProxyType(hosts)))
    for value, expected in ((9.0, []), (11.0, [("", 11.0, 10.0)])):
        board.land(Outcome("stub", FLEET, 0.0, 50.0, 0.1, Reading((("sda", value),))), 30.0)
        found = holding(board.snapshot(50.0), (spec,), 1000.0)
        assert expected == [(row.host, row.value, row.limit) for row in found]


def test_what_holds_is_in_the_order_of_the_sheets() -> None:
    """Whatever order it was found out in."""
    first, second = (
        replace(symptom(Limit(Op.ABOVE, limit, 1)), name=name) for limit, name in (("cs_limit", "CsA"), (5, "CsB"))
    )
    spec = ProbeSpec("stub", "?", ProbeSettings, Reading, never, (VALUE, LIMIT), (first, second))
    board = Board(Inventory({"kvm1": Host("kvm1", "192.0.2.1")}))
    board.land(Outcome("stub", "kvm1", 0.0, 50.0, 0.1, Reading((("sda", 6),), (("sda", 5),))), 30.0)
    assert ["CsA", "CsB"] == [row.symptom.name for row in holding(board.snapshot(50.0), (spec,), 1000.0)]
