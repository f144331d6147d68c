"""Rows of the matrix: every symptom has one, with the waits of its probe's interval and labels to be muted by."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from cs_exporter.matrix.muting import carried
from cs_exporter.matrix.rendering import usual
from cs_exporter.matrix.rows import Row, named, placed, rows_of
from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec, Severity

USUAL = usual(PROBES, DERIVED)
ROWS = {row.name: row for row in rows_of(PROBES, DERIVED, USUAL)}


def test_every_symptom_is_a_row() -> None:
    """And knows its sheet."""
    sheets: tuple[AnySpec | AnyDerived, ...] = (*PROBES, *DERIVED)
    declared = {symptom.name: sheet.name for sheet in sheets for symptom in sheet.symptoms}
    assert declared == {row.name: row.probe for row in ROWS.values()}


def test_waits_are_whole_runs() -> None:
    """Two runs in a row lie within 1.2 intervals."""
    assert 36.0 == ROWS["CsNfsServerDown"].wait


def test_hosts_in_maintenance_are_left_out() -> None:
    """And a row without hosts joins with none."""
    muted = 'unless on (host) (host:cs_host_maintenance:max == 1 or cs_host_maintenance{job="mine"} == 1)'
    assert placed("up == 0", ("host",), replace(USUAL, selector='job="mine"')).endswith(muted)
    assert "up == 0" == placed("up == 0", ("instance",), USUAL)


def test_work_at_the_other_end_mutes_too() -> None:
    """A mount hangs, a port is closed, a path is dead because of work on another host than the one that tells."""
    for keys, other in (
        (("host", "peer"), "peer"),
        (("host", "mountpoint"), "server"),
        (("host", "vantage"), "vantage"),
    ):
        assert f"unless on ({other}) label_replace((host:cs_host_maintenance:max == 1" in placed("a", keys, USUAL)
    assert "label_replace" not in placed("a", ("host", "device"), USUAL)


def test_pages_about_agents_name_what_is_suspected() -> None:
    """What is found on the host may well be why its agent is silent."""
    assert {
        *("CsAgentSessionGone", "CsHostAlertImminent", "CsHostAlertImminentCritical"),
        *("CsAgentOutOfMemory", "CsAgentPingsGivenUp"),
        *("CsComputeDown", "CsOpenStackAgentDown", "CsOpenStackComputesSilent"),
        *("CsHostInAlert", "CsHostDown", "CsHostPingsMissing"),
    } == {row.name for row in ROWS.values() if "Suspected" in row.more}


def test_causes_and_those_that_suffer_share_a_label() -> None:
    """A cause names itself, an agent its server, a heartbeat file the file server."""
    assert '"server", "$1", "host"' in named("a", "server", ("host",))
    assert "group_left (management_server)" in named("a", "", ("host", "agent"))
    assert "group_left (server)" in named("a", "", ("host", "mountpoint"))
    assert "a" == named("a", "", ("host", "mountpoint", "server"))


TYPED = re.compile(r"(?<![A-Za-z0-9_$.-])[A-Z][A-Z_]*(?![a-z0-9_])")
"""Words in capitals: of alerts' labels, unless a tool has them so."""

STATEMENT = re.compile(r"""(mariadb|mysql) -e ("[^"]*"|'[^']*')""")

TOOLS = frozenset({"ALERTS", "D", "KILL", "KVMHA", "SYN"})
"""Prometheus' own series, the state of processes that wait for a disk, a signal, CloudStack's folder, a state of ss."""


@pytest.mark.parametrize("row", usual_matrix().rows, ids=lambda row: row.name)
def test_words_in_capitals_are_labels_of_the_alert(row: Row) -> None:
    """Whoever is paged puts the alert's own label there, and must find it, unless any will do."""
    words = {word for text in row.look for word in TYPED.findall(STATEMENT.sub("", text))} - TOOLS
    any_will_do = {word for text in row.look for word in re.findall(r", for any ([A-Z]+)", text)}
    assert set() == words - any_will_do - {label.upper() for label in carried(row)}


@pytest.mark.parametrize(
    "row", [row for row in ROWS.values() if row.severity is Severity.CRITICAL], ids=lambda r: r.name
)
def test_a_page_comes_within_a_minute_where_intervals_are_short(row: Row) -> None:
    """Of 5 s: half a minute at most until it fires, and never after a single run that may have been bad luck."""
    symptom = row.symptom
    assert symptom is not None
    assert symptom.wait(5) <= 30
    assert symptom.runs > 1 or row.name in CERTAIN


OF_LOGS = (
    *("CsAgentHeartbeatWriteFailed", "CsAgentOutOfMemory", "CsAgentPingsGivenUp"),
    *("CsManagementDatabaseFull", "CsManagementFenced", "CsManagementOutOfMemory", "CsManagementPoolExhausted"),
)
CERTAIN = {
    **dict.fromkeys(OF_LOGS, "CloudStack's own word"),
    "CsAgentSessionGone": "30 s besides",
    "CsHostAlertImminentCritical": "counted from what was heard",
    "CsHostRebootNear": "counted from what was written",
    "CsMysqlBlocked": "the server's own word",
    "CsOpenStackClocksApart": "told by reports of both, each of which narrows it down",
    "CsRabbitmqAlarm": "the bus' own word",
    "CsRabbitmqConsumerFrozen": "25 s of looks besides",
}
"""Pages after a single run -> why that is enough."""


def test_causes_come_before_those_that_suffer() -> None:
    """Else everybody is told of the symptoms before the cause mutes them."""
    for cause, symptom in (
        ("CsNfsServerDown", "CsNfsMountHung"),
        ("CsNfsServerSlow", "CsNfsMountSlow"),
        ("CsManagementAgentPortClosed", "CsPortDown"),
        ("CsMysqlSaturated", "CsMysqlConnectionsHigh"),
    ):
        assert ROWS[cause].wait < ROWS[symptom].wait
