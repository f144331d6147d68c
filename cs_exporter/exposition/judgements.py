"""What the symptoms come to, as families: the limits in force.

So that a rule with another limit than the exporter's is seen, and a panel can draw the limit beside the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cs_exporter.exposition.families import Family, Head, Row
from cs_exporter.limits import Limits
from cs_exporter.spec import Symptom

SYMPTOM_LIMIT = Head(
    "cs_symptom_limit",
    "The limit of a symptom in force, in the symptom's unit: without a host that of all hosts that have none of their "
    "own, from the configuration's defaults or the sheet. Absent where the limit is another metric.",
    "gauge",
    ("host", "symptom"),
)


def limit_family(symptoms: Iterable[Symptom], limits: Limits) -> Family:
    """All limits that are numbers."""
    return Family(SYMPTOM_LIMIT, list(_limits(symptoms, limits)))


def _limits(symptoms: Iterable[Symptom], limits: Limits) -> Iterator[Row]:
    for symptom in symptoms:
        most = limits.of_most(symptom)
        if not isinstance(most, str):
            yield Row(("", symptom.name), float(most))
        for host, limit in limits.own.get(symptom.name, {}).items():
            yield Row((host, symptom.name), float(limit))
