"""Profiles share what was worked out, and an attempt keeps its mistakes to itself."""

from __future__ import annotations

from cs_exporter.config.errors import path_text
from cs_exporter.config.layers import Layer
from cs_exporter.config.profiles import Profiles
from cs_exporter.model import Connection, Role
from tests.stub_probe import CLOCK

LOCAL = Layer((), {"connection": Connection.LOCAL, "roles": ("storage",)})


def test_what_nobody_says_is_the_default() -> None:
    """A host of no platform, without mounts and ports."""
    found = Profiles((CLOCK,), 15.0, 10.0).profile((LOCAL,))
    assert found is not None
    assert ("static", frozenset({Role.STORAGE}), (), ()) == (found.platform, found.roles, found.mounts, found.ports)
    assert CLOCK.settings() == found.settings["clock"]


def test_an_attempt_shares_settings_and_keeps_its_mistakes_to_itself() -> None:
    """What a cloud says may be refused; the configuration stays as good as it was."""
    profiles = Profiles((CLOCK,), 15.0, 10.0)
    trial = profiles.attempt()
    assert trial.profile((LOCAL, Layer(("hosts", 0), {"probes": {"clock": {"bad": -1}}}))) is None
    assert (["hosts[0].probes.clock.bad"], {}) == (
        [path_text(mistake.location) for mistake in trial.mistakes],
        profiles.mistakes,
    )
    first, second = profiles.profile((LOCAL,)), trial.profile((LOCAL,))
    assert first is not None
    assert second is not None
    assert first.settings is second.settings


def test_a_mistake_is_kept_once() -> None:
    """A thousand hosts without a key are one mistake."""
    profiles = Profiles((CLOCK,), 15.0, 10.0)
    asked = [profiles.profile((Layer((), {"maintenance": planned}),)) for planned in (True, False)]
    assert (2, ["ssh.key_file", "ssh.known_hosts"]) == (
        len(asked),
        [path_text(mistake.location) for mistake in profiles.mistakes],
    )
