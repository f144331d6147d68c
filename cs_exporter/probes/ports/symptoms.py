"""The rows of the troubleshooting matrix about ports: those that fail, by impact; open ones; slow ones; certificates.

In the texts, words in capitals stand for the alert's labels: VANTAGE is who looked, and HOST the machine looked at.
"""

from __future__ import annotations

from types import MappingProxyType

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_DAY = 86400.0
_UNANSWERED = MappingProxyType({"state": "filtered"})
"""Ports fail in changing ways; those that never gave an answer are muted where the exporter itself is cut off."""

_MEANS = (
    "Its state says how: refused, nothing listens there; filtered, requests vanish in a packet filter or on a dead "
    "path; reset, whoever accepts breaks off; mute, the process is frozen or overloaded while its kernel goes on "
    "accepting; tls, no handshake succeeds. Where other vantages see it open, the trouble is between VANTAGE and HOST. "
    "Where VANTAGE is HOST itself, its own sockets say so: such a port is harmed by connections, so try none by hand."
)
# No command that connects: these texts are also shown for ports that connections harm.
_LOOK = ("ss -tlnp sport = :PORT, on HOST", "ip route get HOST, on VANTAGE", "nft list ruleset, on both")
_FIX = (
    "refused: start the service, or correct the address it listens on. filtered: mend packet filter or route. mute: "
    "see what the process waits for, then restart it. If nobody needs the port, or it speaks TLS, say so in the "
    "host's ports."
)

SYMPTOMS = (
    Symptom(
        name="CsPortDown",
        sees="A port that the cloud can't do without does not answer.",
        metric="cs_port_failing",
        labels={"severity": Severity.CRITICAL.value},
        told=_UNANSWERED,
        limit=_TRUE,
        runs=4,  # one more than the service's own row, which mutes this one: it is there first, whoever looked first
        cause=Cause.PORT,
        severity=Severity.CRITICAL,
        victims="management_server",
        unit="boolean",
        means=_MEANS,
        look=_LOOK,
        fix=_FIX,
    ),
    Symptom(
        name="CsPortDownWarning",
        sees="A port that part of the cloud needs does not answer.",
        metric="cs_port_failing",
        labels={"severity": Severity.WARNING.value},
        told=_UNANSWERED,
        limit=_TRUE,
        runs=3,
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="boolean",
        means=_MEANS,
        look=_LOOK,
        fix=_FIX,
    ),
    Symptom(
        name="CsPortDownInfo",
        sees="A port of little weight does not answer.",
        metric="cs_port_failing",
        labels={"severity": Severity.INFO.value},
        told=_UNANSWERED,
        limit=_TRUE,
        runs=5,
        cause=Cause.PORT,
        severity=Severity.INFO,
        unit="boolean",
        means=_MEANS,
        look=_LOOK,
        fix=_FIX,
    ),
    Symptom(
        name="CsPortMute",
        sees="A port accepts connections and nobody behind it says a word.",
        metric="cs_port_failing",
        labels={"state": "mute"},
        limit=_TRUE,
        runs=3,
        cause=Cause.PORT,
        severity=Severity.INFO,
        unit="boolean",
        means="The kernel accepts for a process that does not run: frozen, out of threads, waiting for its database or "
        "for a hung mount. A plain port check calls it well. How urgent it is, CsPortDown says beside this.",
        look=(
            "ss -tlnp sport = :PORT, on HOST",
            "ps -o pid,stat,wchan:32,etime,args -p $(ss -tlnpH sport = :PORT | grep -om1 'pid=[0-9]*' | cut -c5-)",
            "journalctl -n 50",
        ),
        fix="Find what the process waits for (threads, database, mounts) before restarting it: a restart hides it.",
    ),
    Symptom(
        name="CsPortUnexpected",
        sees="A port is open that should be closed.",
        metric="cs_port_unexpected",
        limit=_TRUE,
        runs=2,
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="boolean",
        means="Whoever reaches the port can use it. CloudStack's integration API (8096) takes every command from "
        "anybody, without a login.",
        look=("ss -tlnp sport = :PORT, on HOST", "nft list ruleset, on HOST"),
        fix="Set integration.api.port to 0 and restart the management server, or close the port to all but those who "
        "need it. If it is meant to be open to the exporter, say expected: open in the host's ports.",
    ),
    Symptom(
        name="CsPortSlow",
        sees="Connecting to a port takes more than half a second.",
        metric="cs_port_connect_seconds",
        limit=Limit(Op.ABOVE, 0.5, step=0.01),
        runs=4,
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="seconds",
        means="No process is involved in accepting: the path is congested or long, or HOST is short of time.",
        look=("ping -c 20 -i 0.2 HOST, on VANTAGE", "mtr -rwc 20 HOST, on VANTAGE", "uptime, on HOST"),
        fix="Compare vantages: slow from all of them is HOST or its link, slow from one is the path from there.",
    ),
    Symptom(
        name="CsPortAnswersSlowly",
        sees="Who listens at a port takes more than two seconds to begin his answer.",
        metric="cs_port_first_byte_seconds",
        limit=Limit(Op.ABOVE, 2.0, step=0.01),
        runs=4,
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="seconds",
        means="The question needs neither account nor database: all workers of the service are busy or stuck, and real "
        "requests wait longer still. Clients give up after some seconds more, guests that ask the metadata service "
        "after 10: they start without keys and network settings.",
        look=(
            "ss -tln sport = :PORT, on HOST: connections that wait to be accepted",
            "ps -o pid,stat,pcpu,etime,args -p $(ss -tlnpH sport = :PORT | grep -om1 'pid=[0-9]*' | cut -c5-)",
            "journalctl -n 50",
        ),
        fix="Find what the workers wait for: database, message bus, other services (a frozen agent holds a worker for "
        "a minute). Then give the service more workers, or move load away.",
    ),
    Symptom(
        name="CsPortSynRetransmits",
        sees="Connection requests to a port get lost, look after look.",
        metric="cs_port_syn_retransmitting",
        limit=_TRUE,
        runs=3,  # with the look before the first that counts as long as ever: a single lost packet is nobody's news
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="boolean",
        means="Packets are lost on the way, or the queue of the listening process is full and HOST drops requests: "
        "every client waits a second or more to connect.",
        look=("nstat -az TcpExtListenOverflows TcpExtListenDrops, on HOST", "ss -tln sport = :PORT, on HOST"),
        fix="Where Recv-Q reaches Send-Q, the process accepts too slowly: give it threads and a longer backlog. Else "
        "look for loss on the path: ip -s link, and the switch's counters.",
    ),
    Symptom(
        name="CsPortCertificateExpires",
        sees="The TLS certificate of a port runs out within 14 days.",
        metric="cs_port_tls_not_after_timestamp_seconds",
        limit=Limit(Op.ABOVE, -14 * _DAY, step=3600, age=True),
        runs=2,
        cause=Cause.PORT,
        severity=Severity.WARNING,
        unit="seconds",
        means="When it has run out, clients that check it no longer connect: browsers, agents, other services.",
        look=("openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -dates -subject, on VANTAGE",),
        fix="Renew the certificate and have the service load it.",
    ),
    Symptom(
        name="CsPortCertificateExpiresCritical",
        sees="The TLS certificate of a port has run out, or will within 2 days.",
        metric="cs_port_tls_not_after_timestamp_seconds",
        limit=Limit(Op.ABOVE, -2 * _DAY, step=3600, age=True),
        runs=2,
        cause=Cause.PORT,
        severity=Severity.CRITICAL,
        unit="seconds",
        means="Clients that check it can't connect, or soon won't: browsers, agents, other services.",
        look=("openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -dates -subject, on VANTAGE",),
        fix="Renew the certificate now and have the service load it.",
    ),
)
