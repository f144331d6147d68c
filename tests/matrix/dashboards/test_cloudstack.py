"""The CloudStack dashboard: states in words, heartbeats with their limits, VMs by zone."""

from __future__ import annotations

from cs_exporter.matrix.dashboards.cloudstack import dashboard
from tests.matrix.dashboards.stubs import FLEET, titled

FOUND = dashboard(FLEET)


def test_states_in_words() -> None:
    """The worst hosts' are shown, whatever they are called; those of any platform have words."""
    panel = titled(FOUND, "States of hosts")
    states = {"Alert", "Down", "Disconnected", "Connecting", "Error", "down"}
    assert {"ok", *states} == {word.text for word in panel.words}
    assert "{{host}}" == panel.queries[0].legend


def test_heartbeats_have_their_limits() -> None:
    """Late, and stopped."""
    panel = titled(FOUND, "Age of their heartbeats")
    assert [None, 3, 30] == [step.value for step in panel.steps]


def test_guests_are_told_by_zone() -> None:
    """And by what they are on their way from."""
    panel = titled(FOUND, "Longest in transition")
    assert "{{host}} {{cloud_zone}} {{state}}" == panel.queries[0].legend
