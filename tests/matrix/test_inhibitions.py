"""What mutes what: no circle, no cause muted by its symptom, no evidence by blindness, no label that is never there.

All of it by the rows' data; that Alertmanager does the same with the alerts themselves is `test_alertmanager`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter

import pytest

from cs_exporter.matrix.alertmanager import AlertmanagerTimings
from cs_exporter.matrix.inhibitions import INHIBITIONS, OWN_FAULTS, graph, muted_by, mutes, outlasting
from cs_exporter.matrix.muting import Inhibition, Labels, Matcher, carried
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.spec import Severity

ROWS = usual_matrix().rows
BY_NAME = {row.name: row for row in ROWS}
GRAPH = graph(ROWS)
SIDES = [(one, side) for one in INHIBITIONS for side in (one.source, one.target)]

ASKED_BY_THE_EXPORTER = frozenset({"CsMysqlUnreachable", "CsNfsServerDown", "CsNfsServerSlow"})
"""Rows that are about a host, and are found out by connecting to it from the exporter's machine and no other."""

LESS_URGENT = frozenset({"CsHostUnreachable", "CsExporterClockWrong"})
"""Tickets that mute pages: what they explain is no fault of a host's."""


def lacking(inhibition: Inhibition, rows: Sequence[Row]) -> Iterator[str]:
    """What is wrong with its `equal` labels: rows picked by name without one of them, or nobody with all of them."""
    for what, side in (("source", inhibition.source), ("target", inhibition.target)):
        labels = [one for one in map(carried, rows) if all(matcher.may_match(one) for matcher in side)]
        for label in inhibition.equal:
            without = [one["alertname"] for one in labels if label not in one]
            if len(without) == len(labels):
                yield f"{what}: no alert has {label}"
            elif any(matcher.label == "alertname" and "!" not in matcher.operator for matcher in side):
                yield from (f"{what}: {name} has no {label}" for name in without)


@pytest.mark.parametrize("inhibition", INHIBITIONS, ids=lambda one: one.tells[:40])
def test_labels_that_must_be_equal_are_on_both_sides(inhibition: Inhibition) -> None:
    """What one side never has would mute nothing, and what both never have, everything."""
    assert [] == list(lacking(inhibition, ROWS))


@pytest.mark.parametrize(
    ("equal", "expected"),
    [
        (("peer",), {"source: no alert has peer", "target: no alert has peer"}),
        (("host", "mountpoint"), {"source: no alert has mountpoint"}),
        (("server",), set()),
    ],
)
def test_one_with_a_label_that_is_never_there_is_refused(equal: tuple[str, ...], expected: set[str]) -> None:
    """The same check, of an inhibition that nobody should write."""
    source, target = Matcher("alertname", "=", "CsNfsServerDown"), Matcher("alertname", "=", "CsNfsMountHung")
    assert expected == set(lacking(Inhibition("wrong", (source,), (target,), equal), ROWS))


@pytest.mark.parametrize(("inhibition", "side"), SIDES, ids=[one.tells[:40] for one, _ in SIDES])
def test_names_are_of_alerts_that_there_are(inhibition: Inhibition, side: tuple[Matcher, ...]) -> None:
    """A renamed alert must not leave an inhibition behind that does nothing."""
    named = {name for matcher in side if matcher.label == "alertname" for name in matcher.value.split("|")}
    assert set() == named - BY_NAME.keys()
    assert any(inhibition.holds(source, target) for source in ROWS for target in ROWS)


def test_there_is_no_circle() -> None:
    """Two alerts that mute each other reach nobody at all; nor does one mute itself."""
    assert len(ROWS) == len(tuple(TopologicalSorter(GRAPH).static_order()))


def test_a_cause_is_never_muted_by_its_symptom() -> None:
    """Between causes, too, it goes one way: no two mute each other, not even by different alerts."""
    causes: dict[str, set[str]] = {}
    for name, muted in GRAPH.items():
        cause = BY_NAME[name].cause
        causes.setdefault(cause, set()).update(BY_NAME[other].cause for other in muted if BY_NAME[other].cause != cause)
    order = tuple(TopologicalSorter(causes).static_order())
    assert order.index("agent") < order.index("management") < order.index("exporter")
    assert order.index("port") < order.index("storage")
    assert order.index("agent") < order.index("database")


def _blind(labels: Labels) -> bool:
    return labels.get("blind") == "true"


@pytest.mark.parametrize(
    "source",
    [row for row in ROWS if _blind(carried(row)) or row.name == "CsExporterIsolated"],
    ids=lambda row: row.name,
)
def test_evidence_is_not_muted_by_whoever_cannot_look(source: Row) -> None:
    """Only other blindness is, and what rests on connecting from the exporter itself: seen from no other vantage."""
    for inhibition in INHIBITIONS:
        if not inhibition.may_mute(carried(source)):
            continue
        own_look = Matcher("vantage", "=", "exporter") in inhibition.target
        for target in ROWS:
            if inhibition.holds(source, target):
                assert _blind(carried(target)) or own_look or target.name in ASKED_BY_THE_EXPORTER


@pytest.mark.parametrize("source", [row for row in ROWS if GRAPH[row.name]], ids=lambda row: row.name)
def test_a_page_is_not_muted_by_a_ticket(source: Row) -> None:
    """It would wait until the morning."""
    muted = {BY_NAME[name].severity for name in GRAPH[source.name]}
    if source.severity is not Severity.CRITICAL and source.name not in LESS_URGENT:
        assert Severity.CRITICAL not in muted


def test_the_dead_man_is_muted_by_nothing() -> None:
    """Nor does it mute."""
    row = BY_NAME["CsDeadMansSwitch"]
    assert ((), ()) == (mutes(row, ROWS), muted_by(row, ROWS))


MUTED: Mapping[str, tuple[set[str], set[str]]] = {
    "CsHostUnreachable": (
        {"CsHostBlind", "CsProbeUnsupported"},
        {"CsAgentSessionGone", "CsHostAlertImminentCritical", "CsNfsMountHung", "CsPathUnreachable", "CsMysqlMute"},
    ),
    "CsNfsServerDown": (
        {"CsNfsMountHung", "CsNfsMountSlow", "CsNfsRequestsOutstanding", "CsStorageHeartbeatLate", "CsPortDownWarning"},
        {"CsNfsMountStale", "CsNfsMountReadOnly", "CsHostRebootNear", "CsAgentSessionGone"},
    ),
    "CsNfsMountHung": (
        {"CsNfsMountSlow"},
        {"CsNfsServerDown", "CsHostAlertImminent", "CsHostRebootNear", "CsNfsVersionMismatch"},
    ),
    "CsManagementAgentPortClosed": (
        {"CsHostAlertImminent", "CsHostAlertImminentCritical", "CsAgentSessionGone", "CsPortDown"},
        {"CsMysqlDown", "CsNfsMountHung"},
    ),
    "CsManagementServerDown": (
        {"CsAgentSessionGone", "CsHostAlertImminentCritical", "CsManagementHeartbeatLate", "CsPortDown"},
        {"CsHostInAlert", "CsHostDisconnected", "CsManagementHeartbeatStopped", "CsMysqlDown"},
    ),
    "CsManagementHeartbeatStopped": (
        {"CsManagementHeartbeatLate", "CsManagementPeerDown"},
        {"CsAgentSessionGone", "CsHostAlertImminentCritical", "CsManagementClockAhead"},
    ),
    "CsHostPingsMissing": (
        {"CsHostAlertImminent", "CsHostFlapping"},
        {"CsHostAlertImminentCritical", "CsHostInAlert", "CsNfsMountHung", "CsClockSkew"},
    ),
    "CsMysqlDown": (
        {"CsAgentSessionGone", "CsHostAlertImminentCritical", "CsPortDown", "CsMysqlConnectionsHigh"},
        {"CsMysqlBinlogNotRow", "CsManagementAgentPortClosed"},
    ),
    "CsGaleraNotPrimary": (
        {"CsGaleraNotReady", "CsGaleraTooSmall", "CsGaleraMemberSilent"},
        {"CsGaleraSplit", "CsMysqlMute", "CsMysqlSaturated"},
    ),
    "CsMysqlMute": ({"CsGaleraMemberSilent", "CsMysqlUnavailable"}, {"CsGaleraNotPrimary", "CsGaleraSplit"}),
    "CsPathUnreachable": ({"CsPathLoss"}, {"CsPathMtuBlackhole", "CsNfsMountHung"}),
    "CsExporterIsolated": (
        {"CsHostUnreachable", "CsHostBlind", "CsProbeBlind", "CsPortDown", "CsMysqlUnreachable", "CsNfsServerDown"},
        {"CsMysqlDown", "CsMysqlMute", "CsNfsMountHung", "CsAgentSessionGone", "CsExporterAbsent"},
    ),
    "CsExporterCutOff": (set(), {"CsHostUnreachable", "CsPortDown", "CsMysqlUnreachable", "CsNfsServerDown"}),
    "CsExporterAbsent": ({"CsExporterGone", "CsExporterReplicaGone"}, {"CsExporterReloadFailed", "CsDeadMansSwitch"}),
    "CsExporterGone": ({"CsExporterReplicaGone"}, {"CsExporterAbsent", "CsHostUnreachable"}),
    "CsExporterClockWrong": (
        {"CsClockSkew", "CsClockSkewCritical"},
        {"CsClockOffsetCritical", "CsClockNotSynchronised", "CsClockSkewFromFleet", "CsClockSkewInPoolCritical"},
    ),
}


@pytest.mark.parametrize(("name", "muted", "told"), [(name, *both) for name, both in MUTED.items()], ids=MUTED)
def test_what_it_mutes_and_what_not(name: str, muted: set[str], told: set[str]) -> None:
    """As an operator expects it, and the runbooks say it from both ends."""
    found = set(mutes(BY_NAME[name], ROWS))
    assert (set(), set()) == (muted - found, told & found)
    assert all(name in muted_by(BY_NAME[other], ROWS) for other in muted)


def test_a_page_is_no_ticket_as_well() -> None:
    """Of one host and cause; but what has a fault of its own is told."""
    assert {"CsClockOffset", "CsClockNotSynchronised"} <= set(mutes(BY_NAME["CsClockOffsetCritical"], ROWS))
    explained = {name: muted_by(BY_NAME[name], ROWS) for name in OWN_FAULTS}
    assert ("CsPortCertificateExpiresCritical",) == explained.pop("CsPortCertificateExpires")
    assert ("CsCertificateExpiresCritical",) == explained.pop("CsCertificateExpires")
    assert {()} == set(explained.values())


SEEN_AT_THE_QUEUE = {
    ("CsOpenStackConductorSilent", "CsRabbitmqConsumerFrozen"),
    ("CsOpenStackNeutronServerSilent", "CsRabbitmqConsumerFrozen"),
}
"""A queue that nobody serves is seen before its service has missed reports; either page names who it is."""


def test_a_cause_is_there_before_the_page_of_its_symptoms() -> None:
    """As long as a page is gathered it may come later. Where runs are counted longer their agents may be told first."""
    gathered = AlertmanagerTimings().page.wait
    late = {
        (name, other)
        for name, muted in GRAPH.items()
        for other in muted
        if BY_NAME[other].severity is Severity.CRITICAL
        and BY_NAME[other].cause is not BY_NAME[name].cause
        and (symptom := BY_NAME[other].symptom) is not None
        and not symptom.countdown
        and BY_NAME[name].wait > BY_NAME[other].wait + gathered
    }
    sessions = {(name, "CsAgentSessionGone") for name in ("CsPortDown", "CsMysqlUnavailable", "CsGaleraNotReady")}
    assert sessions | SEEN_AT_THE_QUEUE == late


def test_a_cause_outlasts_its_symptoms() -> None:
    """Else what is mended would page once more, at the end; by one run, where another probe sees it."""
    keep = {row.name: row.keep for row in ROWS}
    assert keep["CsManagementAgentPortClosed"] >= keep["CsAgentSessionGone"] + 30
    assert keep["CsMysqlDown"] >= keep["CsAgentSessionGone"] + 30
    assert keep["CsExporterIsolated"] >= keep["CsPortDown"] + 30
    assert keep["CsCertificateExpiresCritical"] == keep["CsCertificateExpires"]
    assert ROWS == outlasting(ROWS)


def test_what_is_told_together_may_end_in_any_order() -> None:
    """One cause and one severity are one group: it goes on until all have ended. Apart, the cause lasts longer."""
    source, target = replace(BY_NAME["CsHostUnreachable"], keep=90.0), replace(BY_NAME["CsHostBlind"], keep=900.0)
    assert [90.0, 900.0] == [row.keep for row in outlasting([source, target])]
    apart = replace(target, severity=Severity.INFO)
    assert [1200.0, 900.0] == [row.keep for row in outlasting([source, apart])]
