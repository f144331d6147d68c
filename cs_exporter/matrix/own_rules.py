"""Rows about the rules themselves: made with other limits than the exporter's, or not evaluated and delivered at all.

Alerts that judge by another limit than the status page does would send somebody to look for what is not there.
"""

from __future__ import annotations

from cs_exporter.matrix import records
from cs_exporter.matrix.promql import indented, selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row
from cs_exporter.spec import Cause, Severity


def rows(rendering: Rendering) -> tuple[Row, ...]:
    """In the order in which an operator meets them."""
    return (_outdated(rendering), _dead_man())


def _outdated(rendering: Rendering) -> Row:
    force, deployed = selector("cs_symptom_limit", also=rendering.selector), records.DEPLOYED
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
            "promtool query instant http://localhost:9090 'cs_symptom_limit{symptom=\"SYMPTOM\"}'",
            f"promtool query instant http://localhost:9090 '{deployed}{{symptom=\"SYMPTOM\"}}'",
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
        proofs=_outdated_proofs(),
    )


def _outdated_proofs() -> tuple[Proof, ...]:
    usual = 'cs_symptom_limit{symptom="CsMysqlConnectionsHigh",instance="a"}'
    own = 'cs_symptom_limit{symptom="CsMysqlConnectionsHigh",host="db1",instance="a"}'
    made = f'{records.DEPLOYED}{{symptom="CsMysqlConnectionsHigh"}}'
    made_own = f'{records.DEPLOYED}{{symptom="CsMysqlConnectionsHigh",host="db1"}}'
    name = {"symptom": "CsMysqlConnectionsHigh"}
    return (
        Proof("one limit is another, for one exporter of two", _two(force=(0.9, 0.8), deployed=0.8), (name,)),
        Proof("it is the same", _two(force=(0.8, 0.8), deployed=0.8), ()),
        Proof(
            "a host has a limit of its own that no rule has",
            {usual: "0.8x60", own: "0.7x60", made: "0.8x60"},
            (name,),
        ),
        Proof("a rule has one that no exporter has", {usual: "0.8x60", made: "0.8x60", made_own: "0.7x60"}, (name,)),
        Proof("no exporter tells its limits", {made: "0.8x60"}, ()),
    )


def _two(force: tuple[float, float], deployed: float) -> dict[str, str]:
    """What two exporters and the rules take for the limit."""
    series = {
        f'cs_symptom_limit{{symptom="CsMysqlConnectionsHigh",instance="{instance}"}}': f"{limit:g}x60"
        for instance, limit in zip("ab", force, strict=True)
    }
    return {**series, f'{records.DEPLOYED}{{symptom="CsMysqlConnectionsHigh"}}': f"{deployed:g}x60"}


def _dead_man() -> Row:
    always = "vector(1)"
    return Row(
        name="CsDeadMansSwitch",
        sees="This alert always fires: as long as it arrives, alerts reach somebody.",
        means="Prometheus evaluates the rules of cs_exporter, and Alertmanager delivers. When it stops, they do not.",
        look=("promtool query instant http://localhost:9090 'ALERTS{alertname=\"CsDeadMansSwitch\"}'",),
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
