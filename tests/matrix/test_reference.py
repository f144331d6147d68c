"""The reference and a page that is really made say the same: no metric and no label is in one of them alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cs_exporter.matrix.reference import PATH, Entry, files, parts, untold
from cs_exporter.matrix.whole import usual_matrix
from tests.matrix.whole_page import whole_page

ROOT = Path(__file__).parents[2]
MATRIX = usual_matrix()
ENTRIES = [entry for part in parts(MATRIX) for entry in part.entries]
LINE = re.compile(r"^\| `(\w+)` \| (gauge|counter), \w+ \| ([^|]*) \|", re.MULTILINE)

Told = frozenset[tuple[str, str, frozenset[str]]]
"""Metrics as name, type and names of labels."""


def told(page: str) -> Told:
    """What the reference says."""
    return frozenset((name, kind, frozenset(re.findall(r"`(\w+)`", cell))) for name, kind, cell in LINE.findall(page))


def exposed(page: str) -> Told:
    """What a page of metrics has; of a metric's labels some series may lack one, since empty ones are left out."""
    labels: dict[tuple[str, str], set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels[sample.name, family.type].update(sample.labels)
    return frozenset((name, kind, frozenset(found)) for (name, kind), found in labels.items())


def differences(reference: Told, page: Told) -> Iterable[str]:
    """What only one of them has."""
    yield from (
        f"{name}: is exposed as {kind} {sorted(labels)} and not told so" for name, kind, labels in page - reference
    )
    yield from (f"{name}: is told and not exposed" for name, kind, labels in reference - page)


def test_the_committed_reference_is_what_is_exposed() -> None:
    """Every family that can be there is on this page, with all its labels."""
    committed = (ROOT / PATH).read_text(encoding="utf-8")
    assert [] == sorted(differences(told(committed), exposed(whole_page())))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("| `cs_nfs_server_up` |", "| `cs_nfs_server_upp` |"),
        ("| `cs_build_info` | gauge, stable | `version`, `revision`", "| `cs_build_info` | gauge, stable | `version`"),
        ("| `cs_echoes_total` | counter", "| `cs_echoes_total` | gauge"),
    ],
)
def test_a_difference_is_seen(before: str, after: str) -> None:
    """A name, a label, a type: each is found on both sides."""
    page = files(MATRIX)[PATH]
    assert before in page
    assert 2 == len(list(differences(told(page.replace(before, after)), exposed(whole_page()))))


def test_every_label_is_told() -> None:
    """By name, and a planted one is missed."""
    assert set() == untold(ENTRIES)
    assert {"colour"} == untold([Entry("cs_a", "gauge", ("host", "colour"), "Of a.", "stable")])


def test_metrics_lead_to_their_alerts() -> None:
    """Those that compare it."""
    row = next(line for line in files(MATRIX)[PATH].splitlines() if line.startswith("| `cs_nfs_server_up`"))
    assert "[CsNfsServerDown](../alerts/runbooks/CsNfsServerDown.md)" in row
