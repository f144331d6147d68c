"""The nouns: what is frozen stays, an outcome's reading is told from a failure, and defaults are shared safely."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from cs_exporter.model import Failure, Host, HostLimits, Inventory, Outcome, ProbeFailed, Reason, Unsupported

KVM1 = Host("kvm1", "192.0.2.1")


@pytest.mark.parametrize(
    ("reading", "result"),
    [("a reading", "a reading"), (None, Failure(Reason.TIMEOUT, "late")), (None, Unsupported("no chronyc"))],
)
def test_only_a_reading_is_an_outcomes_reading(reading: object, result: object) -> None:
    """A failure or an inapplicable question never passes for an answer."""
    assert reading == Outcome("p", "kvm1", 0.0, 0.0, 0.1, result).reading


def test_a_failed_probe_says_reason_and_detail() -> None:
    """Log lines and terminals show the exception's text as it is."""
    error = ProbeFailed(Reason.HOST_KEY, "kvm1: key changed")
    assert ("host_key: kvm1: key changed", Reason.HOST_KEY) == (str(error), error.reason)


def test_the_inventory_is_asked_by_name_and_keeps_its_order() -> None:
    """Pages and sweeps list hosts in the order of the configuration."""
    kvm0 = Host("kvm0", "192.0.2.2")
    inventory = Inventory({"kvm1": KVM1, "kvm0": kvm0})
    assert ([KVM1, kvm0], 2, KVM1, None) == (
        list(inventory),
        len(inventory),
        inventory.get("kvm1"),
        inventory.get("kvm2"),
    )


def test_nothing_of_a_host_can_be_changed() -> None:
    """A run in flight may rely on its host; a reload makes new ones. The mappings are closed as well."""
    with pytest.raises(FrozenInstanceError):
        KVM1.address = "192.0.2.9"  # type: ignore[misc]  # the type checker forbids it too, which is the point
    with pytest.raises(TypeError):
        HostLimits().symptoms["CsClockSkewed"] = 1.0  # type: ignore[index]  # the same for the mapping
