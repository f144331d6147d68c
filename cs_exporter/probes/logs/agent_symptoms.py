"""The rows of the troubleshooting matrix about what a hypervisor's CloudStack agent writes into its log.

Apart from the sheet only because of their length. A row holds for five minutes after the newest line of its event.
"""

from __future__ import annotations

from cs_exporter.probes.logs.recent import recent
from cs_exporter.spec import Cause, Severity

_METRIC = "cs_agent_log_last_event_timestamp_seconds"
_FILE = "/var/log/cloudstack/agent/agent.log"
_TAIL = f"tail -n 50 {_FILE}"
_SERVERS = "grep ^host= /etc/cloudstack/agent/agent.properties"
_NAMES = f"{_SERVERS} | sed 's/.*=//; s/@.*//' | tr , '\\n' | xargs -n 1 getent ahosts"

SYMPTOMS = (
    recent(
        _METRIC,
        "heartbeat_write",
        name="CsAgentHeartbeatWriteFailed",
        sees="The host's agent could not write its storage heartbeat to a pool.",
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        means="The first of five tries, ten seconds apart. After the last one the agent reboots the host, with all its "
        "guests, where agent.properties arms that (CloudStack's default), or else stops itself.",
        look=(
            f"grep -F 'Write heartbeat for pool' {_FILE} | tail",
            "cat /proc/self/mountstats | grep -A9 ' /mnt/'",
            "grep -E '^(reboot.host|kvm.heartbeat|heartbeat)' /etc/cloudstack/agent/agent.properties",
        ),
        fix="Make the pool's NFS server answer. Where it can't be in time and the guests are to live: systemctl stop "
        "cloudstack-agent, which stops the tries; start it again once the pool answers.",
    ),
    recent(
        _METRIC,
        "pings_given_up",
        name="CsAgentPingsGivenUp",
        sees="The host's agent sends no pings any more, and will not by itself.",
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        means="It has seen more than five ping intervals pass at once, as after a freeze or a step of the clock, and "
        "now sends none until it connects anew. Its session looks well, and the cloud gives the host up.",
        look=(
            f"grep -F 'Ping Interval has gone past' {_FILE} | tail",
            "journalctl -u chronyd -u systemd-timesyncd -n 20",
        ),
        fix="systemctl restart cloudstack-agent, on the host; guests keep running.",
    ),
    recent(
        _METRIC,
        "unknown_host",
        name="CsAgentServerUnknown",
        sees="The host's agent can't find its management server by name: the host will not join.",
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        means="The name in agent.properties does not resolve on the host.",
        look=(_SERVERS, _NAMES, _TAIL),
        fix="Mend the host's name servers, or the name in agent.properties and in the global setting host.",
    ),
    recent(
        _METRIC,
        "denied",
        name="CsAgentDenied",
        sees="The management server does not let the host's agent in: the host will not join.",
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        means="It takes no more connections for now (agent.max.concurrent.new.connections), or the agent is of none of "
        "its hosts.",
        look=(
            _TAIL,
            (
                "grep -i -e reject -e 'first command' /var/log/cloudstack/management/management-server.log, on the "
                "management server"
            ),
        ),
        fix="After a restart with many hosts it ends by itself. Else look for the host in the cloud: it may have been "
        "removed there, and has to be added anew.",
    ),
    recent(
        _METRIC,
        "ssl_handshake",
        name="CsAgentHandshakeFailed",
        sees="The host's agent and its management server can't agree on a TLS session: the host will not join.",
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        means="A certificate that has expired, is another host's or comes from another authority; or the host's clock "
        "is so wrong that a good one seems out of its time.",
        look=(
            "openssl x509 -in /etc/cloudstack/agent/cloud.crt -noout -subject -dates",
            "chronyc tracking (or timedatectl timesync-status)",
            _TAIL,
        ),
        fix="Set the clock right first. Then provisionCertificate of the API with the hostid.",
    ),
    recent(
        _METRIC,
        "startup_unanswered",
        name="CsAgentStartupUnanswered",
        sees="The host's agent has connected and got no answer from its management server for three minutes.",
        cause=Cause.MANAGEMENT,
        severity=Severity.WARNING,
        means="The server has no thread or no database connection left to take the host in; with many hosts after a "
        "restart they wait for each other.",
        look=(_TAIL, "tail -n 100 /var/log/cloudstack/management/management-server.log, on the management server"),
        fix="See to the management server: its database, its pool of connections, its memory. The agent tries again.",
    ),
    recent(
        _METRIC,
        "out_of_memory",
        name="CsAgentOutOfMemory",
        sees="The Java of the host's agent has run out of memory.",
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        means="Threads end in the middle of their work, and which ones is chance: it may stop sending pings.",
        look=(f"grep -F -A5 OutOfMemoryError {_FILE} | tail", "grep -o 'Xmx[^ ]*' /etc/default/cloudstack-agent"),
        fix="systemctl restart cloudstack-agent, on the host; guests keep running. Give it more heap (Xmx).",
    ),
)
