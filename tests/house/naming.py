"""Rules about what the sheets declare: names of metrics and symptoms, help texts, labels, settings.

These names are the contract with users: dashboards and alerts of their own are built on them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

from pydantic import BaseModel

from cs_exporter.spec import Symptom


class Declared(Protocol):
    """What a metric of a sheet and a family of the frame have in common."""

    @property
    def name(self) -> str:
        """The metric's name."""

    @property
    def help(self) -> str:
        """Its help text."""

    @property
    def kind(self) -> str:
        """Either gauge or counter."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of its labels."""


NAME = re.compile(r"cs(?:_[a-z0-9]+)+")
UNITS = ("bytes", "celsius", "hertz", "ratio", "seconds", "volts", "watts")
STATES = (
    *("denied", "only", "primary", "privileged", "ready", "row", "running", "stopped", "unanswered"),  # of databases
    *("asymmetric", "cached", "reduced", "unmeasured", "unreachable"),  # of paths
    *("armed", "gone", "unexpected", "unread"),
    *("listening", "retransmitting"),  # of agents' sessions
    *("blackhole", "connected", "done", "failing", "hard", "maintenance", "mismatch", "remount"),
    *("saturated", "schedulable", "state", "success", "successful", "supported", "synchronised", "unjudged", "up"),
    "suspect",
    *("lost", "unreadable"),  # of block devices and certificates
    *("missing", "unasked", "unowned"),  # of a cloud's word
    *("dead", "unstarted", "untold", "unusable"),  # of agents that report into their cloud's tables
    "alarm",  # of the message bus
)
COUNTED = (
    *("held", "lacking", "missing"),  # of discovery
    *("refusals", "threads", "views"),
    *("compared", "interfaces"),
    *(
        "connections",
        "dropped",
        "expected",
        "hosts",
        "metrics",
        "outstanding",
        "polled",
        "reachable",
        "retransmits",
        "series",
        "size",
        "stratum",
        "unwatched",
    ),
    *("paths", "sessions"),  # of block devices
    *("consumers", "messages", "nodes", "queues", "unacknowledged"),  # of the message bus
    *("alert", "reboot"),  # seconds to these
    "limit",  # in its symptom's unit
    *("agents", "changes", "down", "error", "errors", "pools", "transition", "unfinished", "vms"),  # of a cloud
)
LAST_WORDS = frozenset({"info", "total", *UNITS, *STATES, *COUNTED})
"""What a metric's name may end in: a base unit, a state that is 0 or 1, or what is counted."""

FORBIDDEN_LABELS = frozenset(
    {
        *("job", "instance", "service", "namespace", "endpoint", "container", "node", "pod"),
        *("zone", "cluster", "region", "environment"),
    }
)
"""Labels that Prometheus or the platforms around it set themselves; ours would be renamed to exported_..."""

SENTENCE = re.compile(r"[A-Z0-9]\S*(?: \S+){2,}\.")
ORIGIN = re.compile(r"\b(?:from|by|in|of|as)\b|/proc|/sys|chrony|statfs|RPC")


def metric_names(metrics: Iterable[Declared]) -> Iterator[str]:
    """A name is cs_..., and ends in a base unit, _total (counters only), _info or a listed word."""
    for metric in metrics:
        if not NAME.fullmatch(metric.name):
            yield f"{metric.name}: is not cs_[a-z0-9_]+"
        if metric.name.endswith("_total") is not (metric.kind == "counter"):
            yield f"{metric.name}: _total is for counters, and counters end in it"
        if metric.name.rpartition("_")[2] not in LAST_WORDS:
            yield f"{metric.name}: ends in no base unit, _total, _info or listed word"


def metric_helps(metrics: Iterable[Declared]) -> Iterator[str]:
    """A help text is a sentence."""
    for metric in metrics:
        if not SENTENCE.fullmatch(metric.help):
            yield f"{metric.name}: its help is no sentence: {metric.help!r}"


def metric_origins(metrics: Iterable[Declared]) -> Iterator[str]:
    """A help text says where the value comes from, so that a doubted number can be looked up."""
    for metric in metrics:
        if not ORIGIN.search(metric.help):
            yield f"{metric.name}: its help names no source: {metric.help!r}"


def metric_labels(metrics: Iterable[Declared]) -> Iterator[str]:
    """No label that other software sets itself."""
    for metric in metrics:
        for label in sorted({*metric.labels} & FORBIDDEN_LABELS):
            yield f"{metric.name}: label {label}"


def one_owner(metrics: Iterable[Declared]) -> Iterator[str]:
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


def symptom_metrics(symptoms: Iterable[Symptom], metrics: Iterable[Declared]) -> Iterator[str]:
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
