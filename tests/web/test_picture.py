"""The nouns of the status: states are ordered by how bad they are, and counted."""

from __future__ import annotations

from dataclasses import replace

from cs_exporter.web.picture import State, state_of, told
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


def test_a_warning_is_not_told_beside_its_critical_symptom() -> None:
    """One matter, told once; but a warning that is due is not hidden by what is still pending."""
    (view,) = (view for view in picture_of(troubled()).hosts if view.name == "kvm-ams1-009")
    names = {one.held.symptom.name for one in view.seen}
    shown = {one.held.symptom.name for one in told(view.seen, WALL)}
    assert {"CsHostAlertImminent"} == names - shown
    sure = [
        replace(one, since=WALL, wait=600.0) if one.held.symptom.name == "CsHostAlertImminentCritical" else one
        for one in view.seen
    ]
    assert names == {one.held.symptom.name for one in told(sure, WALL)}
