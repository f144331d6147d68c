"""What happened lately: it is summed up, and forgotten when it is old."""

from __future__ import annotations

from cs_exporter.probes.cloudstack.recent import NOTHING, added, total


def test_it_is_forgotten() -> None:
    """After the window, to the second."""
    recent = added(added(NOTHING, 0.0, 3, 60.0), 50.0, 2, 60.0)
    assert 5 == total(added(recent, 60.0, 0, 60.0))
    assert 2 == total(added(recent, 60.1, 0, 60.0))
    assert NOTHING == added(recent, 200.0, 0, 60.0)


def test_nothing_takes_no_room() -> None:
    """A host that never changes has no list."""
    assert NOTHING is added(NOTHING, 5.0, 0, 60.0)
