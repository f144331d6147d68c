"""Rules about what the sheets declare: names of metrics and symptoms, help texts, labels, settings.

These names are the contract with users: dashboards and alerts of their own are built on them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel

from cs_exporter.spec import AnyDerived, AnySpec, Metric, Symptom

Sheet = AnySpec | AnyDerived
AnyMetric = Metric[object]

NAME = re.compile(r"cs(?:_[a-z0-9]+)+")
BASE_UNITS = ("_seconds", "_bytes", "_ratio", "_celsius", "_volts", "_watts", "_hertz")
BARE_NOUNS = (
    *("_up", "_state", "_success", "_supported", "_failing", "_synchronised", "_maintenance", "_schedulable"),
    *("_connected", "_saturated", "_blackhole", "_done", "_successful", "_seconds_to_alert", "_seconds_to_reboot"),
    *("_connections", "_pool_size", "_expected", "_polled", "_retransmits", "_stratum", "_hard", "_mismatch"),
)
"""Endings of names without a unit: states that are 0 or 1, and counted things."""
FORBIDDEN_LABELS = frozenset(
    {
        *("job", "instance", "service", "namespace", "endpoint", "container", "node", "pod"),
        *("zone", "cluster", "region", "environment"),
    }
)
"""Labels that Prometheus or the platforms around it set themselves; ours would be renamed to exported_..."""
HELP_WORDS = 4  # fewer only repeat the name
SOURCES = re.compile(r"/proc|/sys|\bby\b|\bfrom\b|\bfor\b|RFC|exporter|settings|chrony|statfs|RPC|kernel|mountinfo")


def metric_names(metrics: Iterable[AnyMetric]) -> Iterator[str]:
    """A name is cs_..., and ends in a base unit, _total (counters only), _info or a listed bare noun."""
    for metric in metrics:
        if not NAME.fullmatch(metric.name):
            yield f"{metric.name}: is not cs_[a-z0-9_]+"
        if metric.name.endswith("_total") is not (metric.kind == "counter"):
            yield f"{metric.name}: _total is for counters, and counters end in it"
        if not metric.name.endswith((*BASE_UNITS, *BARE_NOUNS, "_total", "_info")):
            yield f"{metric.name}: ends in no base unit, _total, _info or listed noun"


def metric_helps(metrics: Iterable[AnyMetric]) -> Iterator[str]:
    """A help text is a sentence, and says where the value comes from."""
    for metric in metrics:
        text = metric.help
        if not re.fullmatch(r"[A-Z0-9][^\n]*\.", text) or len(text.split()) < HELP_WORDS:
            yield f"{metric.name}: its help is no sentence: {text!r}"
        if not SOURCES.search(text):
            yield f"{metric.name}: its help names no source: {text!r}"


def metric_labels(metrics: Iterable[AnyMetric]) -> Iterator[str]:
    """No label that other software sets itself; `host` is added by the exposition."""
    for metric in metrics:
        for label in sorted({*metric.labels} & {*FORBIDDEN_LABELS, "host"}):
            yield f"{metric.name}: label {label}"


def one_owner(metrics: Iterable[AnyMetric]) -> Iterator[str]:
    """A metric is declared in one sheet."""
    for name, times in Counter(metric.name for metric in metrics).items():
        if times > 1:
            yield f"{name}: declared {times} times"


def symptom_names(symptoms: Iterable[Symptom]) -> Iterator[str]:
    """A symptom is CamelCase, its first word is Cs, and there is one of the name."""
    for name, times in Counter(symptom.name for symptom in symptoms).items():
        if not re.fullmatch(r"Cs(?:[A-Z][A-Za-z0-9]*)+", name):
            yield f"{name}: is not CamelCase with Cs first"
        if times > 1:
            yield f"{name}: declared {times} times"


def symptom_metrics(symptoms: Iterable[Symptom], metrics: Iterable[AnyMetric]) -> Iterator[str]:
    """What a symptom compares exists, and the labels it looks at are the metric's."""
    known = {metric.name: metric for metric in metrics}
    for symptom in symptoms:
        compared = [symptom.metric, *([symptom.limit.value] if isinstance(symptom.limit.value, str) else [])]
        for name in compared:
            if name not in known:
                yield f"{symptom.name}: {name} is no metric of any sheet"
        labels = known[symptom.metric].labels if symptom.metric in known else tuple(symptom.labels)
        for label in sorted({*symptom.labels} - {*labels}):
            yield f"{symptom.name}: {symptom.metric} has no label {label}"


def symptom_texts(symptoms: Iterable[Symptom]) -> Iterator[str]:
    """A row of the matrix is complete: every text is there, with at least one command to type."""
    for symptom in symptoms:
        for field in ("sees", "means", "fix"):
            if not re.search(r"\w.*[.]$", getattr(symptom, field), re.DOTALL):
                yield f"{symptom.name}: {field} is no sentence"
        if not symptom.look or not all(command.strip() for command in symptom.look):
            yield f"{symptom.name}: no command to look with"


def closed_settings(settings: Iterable[type[BaseModel]]) -> Iterator[str]:
    """Settings can't change under a run, and a misspelt key is an error."""
    for model in settings:
        for key, wanted in (("frozen", True), ("extra", "forbid")):
            if model.model_config.get(key) != wanted:
                yield f"{model.__name__}: {key} is not {wanted!r}"


def all_metrics(sheets: Sequence[Sheet]) -> tuple[AnyMetric, ...]:
    """Every metric of every sheet."""
    return tuple(metric for sheet in sheets for metric in sheet.metrics)


def all_symptoms(sheets: Sequence[Sheet]) -> tuple[Symptom, ...]:
    """Every row of the matrix."""
    return tuple(symptom for sheet in sheets for symptom in sheet.symptoms)
