"""The rows of the troubleshooting matrix about hypervisors in the cloud's own word.

What the cloud says of a host comes after its agent's trouble: these rows tell the verdict, and what led to none yet.
"""

from __future__ import annotations

from cs_exporter.probes.cloudstack.host_rows import WINDOW
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_STATE = (
    "mariadb -e \"SELECT id, status, resource_state, mgmt_server_id, update_count FROM cloud.host WHERE name = 'HOST'\""
)
_SERVER_LOG = (
    "grep -i 'HOST' /var/log/cloudstack/management/management-server.log | tail -n 50, on each management server"
)
_AGENT = "systemctl status cloudstack-agent; tail -n 50 /var/log/cloudstack/agent/agent.log, on the host"
_SESSION = "ss -tin 'dport = :8250', on the host"
_POOLS = "mariadb -e \"SELECT name, status FROM cloud.storage_pool WHERE removed IS NULL AND status <> 'Up'\""

_GIVEN_UP = (
    Symptom(
        name="CsHostInAlert",
        sees="The cloud has given the host up: it is in state Alert.",
        metric="cs_host_state",
        labels={"state": "Alert"},
        limit=_TRUE,
        runs=2,
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="No management server has its agent, and none found out that the host is dead: its guests may well run, "
        "but can't be managed, are not restarted elsewhere, and nothing new starts there. CloudStack's own exporter "
        "counts such a host as neither online nor offline.",
        look=(_STATE, _AGENT, _SESSION, _SERVER_LOG),
        fix="Mend what the alerts before this one named. The host comes back by itself once its agent connects and "
        "pings: restart it (systemctl restart cloudstack-agent); guests keep running. If it goes to Connecting and "
        "back to Alert, a storage pool usually keeps it from connecting.",
    ),
    Symptom(
        name="CsHostDown",
        sees="The cloud believes that the host is dead: it is in state Down.",
        metric="cs_host_state",
        labels={"state": "Down"},
        limit=_TRUE,
        runs=2,
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Investigators (neighbours that read its storage heartbeat, or host HA) said so: guests with HA are "
        "started on other hosts now. If the host lives after all, one guest may run twice and destroy its disks. A "
        "neighbour whose clock is ahead reads a fresh storage heartbeat as an old one.",
        look=(
            "virsh list, on the host, if it can be reached",
            _STATE,
            (
                'mariadb -e "SELECT instance_id, type, step, tried, updated FROM cloud.op_ha_work WHERE step NOT IN '
                "('Done', 'Cancelled', 'Error')\""
            ),
            "cs-exporter probe time_drift HOST, on the exporter's machine",
        ),
        fix="Make sure first that the host is off or its guests are stopped, before anything is started by hand. Then "
        "bring host and agent back. If it was never dead: clocks of neighbours, their storage, host HA's settings.",
    ),
    Symptom(
        name="CsHostInError",
        sees="The host is in state Error.",
        metric="cs_host_state",
        labels={"state": "Error"},
        limit=_TRUE,
        runs=4,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="It could not be taken into the cloud, or back; it has no agent there and no guests are started on it.",
        look=(_STATE, _SERVER_LOG, _AGENT),
        fix="The server's log says what failed. Mend it and restart the agent, or remove the host and add it anew.",
    ),
)

_NOT_UP = (
    Symptom(
        name="CsHostDisconnected",
        sees="The host has been Disconnected for minutes.",
        metric="cs_host_state",
        labels={"state": "Disconnected"},
        limit=_TRUE,
        runs=2,
        hold=180,  # a restart of the agent, or of the only server, takes less
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="Its agent said goodbye (it was stopped, or upgraded), or its management server was stopped, and it has "
        "not come back. Guests run and can't be managed; after alert.wait (30 min) the cloud puts it into Alert.",
        look=(_AGENT, "grep ^host= /etc/cloudstack/agent/agent.properties, on the host", _SESSION, _SERVER_LOG),
        fix="Start the agent: systemctl start cloudstack-agent. If it runs and can't connect, look at the servers in "
        "its host= line, and the way there.",
    ),
    Symptom(
        name="CsHostConnectingLong",
        sees="The host has been Connecting for more than two minutes.",
        metric="cs_host_state",
        labels={"state": "Connecting"},
        limit=_TRUE,
        runs=2,
        hold=120,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="Its agent is there, but the server does not get done with what it asks of it: mounting its storage "
        "pools above all, one of which hangs or is not Up. When that fails the host goes into Alert without any "
        "investigation.",
        look=(
            _POOLS,
            (
                "grep -E 'Monitor .* (says|error)' /var/log/cloudstack/management/management-server.log, on each "
                "management server"
            ),
            _AGENT,
        ),
        fix="Bring the pool back, or put it into maintenance so that hosts are not asked to mount it. Many hosts at "
        "once: the server's threads are all busy (direct.agent.load.size); wait, or add a server.",
    ),
    Symptom(
        name="CsHostFlapping",
        sees="The host's state changes again and again.",
        metric="cs_host_recent_state_changes",
        limit=Limit(Op.ABOVE, 14, step=1),  # three or four changes are one reconnect
        runs=1,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="changes",
        means=f"More than four times within {WINDOW / 60:g} minutes its agent was lost and came back: a session that "
        "is cut (a packet filter or balancer that forgets it, a certificate, a lossy link), an agent that crashes, or "
        "a pool that fails each time it connects. Each time the cloud may decide for Alert or HA.",
        look=(_SERVER_LOG, _AGENT, "journalctl -u cloudstack-agent -n 100, on the host", _POOLS),
        fix="Find in the agent's log how each session ended, and mend that. Until then consider putting the host into "
        "maintenance, so that no guest is moved by a wrong verdict.",
    ),
)

_BEFORE = (
    Symptom(
        name="CsHostPingsMissing",
        sees="The host's pings do not come; only the cloud's investigations still find it up.",
        metric="cs_host_pings_missing",
        limit=_TRUE,
        runs=2,
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Its agent answers commands and has stopped to ping: the ping task is stuck (a hung storage pool, a "
        "script, security groups), or the clock was set forward by more than five minutes. The cloud asks it once in "
        "each ping interval whether it is well; the first time that this fails the host goes into Alert.",
        look=(
            "grep 'Ping Interval has gone past' /var/log/cloudstack/agent/agent.log, on the host",
            "cs-exporter probe time_drift HOST, on the exporter's machine",
            "jstack $(pgrep -f agent.AgentShell) | grep -A20 AgentOutRequest-Handler, on the host as root",
            _STATE,
        ),
        fix="Mend what its ping task waits for, such as a mount that hangs; if the clock was set forward, or nothing "
        "is found, restart the agent: systemctl restart cloudstack-agent; guests keep running.",
    ),
    Symptom(
        name="CsHostUnowned",
        sees="The cloud has the host Up, and no management server has its agent.",
        metric="cs_host_unowned",
        limit=_TRUE,
        runs=2,
        hold=120,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="Nobody watches its pings and nobody can command it, while it looks well everywhere: its server went "
        "away without saying so, or the row was changed by hand.",
        look=(_STATE, _SESSION, 'mariadb -e "SELECT msid, name, state, last_update FROM cloud.mshost"'),
        fix="Restart the agent, so that it connects anew: systemctl restart cloudstack-agent. If that does not help, "
        "restart the management server that it connects to.",
    ),
)

SYMPTOMS = (*_GIVEN_UP, *_NOT_UP, *_BEFORE)
