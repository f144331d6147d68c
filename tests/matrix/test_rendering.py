"""What an operator's configuration changes in the matrix: intervals, and the limits of all or of some hosts."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from cs_exporter.matrix.rendering import of_inventory, usual
from cs_exporter.model import Host, HostLimits, Inventory
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.probes.clocks.symptoms import SYMPTOMS

SYMPTOM = next(symptom for symptom in SYMPTOMS if symptom.name == "CsClockSkew")


def hosts(**limits: float | None) -> Inventory:
    """Hosts with that limit of CsClockSkew."""
    made = {
        name: Host(name, "192.0.2.1", limits=HostLimits({} if limit is None else {SYMPTOM.name: limit}))
        for name, limit in limits.items()
    }
    return Inventory(MappingProxyType(made))


def test_without_a_configuration_it_is_the_sheets_own() -> None:
    """Derived probes are as slow as the slowest of what they look at."""
    found = usual(PROBES, DERIVED)
    assert (2.0, {}, 60.0, 60.0) == (
        found.limit(SYMPTOM),
        found.own,
        found.intervals["time_drift"],
        found.intervals["clock_fleet"],
    )


@pytest.mark.parametrize(("base", "interval", "kept"), [(15, 15, 120), (15, 60, 180), (5, 5, 40), (5, 30, 90)])
def test_an_alert_outlives_three_runs_and_a_restart_of_the_exporter(base: float, interval: float, kept: float) -> None:
    """75 s without a value, where the base interval is the usual one, end nothing."""
    assert kept == of_inventory(hosts(), PROBES, DERIVED, base).kept(interval)


def test_what_most_hosts_have_is_the_limit_and_the_others_have_their_own() -> None:
    """So that a rule names few hosts."""
    found = of_inventory(hosts(a=3, b=3, c=None, d=7), PROBES, DERIVED, 15)
    assert 3 == found.limit(SYMPTOM)
    assert {"c": 2.0, "d": 7} == found.own[SYMPTOM.name]


def test_the_slowest_host_counts() -> None:
    """Else an alert on it would be there after a single run."""
    settings = next(spec.settings for spec in PROBES if spec.name == "time_drift")()
    made = {
        name: replace(host, settings={"time_drift": settings.model_copy(update={"interval": interval})})
        for (name, host), interval in zip(hosts(a=None, b=None).hosts.items(), (20.0, 100.0), strict=True)
    }
    assert 105 == of_inventory(Inventory(MappingProxyType(made)), PROBES, DERIVED, 15).intervals["time_drift"]
