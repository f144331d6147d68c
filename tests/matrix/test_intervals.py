"""Waits of rules about runs: as long as the probes take, whatever interval an operator gives them."""

from __future__ import annotations

from cs_exporter.matrix.intervals import by_interval, quickest, reaching, slowest, span, wait
from cs_exporter.matrix.rendering import Rendering, usual
from cs_exporter.probes import DERIVED, PROBES

USUAL = usual(PROBES, DERIVED)


def test_runs_lie_within_their_wait() -> None:
    """As for symptoms: three runs within 2.4 intervals; a range is never empty."""
    assert (72.0, "72s", "1s") == (wait(3, 30), span(3, 30), span(1, 30))


def test_probes_stand_with_their_interval() -> None:
    """The quickest first, and each of them once."""
    found = by_interval(USUAL, PROBES)
    assert [15.0, 30.0, 60.0, 300.0] == [interval for interval, _ in found]
    assert sorted(spec.name for spec in PROBES) == sorted(name for _, names in found for name in names)
    assert (15.0, 300.0) == (quickest(USUAL, PROBES), slowest(USUAL, PROBES))


def test_equal_intervals_are_one_group() -> None:
    """As in a cloud where an operator gave all probes the same."""
    rendering = Rendering({spec.name: 5.0 for spec in PROBES})
    assert [5.0] == [interval for interval, _ in by_interval(rendering, PROBES)]


def test_what_needs_a_login() -> None:
    """Databases, file servers and ports are asked without one."""
    assert {
        *("agent_certificates", "agent_heartbeat", "block_storage", "nfs_mounts"),
        *("agent_log", "management_log"),
        *("path_mtu", "storage_heartbeat", "time_drift"),
    } == {spec.name for spec in reaching(PROBES)}
