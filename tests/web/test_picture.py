"""The nouns of the status: states are ordered by how bad they are, and counted."""

from __future__ import annotations

from cs_exporter.web.picture import State, state_of
from tests.web.clouds import troubled
from tests.web.planted import WALL, picture_of


def test_every_host_is_counted_once() -> None:
    """In the state that it is shown with."""
    picture = picture_of(troubled())
    counts = picture.counts()
    assert len(picture.hosts) == sum(counts.values())
    assert (6, 1, 2, 2) == tuple(
        counts[state] for state in (State.CRITICAL, State.WARNING, State.BLIND, State.MAINTENANCE)
    )


def test_a_state_s_word_is_its_name_in_addresses() -> None:
    """Lower case, as all else there."""
    assert ["critical", "warning", "blind", "pending", "info", "maintenance", "ok", "unknown"] == [
        state.word for state in State
    ]


def test_a_symptom_is_pending_until_it_is_due() -> None:
    """Then it is what its sheet says."""
    picture = picture_of(troubled(), lasting=0.0)
    (silent,) = (view for view in picture.hosts if view.name == "kvm-ams1-017")
    gone = silent.seen[0]
    assert [State.PENDING, State.CRITICAL] == [state_of(gone, wall) for wall in (WALL, WALL + gone.wait)]
