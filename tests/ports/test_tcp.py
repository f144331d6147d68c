"""Port states: the five words that users know from their own tools."""

from __future__ import annotations

from cs_exporter.ports import PortState, Talk


def test_the_states_are_the_ones_in_the_contract() -> None:
    """They are label values on /metrics; dashboards rely on them."""
    assert ["open", "refused", "filtered", "reset", "mute"] == [*PortState]


def test_nothing_is_said_unless_told() -> None:
    """A destination is left alone by default: connect, look, close."""
    assert (b"", False, False) == (Talk().send, Talk().listen, Talk().tls)
