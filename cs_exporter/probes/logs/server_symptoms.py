"""The rows of the troubleshooting matrix about what a management server writes into its log.

Apart from the sheet only because of their length. A row holds for five minutes after the newest line of its event.
"""

from __future__ import annotations

from cs_exporter.probes.logs.recent import recent
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_METRIC = "cs_management_log_last_event_timestamp_seconds"
_FILE = "/var/log/cloudstack/management/management-server.log"
_PAGE, _THERE = "curl -sS http://localhost:10595/metrics", "on the exporter's machine"
_POOL_FIX = (
    "Find what holds the connections: long statements in the process list, or a leak, which only a restart of "
    "cloudstack-management ends. Raise db.cloud.maxActive only together with the database's max_connections."
)
_PROCESSES = "mariadb -e 'SHOW FULL PROCESSLIST', on the cloud's database server"
_CLOCKS = "chronyc tracking (or timedatectl timesync-status), on the agent's host and on the management server"
_CERTIFICATE = (
    "openssl x509 -in /etc/cloudstack/agent/cloud.crt -noout -subject -dates -ext subjectAltName, on the host"
)

_AGENTS = (
    recent(
        _METRIC,
        "behind_on_ping",
        name="CsManagementAgentsBehind",
        sees="The management server has found agents behind on ping and investigates their hosts.",
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        means="No ping of theirs came for ping.timeout x ping.interval. It now asks each host's health and then its "
        "neighbours; within minutes the host may go to Alert or Down, and until then its state says Up.",
        look=(f"grep -F 'behind on ping' {_FILE} | tail -n 3", f"{_PAGE} | grep ^cs_agent_seconds_to_alert, {_THERE}"),
        fix="The list has the hosts' numbers (id in the table host). Where one host is behind, see to its agent; where "
        "many are, to the management server's threads and database, and to the path to it.",
    ),
    recent(
        _METRIC,
        "investigation",
        name="CsManagementInvestigates",
        sees="The management server investigates why an agent has disconnected.",
        cause=Cause.AGENT,
        severity=Severity.INFO,  # so it does for every host that is restarted in maintenance, and names none
        means="The session of an agent broke, or its pings stay away. If the host's health can't be asked it goes to "
        "Alert at once, whatever alert.wait says.",
        look=(f"grep -F 'Investigating why host' {_FILE} | tail", f"grep -F 'state determined is' {_FILE} | tail"),
        fix="See to that host's agent and to the path between the two; the log says what was determined.",
    ),
    recent(
        _METRIC,
        "connect_process_error",
        name="CsManagementConnectFailed",
        sees="A host's agent could not be taken in: something went wrong while the host was made ready.",
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        means="The host stays in Connecting or goes from there to Alert, and tries again and again. Mostly one primary "
        "pool that can't be mounted there, since every pool is looked at on connecting.",
        look=(
            f"grep -F 'error in the connect process' {_FILE} | tail",
            f"{_PAGE} | grep ^cs_nfs_mount_state, {_THERE}: that of the host in the log",
        ),
        fix="Mend the pool that the line names, or put it into maintenance, so that the host can connect without it.",
    ),
    recent(
        _METRIC,
        "denied",
        name="CsManagementAgentDenied",
        sees="The management server has sent an agent away: a host will not join.",
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        means="Too many agents connect at once (agent.max.concurrent.new.connections), or somebody who is no agent "
        "talks to the agents' port.",
        look=(f"grep -F -e 'Rejecting new connection' -e 'Throwing away a request' {_FILE} | tail",),
        fix="After a restart with many hosts it ends by itself, or the setting is too low. Keep others off the port.",
    ),
)

_CERTIFICATES = (
    recent(
        _METRIC,
        "certificate",
        name="CsManagementCertificateRefused",
        sees="The management server takes an agent's certificate for a wrong one, or could not renew it.",
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        means="The certificate is another host's, is revoked, is missing, or lacks the address that the agent comes "
        "from. With ca.plugin.root.auth.strictness the host can't connect any more.",
        look=(f"grep -i certificate {_FILE} | tail", _CERTIFICATE),
        fix="Give the host a new one: provisionCertificate of the API with its hostid. If its address has changed, it "
        "is missing in the old one.",
    ),
    recent(
        _METRIC,
        "certificate_expired_or_clock",
        name="CsManagementCertificateExpired",
        sees="To the management server an agent's certificate is out of its time, or a clock is wrong.",
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        means="The same line is written for a certificate that is not valid yet: then a clock is off, the server's own "
        "or that of the one that made it. Else it has expired, and its renewal has failed for two weeks.",
        look=(f"grep -F 'certificate has expired' {_FILE} | tail", _CLOCKS, _CERTIFICATE),
        fix="Look at the clocks first and set right what is off. If the dates have really passed, provisionCertificate "
        "with the hostid; libvirt's TLS on that host uses the same certificate.",
    ),
    recent(
        _METRIC,
        "ssl_handshake",
        name="CsManagementTlsErrors",
        sees="TLS sessions with the management server break off.",
        cause=Cause.AGENT,
        severity=Severity.INFO,
        means="An agent that does not trust the server's certificate, or is not trusted; or something that connects to "
        "the agents' port and speaks no TLS, such as the check of a load balancer.",
        look=(
            f"grep -F 'error caught during' {_FILE} | tail",
            "grep -i ssl /var/log/cloudstack/agent/agent.log, on hosts",
        ),
        fix="If a host does not connect, provision its certificate anew. Let checks of the port end without a word.",
    ),
)

_DATABASE = (
    recent(
        _METRIC,
        "pool_exhausted",
        name="CsManagementPoolExhausted",
        sees="The management server has no database connection left in its own pool.",
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        means="Threads have waited for one in vain: pings of agents are not taken in, and hosts that are well go to "
        "Alert. The database itself may have plenty of connections left.",
        look=(
            f"grep -F 'total=' {_FILE} | tail -n 3",
            "grep maxActive /etc/cloudstack/management/db.properties",
            _PROCESSES,
        ),
        fix=_POOL_FIX,
    ),
    recent(
        _METRIC,
        "too_many_connections",
        name="CsManagementDatabaseFull",
        sees="The database has refused a management server's connection: too many connections.",
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        means="The pools of all clients add up to more than the database's max_connections. A management server that "
        "can't reach it fences itself.",
        look=("mariadb -e \"SHOW GLOBAL STATUS LIKE '%connect%'\", on the cloud's database server", _PROCESSES),
        fix="Raise max_connections to 350 for each management server, or make the pools smaller.",
    ),
    recent(
        _METRIC,
        "db_fence",
        name="CsManagementFenced",
        sees="The management server fences itself: it ends, since the cluster takes it for dead.",
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        means="It could not write its heartbeat to the database, or its peers saw none: the database is slow or away, "
        "or clocks of management servers differ by more than cluster.heartbeat.threshold. Exit status 219.",
        look=(f"grep -F fenc {_FILE} | tail", "systemctl status cloudstack-management", _CLOCKS),
        fix="Mend the database or the clock first, then start cloudstack-management again.",
    ),
    recent(
        _METRIC,
        "heartbeat_slow",
        name="CsManagementHeartbeatSlow",
        sees="The management server's own heartbeat to the database takes longer than its interval.",
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        means="The database answers slowly; when it takes 150 s, peers take the server for dead.",
        look=(_PROCESSES, "iostat -x 1 5, on the cloud's database server"),
        fix="Find the statement or the disk that the database waits for.",
    ),
)

_SERVER = (
    recent(
        _METRIC,
        "out_of_memory",
        name="CsManagementOutOfMemory",
        sees="The management server's Java has run out of memory.",
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        means="Threads end in the middle of their work, and which ones is chance: it may go on listening and take in "
        "no pings.",
        look=(f"grep -F -A5 OutOfMemoryError {_FILE} | tail", "grep -o 'Xmx[^ ]*' /etc/default/cloudstack-management"),
        fix="Restart cloudstack-management now. Give it more heap (Xmx in JAVA_OPTS) where it grows with the cloud.",
    ),
    Symptom(
        name="CsManagementLogLost",
        sees="Lines of the management server's log were lost before they were read.",
        metric="cs_management_log_last_gap_timestamp_seconds",
        limit=Limit(Op.BELOW, 300, step=1, age=True),
        runs=1,
        cause=Cause.MANAGEMENT,
        severity=Severity.INFO,
        unit="seconds",
        means="The log grew by more than is read in one look, or was rolled and compressed twice within a day before "
        "it was read to its end (once is usual: log4j does so at midnight). From then on silence is counted anew.",
        look=(f"ls -lt {_FILE}* | head", f"{_PAGE} | grep ^cs_management_log_lost_bytes_total, {_THERE}"),
        fix="See why it writes so much (a level of TRACE). If this is usual, raise most_bytes of management_log. Where "
        "logs are rolled by size, let files be larger, or let the newest old one be kept uncompressed.",
    ),
)

SYMPTOMS = (*_AGENTS, *_CERTIFICATES, *_DATABASE, *_SERVER)
