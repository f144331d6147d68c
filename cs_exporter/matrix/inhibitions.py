"""Which alerts mute which, as data: one fault is one page, and that page names the cause.

A cause is never muted by its symptom, and what an answer proved never by somebody's not being able to look: where the
table below is silent on a pair, both are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from itertools import product

from cs_exporter.matrix import inhibitions_openstack
from cs_exporter.matrix.muting import Inhibition, Matcher, carried
from cs_exporter.matrix.own_reach import SCOPE
from cs_exporter.matrix.rendering import KEPT_INTERVALS
from cs_exporter.matrix.rows import Row
from cs_exporter.spec import Cause, Severity


def _is(label: str, *values: str) -> Matcher:
    return Matcher(label, "=", values[0]) if len(values) == 1 else Matcher(label, "=~", "|".join(values))


def _not(label: str, *values: str) -> Matcher:
    return Matcher(label, "!=", values[0]) if len(values) == 1 else Matcher(label, "!~", "|".join(values))


def _named(*names: str) -> Matcher:
    return _is("alertname", *names)


CRITICAL, WARNING = _is("severity", Severity.CRITICAL.value), _is("severity", Severity.WARNING.value)
PORTS = ("CsPortDown", "CsPortDownWarning", "CsPortSlow", "CsPortAnswersSlowly", "CsPortSynRetransmits")
"""What a port that fails brings; a certificate that expires, or a port that should be closed, is no part of it."""

OF_LOGS = (
    *("CsAgentDenied", "CsAgentHandshakeFailed", "CsAgentServerUnknown", "CsAgentStartupUnanswered"),
    *("CsManagementAgentDenied", "CsManagementAgentsBehind", "CsManagementCertificateExpired"),
    *("CsManagementCertificateRefused", "CsManagementConnectFailed", "CsManagementHeartbeatSlow"),
    "CsManagementInvestigates",
)
"""What CloudStack itself writes of a trouble is often the reason of a page, and never the same fact again."""

OWN_FAULTS = (
    *OF_LOGS,
    "CsCertificateExpires",
    "CsMysqlAccountPrivileged",
    "CsMysqlBinlogNotRow",
    "CsMysqlPoolHigh",
    "CsNfsHeartbeatRemount",
    "CsNfsVersionMismatch",
    "CsOpenStackCertificateExpires",
    "CsPortCertificateExpires",
    "CsPortUnexpected",
)
"""Tickets that no other page of their host and cause explains: a setting, a date, one client. They are told besides."""

FAILING_ONE_WAY = ("CsMysqlDown", "CsMysqlMute", "CsMysqlUnreachable", "CsMysqlLost")

DATABASE_GONE = (
    *FAILING_ONE_WAY,
    *("CsMysqlUnavailable", "CsMysqlSaturated"),
    *("CsGaleraNotPrimary", "CsGaleraNotReady"),
)
"""The database serves nobody. CsMysqlBlocked is none of them: it is the exporter alone that is refused."""

LATE_AGENTS = ("CsHostAlertImminent", "CsHostAlertImminentCritical", "CsAgentSessionGone", "CsAgentRetransmitting")
MOUNTS_WITHOUT_SERVER = (
    *("CsNfsMountHung", "CsNfsMountSlow", "CsNfsRequestsOutstanding", "CsNfsDataErrors", "CsStorageHeartbeatLate"),
)
"""What a server that does not answer does to a mount. One that is stale, missing or read-only was answered."""

ALL_ISOLATED = (_named("CsExporterIsolated"), _is(SCOPE, "all"))
"""No exporter is well. While one is, what it sees of its hosts is as good as ever."""

INHIBITIONS = (
    Inhibition(
        "What a page is about is no ticket as well: of a host with a port that pages, no other port is one. Tickets "
        "with a fault of their own are told besides.",
        source=(CRITICAL,),
        target=(WARNING, _not("alertname", *OWN_FAULTS)),
        equal=("cause", "host"),
    ),
    Inhibition(
        "A host that cannot be asked explains that nothing is known of it, and nothing else: what others see of it "
        "(its agent's session at a server, its ports, its paths, its storage heartbeat) is told.",
        source=(_named("CsHostUnreachable"),),
        target=(_is("blind", "true"), _is("cause", Cause.REACHABILITY.value), _not("alertname", "CsHostUnreachable")),
        equal=("host",),
    ),
    Inhibition(
        "The row of the SSH port is judged by the session that does not come about: the same fact, told twice.",
        source=(_named("CsHostUnreachable"),),
        target=(_named(*PORTS), _is("port_name", "ssh"), _is("vantage", "exporter")),
        equal=("host",),
    ),
    Inhibition(
        "An NFS server that answers nothing is why its mounts hang, on however many hosts.",
        source=(_named("CsNfsServerDown"), _is("program", "nfs")),
        target=(_named(*MOUNTS_WITHOUT_SERVER),),
        equal=("server",),
    ),
    Inhibition(
        "And why its ports fail, whoever looks at them.",
        source=(_named("CsNfsServerDown"),),
        target=(_named(*PORTS), _is("port_name", "nfs", "portmapper")),
        equal=("host",),
    ),
    Inhibition(
        "A management server that takes in nothing is why the agents that it heard last are late.",
        source=(_is("cause", Cause.MANAGEMENT.value), CRITICAL),
        target=(_named(*LATE_AGENTS),),
        equal=("management_server",),
    ),
    Inhibition(
        "The same where the machine itself is gone, as the ports say that its agents and the other servers use. A web "
        "interface that nobody reaches is no reason.",
        source=(_named("CsPortDown"), _is("port_name", "management-agent", "management-cluster")),
        target=(_named(*LATE_AGENTS),),
        equal=("management_server",),
    ),
    Inhibition(
        "And why the ports of a management server that takes in nothing fail.",
        source=(_is("cause", Cause.MANAGEMENT.value), CRITICAL),
        target=(_named(*PORTS), Matcher("port_name", "=~", "management-.+")),
        equal=("host",),
    ),
    Inhibition(
        "A database that is down stops the management servers that use it, and with them their agents.",
        source=(_named(*DATABASE_GONE),),
        target=(_named(*LATE_AGENTS),),
        equal=("management_server",),
    ),
    Inhibition(
        "And its port: what the database itself says is more.",
        source=(_named(*DATABASE_GONE, "CsMysqlConnectionsCritical"),),
        target=(_named(*PORTS), _is("port_name", "mysql", "galera")),
        equal=("host",),
    ),
    Inhibition(
        "A database that fails in one way all the time fails in some way.",
        source=(_named(*FAILING_ONE_WAY),),
        target=(_named("CsMysqlUnavailable"),),
        equal=("host",),
    ),
    Inhibition(
        "A Galera node without a majority serves no tables: that it is not ready is the same fact.",
        source=(_named("CsGaleraNotPrimary"),),
        target=(_named("CsGaleraNotReady"),),
        equal=("host",),
    ),
    Inhibition(
        "A replica has nothing to fetch from a database that is down: no ticket while one of the same cloud is.",
        source=(_named(*DATABASE_GONE),),
        target=(_named("CsMysqlReplicaIoStopped", "CsMysqlReplicaLag"),),
        equal=("platform",),
    ),
    Inhibition(
        "One certificate, and fewer days.",
        source=(_named("CsPortCertificateExpiresCritical"),),
        target=(_named("CsPortCertificateExpires"),),
        equal=("host", "port"),
    ),
    Inhibition(
        "One certificate, and fewer days.",
        source=(_named("CsCertificateExpiresCritical"),),
        target=(_named("CsCertificateExpires"),),
        equal=("host", "file"),
    ),
    Inhibition(
        "Nothing comes back from that peer: loss and time are of the same packets.",
        source=(_named("CsPathUnreachable"),),
        target=(_named("CsPathLoss", "CsPathSlow"),),
        equal=("host", "peer", "traffic"),
    ),
    Inhibition(
        "Exporters that reach nobody cannot tell who is there: all that rests on connecting from them, or on being "
        "let in, while none is well. A refused or broken connection is an answer, and told.",
        source=ALL_ISOLATED,
        target=(_is("blind", "true"),),
        equal=(),
    ),
    Inhibition(
        "The same, of ports that they dial.",
        source=ALL_ISOLATED,
        target=(_named(*PORTS), _is("vantage", "exporter"), _is("state", "filtered")),
        equal=(),
    ),
    Inhibition(
        "The same, of databases and NFS servers.",
        source=ALL_ISOLATED,
        target=(_named("CsMysqlUnreachable", "CsNfsServerDown", "CsNfsServerSlow"),),
        equal=(),
    ),
    Inhibition(
        "Where there is no exporter at all, it needs no saying of each.",
        source=(_named("CsExporterAbsent"),),
        target=(_named("CsExporterGone", "CsExporterReplicaGone"),),
        equal=(),
    ),
    Inhibition(
        "An exporter that has gone with its hosts is a page, and no ticket as well.",
        source=(_named("CsExporterGone"),),
        target=(_named("CsExporterReplicaGone"),),
        equal=("instance",),
    ),
    Inhibition(
        "Skew and the age of a synchronisation are told by the exporter's clock. What a host's own NTP client says of "
        "its clock, and how hosts differ from each other, is not.",
        source=(_named("CsExporterClockWrong"),),
        target=(_named("CsClockSkew", "CsClockSkewCritical", "CsClockLastSyncOld", "CsClockLastSyncVeryOld"),),
        equal=(),
    ),
    *inhibitions_openstack.INHIBITIONS,
)
"""Lower rows suffer from upper ones, never the reverse. Not here, on purpose: a hung mount and a late agent, for one
may have hung for weeks when the other dies; a path and what is behind it, for nothing says which server a peer is."""


def graph(rows: Sequence[Row]) -> Mapping[str, tuple[str, ...]]:
    """Every row's name -> the names of the alerts that it can mute, both in the order of `rows`."""
    labels = [(row.name, carried(row)) for row in rows]
    found: dict[str, set[str]] = {row.name: set() for row in rows}
    for inhibition in INHIBITIONS:
        sources = [one for one in labels if inhibition.may_mute(one[1])]
        targets = [one for one in labels if inhibition.may_be_muted(one[1])]
        for (name, ours), (other, theirs) in product(sources, targets):
            if inhibition.may_equal(ours, theirs):
                found[name].add(other)
    return {name: tuple(row.name for row in rows if row.name in muted) for name, muted in found.items()}


def mutes(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    """The names of the alerts that the row's can mute."""
    return graph(rows)[row.name]


def muted_by(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    """The names of the alerts that can mute the row's."""
    return tuple(name for name, muted in graph(rows).items() if row.name in muted)


def outlasting(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows, none kept firing for less long than what it mutes: else a fault that is mended would be told once more.

    What is told together (one cause, one severity) may end in any order.
    """
    by_name, muted = {row.name: row for row in rows}, graph(rows)
    keep = {row.name: row.keep for row in rows}
    for name in TopologicalSorter(muted).static_order():
        row, others = by_name[name], [by_name[other] for other in muted[name]]
        needed = [keep[other.name] * _later(row, other) for other in others if _told_apart(row, other)]
        keep[name] = max(keep[name], *needed, 0.0)
    return tuple(replace(row, keep=keep[row.name]) for row in rows)


def _told_apart(row: Row, other: Row) -> bool:
    return (row.cause, row.severity) != (other.cause, other.severity)


def _later(row: Row, other: Row) -> float:
    """Another probe may see up to one of its runs later that all is well."""
    same = row.symptom is not None and row.probe == other.probe
    return 1.0 if same else (KEPT_INTERVALS + 1) / KEPT_INTERVALS
