"""The rows of the troubleshooting matrix about management servers, as their database sees them.

A server that is well for its ports may be Down for its peers, which then act on that.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_SERVERS = (
    'mariadb -e "SELECT name, state, last_update, UTC_TIMESTAMP(6) - INTERVAL 0 SECOND AS now FROM cloud.mshost WHERE '
    'removed IS NULL"'
)
_PEERS = 'mariadb -e "SELECT owner_mshost, peer_mshost, peer_state, last_update FROM cloud.mshost_peer"'
_LOG = "tail -n 100 /var/log/cloudstack/management/management-server.log"
_SERVICE = "systemctl status cloudstack-management"
_STACK = "sudo -u cloud jstack $(pgrep -f cloudstack-management), as the process' own user"

_LIFE = (
    Symptom(
        name="CsManagementServerDown",
        sees="The management server went Down for its cloud.",
        metric="cs_management_server_down",
        labels={"outage": "recent"},
        limit=_TRUE,
        runs=3,
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        victims="management_server",
        unit="boolean",
        means="It was stopped, or its peers have not seen its heartbeat for 150 s and have taken over its hosts. If it "
        "still runs it stops itself when it learns of that (exit status 219).",
        look=(_SERVICE, _LOG, _SERVERS, _PEERS),
        fix="Start it: systemctl start cloudstack-management. If it does not come up, its log says why: often the "
        "database. After an hour this becomes a ticket.",
    ),
    Symptom(
        name="CsManagementServerGone",
        sees="The cloud has had the management server as Down for more than an hour.",
        metric="cs_management_server_down",
        labels={"outage": "lasting"},
        limit=_TRUE,
        runs=3,
        cause=Cause.MANAGEMENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="It was stopped and forgotten, or given away without being removed from the cloud. Agents that have "
        "its address in their list still try it, and the servers that are left carry its hosts.",
        look=(_SERVICE, _LOG, _SERVERS, "grep ^host= /etc/cloudstack/agent/agent.properties, on the hypervisors"),
        fix="Start it: systemctl start cloudstack-management. If it was given away, remove it from the cloud, and its "
        "address from the setting host; where the database is asked it is no longer told after a week.",
    ),
    Symptom(
        name="CsManagementHeartbeatStopped",
        sees="The management server has written no heartbeat into the database for more than 30 s.",
        metric="cs_management_heartbeat_age_seconds",
        limit=Limit(Op.ABOVE, 30, step=1),
        runs=2,
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        unit="seconds",
        means="Its process is stopped, killed, collects garbage without end, or gets no connection from its pool; or "
        "its clock is that far behind. After 150 s its peers take it for dead and take over its hosts; a server "
        "without peers stays Up in the database for ever.",
        look=(_SERVICE, _STACK, _LOG, "cs-exporter probe time_drift HOST, on the exporter's machine", _SERVERS),
        fix="If it is stopped, continue or start it. If it runs, take a thread dump and restart it. If its clock is "
        "wrong, mend its time service; a step back is safe here, a step forward may cost pings.",
    ),
    Symptom(
        name="CsManagementHeartbeatLate",
        sees="The management server's heartbeat in the database is late, or its clock is behind.",
        metric="cs_management_heartbeat_age_seconds",
        limit=Limit(Op.ABOVE, 3, step=0.1),  # one is written every 1.5 s
        runs=4,
        cause=Cause.MANAGEMENT,
        severity=Severity.WARNING,
        unit="seconds",
        means="A round of its heartbeat takes longer than it should: a slow database, a pool that is used up, a "
        "process that is starved. Or its clock is behind the database's by that much.",
        look=(
            "grep 'heartbeat takes too long' /var/log/cloudstack/management/management-server.log",
            "cs-exporter probe time_drift HOST, on the exporter's machine",
            _SERVERS,
            _STACK,
        ),
        fix="If the clocks differ, mend the time service of whichever is wrong. Else find what the database or the "
        "server's threads wait for.",
    ),
    Symptom(
        name="CsManagementClockAhead",
        sees="The management server's clock is ahead of its database's by more than a second.",
        metric="cs_management_clock_ahead_seconds",
        limit=Limit(Op.ABOVE, 1, step=0.1),
        runs=3,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means="Its heartbeats come from the future. Servers judge each other by their own clocks: one that is 150 s "
        "ahead takes its peers for dead. One of the two clocks is wrong; that of the database counts for all servers.",
        look=(
            "cs-exporter probe time_drift HOST, on the exporter's machine",
            "chronyc tracking, on the server and on the cloud's database server",
            _SERVERS,
        ),
        fix="Mend the time service of the one that is wrong. All servers and databases should follow the same servers.",
    ),
    Symptom(
        name="CsManagementPeerDown",
        sees="Another management server calls this one down, which is Up.",
        metric="cs_management_peers_down",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=4,
        cause=Cause.MANAGEMENT,
        severity=Severity.WARNING,
        unit="servers",
        means="They do not reach each other on port 9090, or their clocks differ. A server that learns that a peer has "
        "it down stops itself, to avoid that two of them command one host.",
        look=(
            _PEERS,
            _SERVERS,
            "ss -tn 'dport = :9090', on both servers",
            "cs-exporter probe time_drift HOST, on the exporter's machine",
        ),
        fix="Mend the way between the servers (port 9090), or their clocks. Rows of servers that are gone for good: "
        "remove those servers from the cloud.",
    ),
)

_AGENTS = (
    Symptom(
        name="CsManagementAgentsLost",
        sees="The management server has lost more than a fifth of its agents, and no other one has them.",
        metric="cs_management_agents_lost_ratio",
        limit=Limit(Op.ABOVE, 0.2, step=0.01),
        runs=2,
        hold=30,  # agents that go to another server are back within seconds
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        unit="ratio",
        means="So many hosts hardly fail at once: the server restarts or stalls, a network between them is cut, or a "
        "storage pool that all of them mount keeps them from connecting again. Their guests can't be managed.",
        look=(
            _SERVICE,
            (
                'mariadb -e "SELECT status, mgmt_server_id, COUNT(*) FROM cloud.host WHERE removed IS NULL AND type = '
                "'Routing' GROUP BY 1, 2\""
            ),
            "ss -tn 'sport = :8250' | wc -l, on the server",
            _LOG,
        ),
        fix="Look at what these hosts have in common: server, switch, pool. Agents connect again by themselves once "
        "that is mended; many of them at once may take minutes.",
    ),
)

_WORD = (
    Symptom(
        name="CsHaWorkUnfinished",
        sees="The cloud has had guests to investigate, restart or move because of a host for half an hour.",
        metric="cs_ha_work_unfinished",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=2,
        hold=1800,
        cause=Cause.MANAGEMENT,
        severity=Severity.WARNING,
        unit="guests",
        means="HA does not get done: no host has room for them, their storage is gone, or whatever is tried fails and "
        "is tried again. These guests may be down.",
        look=(
            (
                'mariadb -e "SELECT instance_id, type, step, tried, host_id, updated FROM cloud.op_ha_work WHERE step '
                "NOT IN ('Done', 'Cancelled', 'Error')\""
            ),
            (
                "grep HighAvailabilityManager /var/log/cloudstack/management/management-server.log | tail -n 50, on "
                "each management server"
            ),
        ),
        fix="Start one of these guests by hand: the error that this gives is the reason. Then bring back capacity or "
        "storage.",
    ),
    Symptom(
        name="CsCloudDatabaseUnasked",
        sees="The cloud's database can't be asked how the cloud is; the API answers instead.",
        metric="cs_cloud_database_unasked",
        limit=_TRUE,
        runs=4,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="What only the database tells is missing: changes of state, missing pings, heartbeats of management "
        "servers, guests in transition. If the database itself is down, other alerts say so.",
        look=(
            "cs-exporter probe cloudstack_states HOST, on the exporter's machine",
            "cs-exporter checklist, on the exporter's machine",
        ),
        fix="See the reason there: an account that is not let in, a grant that is missing, a server that was replaced. "
        "Point the platform's database at the server that is in use.",
    ),
)

SYMPTOMS = (*_LIFE, *_AGENTS, *_WORD)
