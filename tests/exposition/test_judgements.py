"""What the symptoms come to on a page: the limits in force."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.exposition.families import Row
from cs_exporter.exposition.judgements import SYMPTOM_LIMIT, limit_family
from cs_exporter.exposition.pages import Exposition
from cs_exporter.limits import Limits
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom
from tests.exposition.stubs import BUILD, Weights, outcome, samples, sheet, snapshot_of

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
    weight = replace(sheet(), symptoms=(HEAVY,))
    page = Exposition([weight], [], BUILD).render(snapshot_of(outcome(Weights(70.0)))).body
    assert {'cs_symptom_limit{symptom="CsHostHeavy"} 100.0'} == samples(page, ["cs_symptom"])
