"""What the metric reference tells and what a page of metrics has, in one shape, so that they can be compared.

Used on a page with everything on it, and on pages of exporters that watch real machines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from cs_exporter.matrix.reference import PATH

COMMITTED = Path(__file__).parents[2] / PATH
_LINE = re.compile(r"^\| `(\w+)` \| (gauge|counter), \w+ \| ([^|]*) \|", re.MULTILINE)

Told = frozenset[tuple[str, str, frozenset[str]]]
"""Metrics as name, type and names of labels."""


def told(page: str) -> Told:
    """What the reference says."""
    return frozenset((name, kind, frozenset(re.findall(r"`(\w+)`", cell))) for name, kind, cell in _LINE.findall(page))


def exposed(page: str) -> Told:
    """What a page of metrics has; of a metric's labels some series may lack one, since empty ones are left out."""
    labels: dict[tuple[str, str], set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels[sample.name, family.type].update(sample.labels)
    return frozenset((name, kind, frozenset(found)) for (name, kind), found in labels.items())


def untold(page: str) -> Iterator[str]:
    """What is on a page of metrics and not in the committed reference: a name, a type, or a label."""
    known = {(name, kind): labels for name, kind, labels in told(COMMITTED.read_text(encoding="utf-8"))}
    for name, kind, labels in sorted(exposed(page), key=lambda metric: metric[0]):
        more = labels - known.get((name, kind), frozenset())
        if (name, kind) not in known or more:
            yield f"{name}: {kind} {sorted(more)} is in no reference"
