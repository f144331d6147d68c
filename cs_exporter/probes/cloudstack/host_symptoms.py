"""The rows of the troubleshooting matrix about hypervisors that CloudStack follows: what led to no verdict yet.

Its verdicts themselves are those of any cloud, and in cloud_hosts.
"""

from __future__ import annotations

from cs_exporter.probes.cloudstack import looking
from cs_exporter.probes.cloudstack.host_rows import WINDOW
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)

SYMPTOMS = (
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
        look=(looking.SERVER_LOG, looking.AGENT, "journalctl -u cloudstack-agent -n 100, on the host", looking.POOLS),
        fix="Find in the agent's log how each session ended, and mend that. Until then consider putting the host into "
        "maintenance, so that no guest is moved by a wrong verdict.",
    ),
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
            looking.STATE,
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
        look=(looking.STATE, looking.SESSION, 'mariadb -e "SELECT msid, name, state, last_update FROM cloud.mshost"'),
        fix="Restart the agent, so that it connects anew: systemctl restart cloudstack-agent. If that does not help, "
        "restart the management server that it connects to.",
    ),
)
