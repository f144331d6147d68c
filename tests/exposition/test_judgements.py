"""What the symptoms come to on a page: the limits in force, and what each host is suspected of."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.board import FLEET
from cs_exporter.exposition.families import Row
from cs_exporter.exposition.judgements import SYMPTOM_LIMIT, limit_family
from cs_exporter.exposition.pages import Exposition
from cs_exporter.limits import Limits
from cs_exporter.model import Failure, Reason
from cs_exporter.spec import Cause, Limit, Op, Sample, Section, Severity, Symptom
from cs_exporter.symptoms import holding
from tests.exposition.stubs import BUILD, MEAN, NOW, Mean, Weights, board_of, outcome, samples, sheet, snapshot_of

HEAVY = Symptom(
    name="CsHostHeavy",
    sees="The host weighs more than 100 g.",
    metric="cs_weight_grams",
    limit=Limit(Op.ABOVE, 100.0, step=1),
    runs=2,
    severity=Severity.WARNING,
    cause=Cause.STORAGE,
    unit="grams",
    means="It was fed.",
    look=("weigh",),
    fix="Diet.",
)
HEAVIER = replace(HEAVY, name="CsHostHeavier", limit=Limit(Op.ABOVE, "cs_weight_part_grams", step=1))
PART = replace(HEAVY, name="CsPartHeavy", metric="cs_weight_part_grams", cause=Cause.PATH, severity=Severity.CRITICAL)
NEWS = replace(HEAVY, name="CsHostLight", limit=Limit(Op.BELOW, 50.0, step=1), severity=Severity.INFO, cause=Cause.PORT)
OLD = replace(
    HEAVY,
    name="CsEventsOld",
    metric="cs_weight_events_total",
    limit=Limit(Op.ABOVE, 600.0, step=1, age=True),
    cause=Cause.CLOCK,
)
FLEETS = replace(HEAVY, name="CsMeanHeavy", metric="cs_weight_mean_grams", cause=Cause.EXPORTER)
WEIGHT = replace(sheet(), symptoms=(HEAVY, HEAVIER, PART, NEWS, OLD), sections=(Section("weigh", "echo 1"),))
DERIVED = replace(MEAN, symptoms=(FLEETS,))
EXPOSITION = Exposition([WEIGHT], [DERIVED], BUILD)
WALL = 1_700_000_000.0


def test_every_limit_that_is_a_number_is_shown() -> None:
    """Of most hosts, as a series without a host, and of those with their own; a limit that is a metric has none."""
    limits = Limits({"CsHostHeavy": 120.0}, {"CsHostHeavy": {"kvm1": 90}, "CsHostHeavier": {"kvm2": 7.0}})
    family = limit_family((HEAVY, HEAVIER), limits)
    assert SYMPTOM_LIMIT == family.head
    assert [
        Row(("", "CsHostHeavy"), 120.0),
        Row(("kvm1", "CsHostHeavy"), 90.0),
        Row(("kvm2", "CsHostHeavier"), 7.0),
    ] == family.rows


def test_limits_are_on_the_page() -> None:
    """Those of the sheets, where nothing else is configured."""
    page = EXPOSITION.render(snapshot_of(outcome(Weights(70.0)))).body
    assert {
        'cs_symptom_limit{symptom="CsHostHeavy"} 100.0',
        'cs_symptom_limit{symptom="CsPartHeavy"} 100.0',
        'cs_symptom_limit{symptom="CsHostLight"} 50.0',
        'cs_symptom_limit{symptom="CsEventsOld"} 600.0',
        'cs_symptom_limit{symptom="CsMeanHeavy"} 100.0',
    } == samples(page, ["cs_symptom"])


def suspects(*outcomes: object, series_limit: int = 1000) -> set[tuple[str, str]]:
    """Host and cause, by the page of kvm1 and kvm2 with these outcomes of theirs."""
    made = [outcome(result, host) for result, host in zip(outcomes, ("kvm1", "kvm2"), strict=False)]
    page = EXPOSITION.render(board_of(*made).snapshot(NOW, WALL), series_limit=series_limit).body
    found = (line.split('"') for line in samples(page, ["cs_host_suspect"]))
    return {(host, cause) for _, cause, _, host, _ in found}


def well(total: float | None = 70.0, **parts: float) -> Weights:
    """A reading of now, whose parts weigh this."""
    return Weights(total, tuple(Sample(value, (name,)) for name, value in parts.items()), events=WALL)


@pytest.mark.parametrize(
    ("reading", "causes"),
    [
        (well(), set()),
        (well(101.0), {"storage"}),
        (well(70.0, leg=101.0), {"path"}),
        (well(101.0, leg=101.0), {"path", "storage"}),
        (well(40.0), set()),
        (replace(well(), events=WALL - 601), {"clock"}),
    ],
)
def test_a_host_is_suspected_of_the_causes_of_what_is_seen(reading: Weights, causes: set[str]) -> None:
    """Several at once; of news alone none; an age counts by the wall clock. In maintenance (kvm2) as well."""
    expected = {(host, cause) for host in ("kvm1", "kvm2") for cause in causes}
    assert expected == suspects(reading, reading)


def test_a_row_about_another_host_is_that_hosts() -> None:
    """Not that of the one which was asked."""
    assert {("nfs1", "path")} == suspects(replace(well(), parts=(Sample(101.0, ("leg",), host="nfs1"),)))


def test_what_is_left_out_for_its_number_is_judged_still() -> None:
    """A host with too many series is no healthy one."""
    assert {("kvm1", "path")} == suspects(well(**{f"p{number}": 101.0 for number in range(20)}), series_limit=12)


def test_a_host_that_gives_no_word_is_a_matter_of_reachability() -> None:
    """With the reason of its run; a host whose question does not apply is not."""
    assert {("kvm1", "reachability")} == suspects(Failure(Reason.UNREACHABLE, "no route"), well())


def test_the_fleet_is_no_host() -> None:
    """A symptom of the exporter's own is at none of them."""
    snapshot = snapshot_of(outcome(Mean(101.0), FLEET, "mean_weight"))
    assert ["CsMeanHeavy"] == [held.symptom.name for held in holding(snapshot, (WEIGHT, DERIVED), WALL)]
    assert set() == samples(EXPOSITION.render(snapshot).body, ["cs_host_suspect"])


_GRAMS = st.floats(0, 200)


@given(_GRAMS, st.dictionaries(st.sampled_from(["arm", "leg"]), _GRAMS), st.floats(0, 1200))
def test_the_page_suspects_what_the_judge_finds(total: float, parts: dict[str, float], age: float) -> None:
    """The terminal, the status page and the exposition never disagree about a host."""
    reading = replace(well(total, **parts), events=WALL - age)
    snapshot = board_of(outcome(reading)).snapshot(NOW, WALL)
    held = [one for one in holding(snapshot, (WEIGHT,), WALL) if one.symptom.severity is not Severity.INFO]
    assert {(one.host, one.symptom.cause.value) for one in held} == suspects(reading)
