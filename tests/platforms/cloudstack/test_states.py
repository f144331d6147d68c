"""Rows of both sources look alike, and say by None or empty text what their source can't tell."""

from __future__ import annotations

from cs_exporter.platforms.cloudstack.states import HostState, ServerState, Source, States


def test_what_a_source_cannot_tell_is_missing_and_not_nought() -> None:
    """The API has no update_count and no last_update: a zero would be a statement."""
    host, server = HostState("0d6f", "kvm1", "Routing", "Up", "Enabled"), ServerState("1c2d", "ms1", "Up")
    states = States(Source.API, (host,), (server,))
    assert (None, None, None) == (states.hosts[0].transitions, states.servers[0].beat_age, states.investigations)
