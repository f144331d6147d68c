"""The reference and a page that is really made say the same: no metric and no label is in one of them alone."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from cs_exporter.matrix.reference import PATH, Entry, files, parts, unexplained
from cs_exporter.matrix.whole import usual_matrix
from tests.matrix.told import COMMITTED, Told, exposed, told, untold
from tests.matrix.whole_page import whole_page

MATRIX = usual_matrix()
ENTRIES = [entry for part in parts(MATRIX) for entry in part.entries]


def differences(reference: Told, page: Told) -> Iterable[str]:
    """What only one of them has."""
    yield from (
        f"{name}: is exposed as {kind} {sorted(labels)} and not told so" for name, kind, labels in page - reference
    )
    yield from (f"{name}: is told and not exposed" for name, kind, labels in reference - page)


def test_the_committed_reference_is_what_is_exposed() -> None:
    """Every family that can be there is on this page, with all its labels."""
    committed = COMMITTED.read_text(encoding="utf-8")
    assert [] == sorted(differences(told(committed), exposed(whole_page())))
    assert [] == list(untold(whole_page()))


@pytest.mark.parametrize(
    "line",
    ['# TYPE cs_a gauge\ncs_a{host="a"} 1\n', '# TYPE cs_build_info gauge\ncs_build_info{colour="a"} 1\n'],
)
def test_a_page_of_a_real_exporter_is_judged_too(line: str) -> None:
    """A name or a label that is in no reference."""
    assert 1 == len(list(untold(line)))


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
    assert set() == unexplained(ENTRIES)
    assert {"colour"} == unexplained([Entry("cs_a", "gauge", ("host", "colour"), "Of a.", "stable")])


def test_metrics_lead_to_their_alerts() -> None:
    """Those that compare it."""
    row = next(line for line in files(MATRIX)[PATH].splitlines() if line.startswith("| `cs_nfs_server_up`"))
    assert "[CsNfsServerDown](../alerts/runbooks/CsNfsServerDown.md)" in row
