"""What the symptoms come to, as families: the limits in force, and what each host is suspected of.

So that a rule with another limit than the exporter's is seen, and one look at a host names the cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cs_exporter.exposition.families import Family, Head, Row
from cs_exporter.limits import Limits
from cs_exporter.spec import Cause, Severity, Symptom
from cs_exporter.symptoms import Judge, Verdict

SYMPTOM_LIMIT = Head(
    "cs_symptom_limit",
    "The limit of a symptom in force, in the symptom's unit: without a host that of all hosts that have none of their "
    "own, from the configuration's defaults or the sheet. Absent where the limit is another metric.",
    "gauge",
    ("host", "symptom"),
)

HOST_SUSPECT = Head(
    "cs_host_suspect",
    "1 while a critical or warning symptom of that cause is seen at the host, however short, in maintenance as well; "
    "else absent; reachability: none of the host's probes gets its word.",
    "gauge",
    ("host", "cause"),
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


def suspect_family(judge: Judge, verdicts: Iterable[Verdict], silent: Iterable[str]) -> Family:
    """Every host's suspected causes; `silent`: the hosts that can't be asked."""
    per_host = {name for name, labels in judge.names.items() if labels[:1] == ("host",)}
    found = {(host, Cause.REACHABILITY.value) for host in silent}
    for verdict in verdicts:
        symptom = verdict.symptom
        if symptom.severity is not Severity.INFO and symptom.metric in per_host:
            found.add((verdict.labels[0], symptom.cause.value))
    return Family(HOST_SUSPECT, [Row(key, 1.0) for key in sorted(found)])
