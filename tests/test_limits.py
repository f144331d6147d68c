"""The limits in force: what most hosts have, and who has another one."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from cs_exporter.limits import in_force
from cs_exporter.model import Host, HostLimits, Inventory
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom


def symptom(limit: float | str) -> Symptom:
    """One with that limit."""
    return Symptom(
        *("CsStub", "It is.", "cs_value", Limit(Op.ABOVE, limit, 1), 1, Severity.INFO, Cause.PORT, "units", "Much."),
        ("look",),
        "Mend.",
    )


def inventory(**limits: float | None) -> Inventory:
    """Hosts with that limit given by the configuration, or none."""
    made = {
        name: Host(name, "192.0.2.1", limits=HostLimits({} if limit is None else {"CsStub": limit}))
        for name, limit in limits.items()
    }
    return Inventory(MappingProxyType(made))


@pytest.mark.parametrize(
    ("sheets", "given", "most", "own"),
    [
        (2.0, {}, 2.0, {}),
        (2.0, {"a": None, "b": None}, 2.0, {}),
        (2.0, {"a": 3.0, "b": 3.0}, 3.0, {}),
        (2.0, {"a": 3.0, "b": None}, 2.0, {"a": 3.0}),
        (2.0, {"a": 3.0, "b": 3.0, "c": None, "d": 7.0}, 3.0, {"c": 2.0, "d": 7.0}),
        (2.0, {"a": 2.0, "b": None, "c": 7.0}, 2.0, {"c": 7.0}),
        ("cs_limit", {"a": None, "b": None}, "cs_limit", {}),
        ("cs_limit", {"a": 3.0, "b": 3.0, "c": None}, "cs_limit", {"a": 3.0, "b": 3.0}),
        ("cs_limit", {"a": 3.0, "b": 3.0, "c": 4.0}, 3.0, {"c": 4.0}),
    ],
)
def test_what_most_hosts_have_is_the_limit(
    sheets: float | str, given: dict[str, float | None], most: float | str, own: dict[str, float]
) -> None:
    """The others have their own; a host that is compared with a series is never given a number."""
    wanted = symptom(sheets)
    found = in_force(inventory(**given), [wanted])
    assert most == found.of_most(wanted)
    assert own == found.own.get("CsStub", {})


def test_only_limits_that_differ_are_kept() -> None:
    """With nothing configured, all is as the sheets say."""
    found = in_force(inventory(a=2.0, b=None), [symptom(2.0)])
    assert ({}, {}) == (found.usual, found.own)
