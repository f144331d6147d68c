"""What a host has to do with others: rows compare by value, so that a reload can tell what changed."""

from __future__ import annotations

from cs_exporter.model import Expected, Manner, PortRow


def test_a_port_that_nobody_declared_is_not_the_same_as_an_expected_one() -> None:
    """A row is looked at anew where only its expectation changed."""
    rows = {PortRow("ms1", "192.0.2.1", 8443, "https", 10, expected, Manner.CONNECT) for expected in Expected}
    assert len(Expected) == len(rows)
