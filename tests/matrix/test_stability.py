"""What is promised to be stable exists, and nothing else is promised."""

from __future__ import annotations

from cs_exporter.matrix.reference import parts
from cs_exporter.matrix.stability import EXPERIMENTAL, STABLE, STABLE_METRICS, stability
from cs_exporter.matrix.whole import usual_matrix

OF_PLATFORMS = {"cs_host_state", "cs_host_schedulable"}
"""Promised, and filled as soon as a cloud tells."""


def test_promises_are_kept() -> None:
    """A name that is gone, or misspelt, is seen."""
    names = {entry.name for part in parts(usual_matrix()) for entry in part.entries}
    assert set() == STABLE_METRICS - names - OF_PLATFORMS


def test_of_others_nothing_is_promised() -> None:
    """Counters of our own work, for example."""
    assert (STABLE, EXPERIMENTAL) == (stability("cs_probe_success"), stability("cs_echoes_total"))
