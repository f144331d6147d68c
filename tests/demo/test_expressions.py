"""One expression for everything that is wrong: each symptom's condition as the matrix has it, under its name."""

from __future__ import annotations

from types import MappingProxyType

from cs_exporter.model import Host, HostLimits, Inventory
from tests.demo.expressions import SYMPTOMS, everything_red

OWN = Host("kvm1", "192.0.2.1", limits=HostLimits({"CsClockSkew": 7.0}))
OTHERS = {name: Host(name, "192.0.2.2") for name in ("kvm2", "kvm3")}


def test_every_symptom_is_asked_for() -> None:
    """With its name in a label, since a condition's result has none."""
    found = everything_red(Inventory(MappingProxyType(OTHERS)))
    assert [] == [symptom.name for symptom in SYMPTOMS if f'"symptom", "{symptom.name}", "", ""' not in found]


def test_limits_of_the_inventory() -> None:
    """Those that its hosts have of their own count, as in alerts."""
    (skew,) = [symptom for symptom in SYMPTOMS if symptom.name == "CsClockSkew"]
    found = everything_red(Inventory(MappingProxyType({OWN.name: OWN, **OTHERS})), [skew])
    assert 'abs(cs_clock_skew_seconds{host!~"kvm1"})) > 2' in found
    assert 'abs(cs_clock_skew_seconds{host=~"kvm1"})) > 7' in found
