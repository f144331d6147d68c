"""What a page shows of the sheets' metrics: one owner per series, a limit per host, and no sheet can break it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from cs_exporter.board import FLEET
from cs_exporter.exposition.families import Catalogue, Family, Head, Row, Tally, fresh_readings
from cs_exporter.exposition.frame import HEADS
from cs_exporter.model import Failure, Reason
from cs_exporter.spec import Metric, ProbeSpec, Sample, gauge, rows
from tests.exposition.stubs import MEAN, NOW, Mean, Weights, WeightSettings, outcome, sheet, snapshot_of

PARTS = "cs_weight_part_grams"


def read(*metrics: Metric[Weights], reading: Weights, tally: Tally | None = None) -> dict[str, list[Row]]:
    """The rows that these metrics give for one reading of kvm1."""
    families = Catalogue([with_metrics(*metrics)], []).read({"weight": [("kvm1", reading)]}, tally or Tally())
    return {family.head.name: list(family.rows) for family in families}


def with_metrics(*metrics: Metric[Weights], name: str = "weight") -> ProbeSpec[WeightSettings, Weights]:
    """The stub sheet with other metrics."""
    stub = sheet(name)
    return ProbeSpec(stub.name, stub.question, stub.settings, stub.reading, stub.probe, metrics, ())


def table(name: str = PARTS, labels: tuple[str, ...] = ("part",)) -> Metric[Weights]:
    """A metric that gives the reading's parts as they are."""
    return rows(name, "What a part weighs, from its scales.", labels, lambda r: r.parts)


def test_a_row_about_another_host_has_that_host_in_its_label() -> None:
    """The host that was asked is only the default."""
    reading = Weights(parts=(Sample(1.0, ("wheel",)), Sample(2.0, ("wheel",), host="kvm9")))
    assert [Row(("kvm1", "wheel"), 1.0), Row(("kvm9", "wheel"), 2.0)] == read(table(), reading=reading)[PARTS]


def test_two_rows_of_equal_labels_show_once_and_are_counted() -> None:
    """The first one stays: Prometheus refuses a whole page for one series that appears twice."""
    tally = Tally()
    reading = Weights(parts=(Sample(1.0, ("wheel",)), Sample(2.0, ("wheel",))))
    assert [Row(("kvm1", "wheel"), 1.0)] == read(table(), reading=reading, tally=tally)[PARTS]
    assert {"weight": 1} == tally.duplicates


def test_two_sheets_may_share_a_metric_but_not_a_series() -> None:
    """Rows of both are one family; the second owner of a series is the one that is counted."""
    catalogue = Catalogue([with_metrics(table()), with_metrics(table(), name="other")], [])
    first, second = Weights(parts=(Sample(1.0, ("a",)),)), Weights(parts=(Sample(2.0, ("a",)), Sample(3.0, ("b",))))
    tally = Tally()
    families = list(catalogue.read({"weight": [("kvm1", first)], "other": [("kvm1", second)]}, tally))
    assert [[Row(("kvm1", "a"), 1.0), Row(("kvm1", "b"), 3.0)]] == [family.rows for family in families]
    assert {"other": 1} == tally.duplicates


@pytest.mark.parametrize(
    ("sample", "shown"),
    [
        (Sample(1.0, ("a \ud800 surrogate",)), "a ? surrogate"),
        (Sample(1.0, ("a \0 null",)), "a \N{REPLACEMENT CHARACTER} null"),
        (Sample(1.0, ("größe",)), "größe"),
        (Sample(1.0, (Reason.TIMEOUT,)), "timeout"),
    ],
)
def test_a_label_value_is_made_writable(sample: Sample, shown: str) -> None:
    """Text from a broken host can hold what no exposition format can."""
    assert [Row(("kvm1", shown), 1.0)] == read(table(), reading=Weights(parts=(sample,)))[PARTS]


def _raise(error: Exception) -> Iterable[Sample]:
    raise error


@pytest.mark.parametrize("error", [KeyError("x"), AttributeError("x"), ZeroDivisionError("x"), TypeError("x")])
def test_a_mistake_in_a_sheet_costs_only_that_metric(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted, told once with its traceback, and the sheet's other metrics stay."""
    broken: Metric[Weights] = Metric("cs_broken_grams", "It cannot be read, by design.", lambda _r: _raise(error))
    catalogue = Catalogue([with_metrics(broken, table())], [])
    readings = {"weight": [(host, Weights(parts=(Sample(1.0, ("a",)),))) for host in ("kvm1", "kvm2")]}
    tally = Tally()
    assert [PARTS] == [family.head.name for family in catalogue.read(readings, tally)]
    assert {"weight": 2} == tally.faults
    assert ["probe weight: metric cs_broken_grams can't be read from a reading of kvm1"] == caplog.messages


@pytest.mark.parametrize("labels", [(), ("a", "b")])
def test_a_sample_with_the_wrong_number_of_labels_is_a_mistake(labels: tuple[str, ...]) -> None:
    """Guessing which label is meant would show a wrong series."""
    tally = Tally()
    assert {} == read(table(), reading=Weights(parts=(Sample(1.0, labels),)), tally=tally)
    assert {"weight": 1} == tally.faults


def test_a_host_beyond_the_limit_loses_whole_families_and_a_small_one_still_fits() -> None:
    """Half a table would look like the truth; one monster must not hide what comes after it."""
    many = tuple(Sample(float(i), (str(i),)) for i in range(10))
    tally = Tally(limit=5)
    tally.charge(Family(Head("cs_x", "", labels=("host",)), [Row(("kvm1",), 1.0)]))
    shown = read(table(), gauge("cs_weight_grams", "", lambda _r: 1.0), reading=Weights(parts=many), tally=tally)
    assert {PARTS: [], "cs_weight_grams": [Row(("kvm1",), 1.0)]} == shown
    assert ({"kvm1": 10}, {"kvm1": 2}) == (tally.dropped, tally.shown)


def test_the_limit_counts_each_host_by_itself() -> None:
    """A neighbour's monster costs a host nothing, also where one host's reading has rows about many."""
    parts = (*(Sample(1.0, (str(i),), host="big") for i in range(4)), Sample(1.0, ("a",), host="small"))
    tally = Tally(limit=3)
    assert [Row(("small", "a"), 1.0)] == read(table(), reading=Weights(parts=parts), tally=tally)[PARTS]
    assert {"big": 4} == tally.dropped


def test_the_fleet_s_own_series_have_no_limit() -> None:
    """They grow with the fleet and belong to no host."""
    tally = Tally(limit=0)
    families = list(Catalogue([], [MEAN]).read({"mean_weight": [(FLEET, Mean(2.0))]}, tally))
    assert [[Row((), 2.0)]] == [family.rows for family in families]


def test_only_fresh_readings_have_values() -> None:
    """After three intervals without success a value ends; a failure alone does not end it."""
    lost = outcome(Failure(Reason.TIMEOUT, "late"), at=NOW + 60)
    snapshot = snapshot_of(outcome(Weights(1.0)), lost)
    assert {"weight": [("kvm1", Weights(1.0))]} == fresh_readings(snapshot.entries, NOW + 90)
    assert {} == fresh_readings(snapshot.entries, NOW + 90.1)


@pytest.mark.parametrize(
    "metric",
    [
        gauge("cs_probe_success", "The frame's own name.", lambda _r: 1.0),
        gauge("cs_x y", "No metric name.", lambda _r: 1.0),
        gauge("up", "Without the prefix.", lambda _r: 1.0),
        gauge("cs_x_total", "A gauge with a counter's name.", lambda _r: 1.0),
        rows("cs_x", "A counter with a gauge's name.", (), lambda _r: (), kind="counter"),
        table(labels=("host",)),
        table(labels=("a", "a")),
        table(labels=("a-b",)),
    ],
)
def test_a_name_that_no_page_could_carry_is_refused_at_the_start(metric: Metric[Weights]) -> None:
    """A sheet's mistake in a name shows when the exporter starts, not as a page that Prometheus refuses."""
    with pytest.raises(ValueError, match=metric.name):
        Catalogue([with_metrics(metric)], [], HEADS)


def test_two_sheets_that_declare_one_name_differently_are_refused() -> None:
    """A family has one type and one set of labels."""
    with pytest.raises(ValueError, match="unlike another owner"):
        Catalogue([with_metrics(table()), with_metrics(table(labels=("piece",)), name="other")], [])
