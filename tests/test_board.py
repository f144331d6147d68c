"""The board keeps the latest outcome, the last reading behind it, and counts; values end after three intervals."""

from __future__ import annotations

from cs_exporter.board import Board
from cs_exporter.model import Failure, Host, Inventory, Outcome, Reason, Unsupported

KVM1 = Host("kvm1", "192.0.2.1")


def outcome(result: object, at: float = 100.0) -> Outcome:
    """An outcome of probe `p` on kvm1 that finished at monotonic time `at`."""
    return Outcome("p", "kvm1", started=1000.0 + at, finished_monotonic=at, duration=0.5, result=result)


def test_a_failure_keeps_the_last_reading_and_counts_its_reason() -> None:
    """One lost poll shows as a failure at once, while the values of the reading before it stay."""
    board = Board(Inventory({"kvm1": KVM1}))
    board.land(outcome("reading"), 30.0)
    entry = board.land(outcome(Failure(Reason.TIMEOUT, "late"), at=130.0), 30.0)
    assert (Failure(Reason.TIMEOUT, "late"), "reading") == (entry.failure, entry.fresh_reading(130.0))
    assert (2, {Reason.TIMEOUT: 1}, 1100.5) == (entry.runs, dict(entry.failures), entry.last_success)


def test_values_end_after_three_intervals_without_success() -> None:
    """A stale value must not look alive."""
    entry = Board(Inventory({"kvm1": KVM1})).land(outcome("reading"), 30.0)
    assert "reading" == entry.fresh_reading(190.0)
    assert entry.fresh_reading(190.1) is None


def test_an_unsupported_question_has_no_values() -> None:
    """Neither success nor failure: the reading before it is not shown."""
    board = Board(Inventory({"kvm1": KVM1}))
    board.land(outcome("reading"), 30.0)
    entry = board.land(outcome(Unsupported("no such tool"), at=101.0), 30.0)
    assert (False, None, None) == (entry.supported, entry.failure, entry.fresh_reading(101.0))


def test_a_host_that_leaves_the_inventory_is_forgotten() -> None:
    """A removed host's series end with it, and the fleet's own entries stay."""
    board = Board(Inventory({"kvm1": KVM1}))
    board.land(outcome("reading"), 30.0)
    board.land(Outcome("derived", "", 0.0, 0.0, 0.0, "fleet"), 30.0)
    board.replace_inventory(Inventory({}))
    assert ["derived"] == [entry.latest.probe for entry in board.snapshot(0.0).entries]


def test_hosts_with_failing_runs_are_counted() -> None:
    """A host once, however many of its probes fail; a derivation that fails for the fleet is no host."""
    board = Board(Inventory({"kvm1": KVM1}))
    for probe, host in (("p", "kvm1"), ("q", "kvm1"), ("p", "")):
        board.land(Outcome(probe, host, 0.0, 0.0, 0.0, Failure(Reason.TIMEOUT, "late")), 30.0)
    assert 1 == board.failing_hosts()
    board.land(Outcome("q", "kvm1", 0.0, 0.0, 0.0, "reading"), 30.0)
    assert 1 == board.failing_hosts()
    board.land(outcome("reading"), 30.0)
    assert 0 == board.failing_hosts()


def test_a_snapshot_does_not_follow_the_board() -> None:
    """A render in a thread sees one moment."""
    board = Board(Inventory({"kvm1": KVM1}))
    snapshot = board.snapshot(0.0)
    board.land(outcome("reading"), 30.0)
    board.health.ssh_connections = 7
    board.health.counters.requests += 1
    assert ((), 0, 0) == (snapshot.entries, snapshot.health.ssh_connections, snapshot.health.counters.requests)
