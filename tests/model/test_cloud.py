"""A cloud's answer is frozen: what was found out stays what it was."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from cs_exporter.model import Census, CloudHost, Role, Traffic


def test_nothing_of_an_answer_can_be_changed() -> None:
    """It is kept, compared with the next one, and written to disk."""
    host = CloudHost(
        "0d6f", "kvm1", "192.0.2.1", frozenset({Role.HYPERVISOR}), addresses={Traffic.STORAGE: "198.51.100.1"}
    )
    with pytest.raises(FrozenInstanceError):
        host.name = "kvm2"  # type: ignore[misc]  # the type checker forbids it too, which is the point
    assert Census((host,)) == Census((host,))
