"""The rows of the troubleshooting matrix about agents and their servers.

Apart from the sheets only because of their length; in the commands, words in capitals stand for the alert's labels.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_SESSION = "ss -tin 'dport = :8250', on the host: lastsnd, lastack, unacked, retrans"
_SERVER_SESSION = "ss -tin 'sport = :8250 and dst HOST', on the management server: lastrcv"
_AGENT_LOG = "tail -n 50 /var/log/cloudstack/agent/agent.log"
_PINGS = (
    "grep 'Ping from' /var/log/cloudstack/management/management-server.log | grep HOST | tail -n 3, on the management "
    "server that has the agent: one a minute is well"
)
_NO_MORE_PINGS = (
    "grep 'Ping Interval has gone past' /var/log/cloudstack/agent/agent.log | tail -n 3, on the host: the clock was "
    "set forward, or the agent stood still for as long"
)
_PING_STACK = "sudo jstack $(pgrep -f cloudstack-agent) | grep -A 20 AgentOutRequest, on the host: what it waits for"
_SILENT_MEANS = (
    "No management server has heard a ping of the host's agent for long, and at the limit it starts to give the host "
    "up, while it still says Up. The agent is frozen or killed, its host hangs, or packets get lost; if "
    "CsAgentPingsStopped is there too, only its task that pings is stuck. Where no log of the servers can be read, any "
    "traffic counts as a sign of life, so the time that is really left may be less. By CloudStack's defaults an agent "
    "is late with 50 s left, and pages with 35 s left. In OpenStack its reports have ceased to reach the database: by "
    "the defaults an agent of nova or cinder is late with 34 s left, and pages with 30 s left; of neutron with 29 s "
    "and 25 s. With other settings, when cs_agent_late_seconds_to_alert and cs_agent_very_late_seconds_to_alert say."
)
_SILENT_LOOK = (
    _SESSION,
    "ps -o pid,stat,wchan:32,etime,args -C java (or systemctl status cloudstack-agent), on the host",
    _AGENT_LOG,
    _SERVER_SESSION,
    "systemctl status AGENT; journalctl -u AGENT -n 50, on a host of OpenStack: lost connection, timeouts, outlasted",
    "ss -tnp 'dport = :5672', on that host: whether it has the message bus",
)
_SILENT_FIX = (
    "If the agent's process is stopped or blocked (T or D), find by what: often a storage that hangs. If it runs and "
    "its session retransmits, mend the network. Else, and if only its pings have stopped, restart the agent: systemctl "
    "restart cloudstack-agent; guests keep running. In OpenStack look first whether others of its kind are late too: "
    "then mend the message bus, the conductor or neutron-server; else restart the agent itself (systemctl restart "
    "AGENT), which stops no guest."
)

COUNTDOWN_SYMPTOMS = (
    Symptom(
        name="CsHostAlertImminent",
        reporter="agent",
        sees="The host's agent is late: no ping or report of it has come for longer than one that is well is silent.",
        metric="cs_agent_seconds_to_alert",
        limit=Limit(Op.BELOW, "cs_agent_late_seconds_to_alert", step=1, usual=50),
        runs=1,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        countdown=True,
        unit="seconds",
        means=_SILENT_MEANS,
        look=_SILENT_LOOK,
        fix=_SILENT_FIX,
    ),
    Symptom(
        name="CsHostAlertImminentCritical",
        reporter="agent",
        sees="The host's agent is silent: the cloud can give it up within seconds, or at any moment.",
        metric="cs_agent_seconds_to_alert",
        limit=Limit(Op.BELOW, "cs_agent_very_late_seconds_to_alert", step=1, usual=35),
        runs=1,
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        countdown=True,
        unit="seconds",
        means=_SILENT_MEANS,
        look=_SILENT_LOOK,
        fix=_SILENT_FIX,
    ),
    Symptom(
        name="CsAgentPingsStopped",
        sees="The host's agent has ceased to ping, while its session with the management server goes on moving.",
        metric="cs_agent_pings_stopped",
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=2,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="The agent runs and answers commands, but sends no pings any more, and the cloud counts by nothing else: "
        "it will investigate the host once in a ping interval, or give it up. Its task that pings is stuck (it waits "
        "for libvirt, a security group script or a storage), or the host's clock was set forward by more than 300 s "
        "(five ping intervals): the agent then pings no more until it connects anew. Other agents' pings are there: "
        "the log is well.",
        look=(_PINGS, _NO_MORE_PINGS, _PING_STACK, "timeout 5 virsh list, on the host: whether libvirt answers"),
        fix="Restart the agent: systemctl restart cloudstack-agent; guests keep running. If it stops again, mend what "
        "it waits for: libvirtd, a hung storage, a health check script. After a step of the clock, mend that first.",
    ),
    Symptom(
        name="CsAgentSessionGone",
        reporter="agent",
        sees="The host's agent has no session with any management server.",
        metric="cs_agent_connected",
        limit=Limit(Op.EQUALS, 0, step=1),
        runs=1,
        hold=30,  # an agent that changes servers is without a session for some seconds
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="The agent does not run, can't reach its servers, or was refused. When the connection breaks the cloud "
        "does not wait for any limit: it looks whether the host lives and may give it up at once.",
        look=(
            "systemctl status cloudstack-agent, on the host",
            _AGENT_LOG,
            "grep ^host= /etc/cloudstack/agent/agent.properties, on the host",
            "ss -tan 'dport = :8250', on the host: SYN-SENT is no answer, none at all is no attempt",
        ),
        fix="Start the agent. If it runs and can't connect, mend route or packet filter to port 8250 of the servers "
        "named in agent.properties. If it connects and is sent away, its log or the server's says why (certificate).",
    ),
    Symptom(
        name="CsAgentRetransmitting",
        reporter="agent",
        sees="The session of the host's agent loses packets: an end sends again what is not acknowledged.",
        metric="cs_agent_retransmitting",
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=3,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="Packets between the host and its management server get lost in one direction or both; pings come late "
        "or not at all, though agent and server are well.",
        look=(
            _SESSION,
            _SERVER_SESSION,
            "ping -c 20 -i 0.2 MANAGEMENT_SERVER, on the host",
            "ip -s link (errors, dropped)",
        ),
        fix="Mend the path: a link with errors, a full queue, a packet filter that lost the session, an MTU too small.",
    ),
    Symptom(
        name="CsAgentSessionsUnmapped",
        sees="A management server has sessions of agents that can be given to no host of the inventory.",
        metric="cs_management_agent_unmapped_connections",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=5,
        cause=Cause.AGENT,
        severity=Severity.INFO,
        unit="connections",
        means="Hosts or system VMs that are not watched, or hosts whose agent uses an address that the inventory does "
        "not know. While there are any, a host that can't be asked and was never seen at a server has no verdict. "
        "Behind a load balancer or address translation all agents look like this, and only the hosts' own "
        "ends tell of them.",
        look=("ss -tn 'sport = :8250', on the management server", "cs-exporter hosts, on the exporter's machine"),
        fix="Add the hosts to the configuration, or the address to the host's addresses (management).",
    ),
    Symptom(
        name="CsAgentPingsUnmapped",
        sees="A management server's log has pings of agents that can be given to no host of the inventory.",
        metric="cs_management_log_unmapped_agents",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=5,
        cause=Cause.AGENT,
        severity=Severity.INFO,
        unit="agents",
        means="Hosts or system VMs that are not watched, or hosts that the cloud knows by another name than the "
        "inventory does. While there are any, and no platform is configured that says who is who, a host that was "
        "never heard in the log is judged by its sockets alone.",
        look=(
            "grep 'Ping from' /var/log/cloudstack/management/management-server.log | tail -n 50, on that server",
            "cs-exporter hosts, on the exporter's machine",
        ),
        fix="Name the hosts in the configuration as the cloud does, or configure the platform: its database or API "
        "tells whose names these are.",
    ),
)

SERVER_SYMPTOMS = (
    Symptom(
        name="CsManagementAgentPortClosed",
        sees="A management server listens for no agents.",
        metric="cs_management_agent_port_listening",
        limit=Limit(Op.EQUALS, 0, step=1),
        runs=2,  # known before its agents are told of: they are without a session from the first second
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        victims="management_server",
        unit="boolean",
        means="The management server is down, starting, or has lost the port. Its agents have lost their sessions "
        "with it and go to the other servers, if there are any: their silence has this cause. While no server listens "
        "nothing else is said of agents, and when one does again they have a whole limit to come back.",
        look=(
            "systemctl status cloudstack-management",
            "ss -tlnp 'sport = :8250'",
            "tail -n 100 /var/log/cloudstack/management/management-server.log",
        ),
        fix="Start it: systemctl start cloudstack-management. If it does not come up, its log says why: often the "
        "database.",
    ),
    Symptom(
        name="CsManagementAgentsUnread",
        sees="A management server does not read what its agents send.",
        metric="cs_management_agent_unread_connections",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=2,  # and a look before that
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        victims="management_server",
        unit="connections",
        means="Its process is stopped, collects garbage without end, or has no thread left: sessions look well, and no "
        "ping is taken in. All its agents will seem silent.",
        look=(
            "ss -tn 'sport = :8250', on the management server: Recv-Q",
            "ps -o pid,stat,pcpu,etime,args -C java",
            "sudo -u cloud jstack $(pgrep -f cloudstack-management) | grep -c AgentManager, as the process' own user",
        ),
        fix="If it is stopped, continue it. Else take a thread dump, then restart cloudstack-management.",
    ),
)
