"""Rows about the rules themselves: made with other limits than the exporter's, or not evaluated and delivered at all.

Alerts that judge by another limit than the status page does would send somebody to look for what is not there.
"""

from __future__ import annotations

from cs_exporter.matrix import records
from cs_exporter.matrix.promql import equal, indented, selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row
from cs_exporter.spec import Cause, Severity

_QUERY, _THERE = "promtool query instant http://localhost:9090", "on Prometheus' machine"


def rows(rendering: Rendering) -> tuple[Row, ...]:
    """In the order in which an operator meets them."""
    return (_outdated(rendering), _dead_man())


def _outdated(rendering: Rendering) -> Row:
    force = selector("cs_symptom_limit", also=rendering.selector)
    deployed = selector(records.DEPLOYED, *equal({"selector": rendering.selector}))
    differing = (
        f"max by (symptom, host) ({force} != on (symptom, host) group_left () {deployed})\n"
        f"or max by (symptom, host) ({force} unless on (symptom, host) {deployed})\n"
        f"or ({deployed} unless on (symptom, host) {force}) and on () count({force})"
    )
    holds = f"count by (symptom) (\n{indented(differing)}\n)"
    return Row(
        name="CsRulesOutdated",
        sees="Prometheus judges a symptom by another limit than cs_exporter.",
        means="The limit was changed in the configuration and the rules were not made anew, or the other way round: "
        "alerts and status page disagree.",
        look=(
            f"{_QUERY} 'cs_symptom_limit{{symptom=\"SYMPTOM\"}}', {_THERE}",
            f"{_QUERY} '{records.DEPLOYED}{{symptom=\"SYMPTOM\"}}', {_THERE}",
        ),
        fix="cs-exporter matrix write --config.file FILE --output DIR writes the rules that go with the configuration; "
        "give them to Prometheus and reload it.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=("symptom",),
        condition=holds,
        expression=holds,
        wait=900,
        keep=rendering.kept(0),
        unit="limits",
        proofs=_outdated_proofs(rendering),
    )


def _outdated_proofs(rendering: Rendering) -> tuple[Proof, ...]:
    def made(limit: float, **labels: str) -> dict[str, str]:
        """A limit that rules were made with."""
        known = {"symptom": "CsMysqlConnectionsHigh", **rendering.cloud, **labels}
        return {selector(records.DEPLOYED, *equal(known)): f"{limit:g}x60"}

    def force(limit: float, instance: str = "a", **labels: str) -> dict[str, str]:
        """A limit that an exporter has."""
        known = {"symptom": "CsMysqlConnectionsHigh", "instance": instance, **labels}
        return {selector("cs_symptom_limit", *equal(known)): f"{limit:g}x60"}

    own, name = {"host": "db1"}, {"symptom": "CsMysqlConnectionsHigh"}
    same = {**force(0.8), **made(0.8)}
    return (
        Proof("one limit is another, for one exporter of two", {**force(0.9), **force(0.8, "b"), **made(0.8)}, (name,)),
        Proof("it is the same", {**same, **force(0.8, "b")}, ()),
        Proof("a host has a limit of its own that no rule has", {**same, **force(0.7, **own)}, (name,)),
        Proof("a rule has one that no exporter has", {**same, **made(0.7, **own)}, (name,)),
        Proof("no exporter tells its limits", made(0.8), ()),
        Proof("another cloud's rules have another one", {**same, **made(0.7, selector='job="other"')}, ()),
    )


def _dead_man() -> Row:
    always = "vector(1)"
    return Row(
        name="CsDeadMansSwitch",
        sees="This alert always fires: as long as it arrives, alerts reach somebody.",
        means="Prometheus evaluates the rules of cs_exporter, and Alertmanager delivers. When it stops, they do not.",
        look=(f"{_QUERY} 'ALERTS{{alertname=\"CsDeadMansSwitch\"}}', {_THERE}",),
        fix="Give it to a service that reports when it does not arrive, and look at Prometheus and Alertmanager then.",
        severity=Severity.INFO,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=(),
        condition=always,
        expression=always,
        wait=0,
        keep=0,
        proofs=(Proof("it fires with nothing else there", {}, ({},)),),
    )
