"""What became of an echo: our own kernel's refusal never passes for a router's answer."""

from __future__ import annotations

from cs_exporter.ports import Echo, EchoState, EchoWay


def test_a_local_refusal_is_no_answer_of_the_path() -> None:
    """Both carry an MTU, and mean different things."""
    assert Echo(EchoState.LOCAL, 9000, mtu=1500) != Echo(EchoState.TOO_BIG, 9000, mtu=1500)


def test_ways_stand_from_best_to_least() -> None:
    """The checklist tells a user which privilege would give more."""
    assert ["raw", "ping", "udp"] == [*EchoWay]
