"""The rows of the troubleshooting matrix about what OpenStack's agents have in common: bus, conductor, clocks, source.

One such cause makes every agent look dead, or none: it is told first, and mutes what it explains.
"""

from __future__ import annotations

from cs_exporter.probes.openstack.looking import AGENTS, CHECKLIST, NEUTRON_ROWS, NOVA_ROWS, process, queues, series
from cs_exporter.probes.openstack.stops import Suspect
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_SOME = Limit(Op.ABOVE, 0, step=1)
_CELL = "In a cloud with cells the label cell names the one that it is about."
_ALARMS = "rabbitmq-diagnostics alarms, on every node of the message bus"
_CONTROLLERS = "the controllers"
_GROWS = "unacknowledged that grow while it is frozen"
_CLOCKS = "chronyc -n tracking (or timedatectl timesync-status), on every controller"
_WRITERS = series("cs_openstack_writer_clock_skew_seconds")
_SKEWS = f"{series('cs_clock_skew_seconds')}: of every host"
_NEUTRON_SERVERS = (
    "systemctl status neutron-server; systemctl status neutron-rpc-server; ps -eo pid,stat,wchan:32,etime,args | grep "
    f"-E 'neutron-(rpc-)?server', on {_CONTROLLERS}: newer releases have the second one for reports"
)

_TOGETHER = (
    Symptom(
        name="CsOpenStackConductorSilent",
        sees="No conductor of nova reports, and with it no hypervisor: all of them are about to be down.",
        metric="cs_openstack_agents_stopped",
        labels={"suspect": Suspect.CONDUCTOR.value},
        limit=_SOME,
        runs=2,
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        unit="agents",
        means="nova-compute reports to a conductor, which writes it down: agents and guests are well, and nobody hears "
        f"of them. Schedulers, cinder and neutron go on reporting, so database and message bus are well. {_CELL}",
        look=(
            process("nova-conductor", _CONTROLLERS),
            "tail -n 50 /var/log/nova/nova-conductor.log, on the controllers",
            queues("conductor", _GROWS),
            NOVA_ROWS,
        ),
        fix="If it is stopped, continue it; else restart nova-conductor. Hypervisors are up again within one report "
        "interval. Run more than one conductor, on machines of their own.",
    ),
    Symptom(
        name="CsOpenStackBusSilent",
        sees="No agent gets its reports through the message bus; what writes into the database itself still reports.",
        metric="cs_openstack_agents_stopped",
        labels={"suspect": Suspect.BUS.value},
        limit=_SOME,
        runs=2,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.CRITICAL,
        unit="agents",
        means="RabbitMQ blocks who publishes (a memory or disk alarm), has lost its quorum or its queues, or can't be "
        "reached: neutron's agents are silent with nova's, or have not been due yet. Nothing can be started, moved or "
        f"stopped; all agents are down within a minute of the last report. {_CELL}",
        look=(
            _ALARMS,
            "rabbitmqctl -q list_connections state | sort | uniq -c, on a node of the message bus: blocked, blocking",
            "rabbitmqctl cluster_status, on every node of the message bus: partitions, and who runs",
            queues("-E '^(conductor|q-reports-plugin)'", "consumers 0, or unacknowledged that grow"),
        ),
        fix="End the alarm: free memory or disk, or raise the watermark (rabbitmqctl set_vm_memory_high_watermark); "
        "heal a partition by restarting the smaller side. Agents are back within seconds. If the bus is well, restart "
        "the conductors.",
    ),
    Symptom(
        name="CsOpenStackComputesSilent",
        sees="No hypervisor reports, while conductors and, as far as there are any, network agents go on reporting.",
        metric="cs_openstack_agents_stopped",
        labels={"suspect": Suspect.COMPUTES.value},
        limit=_SOME,
        runs=2,
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        unit="agents",
        means="It is what only nova-compute has: conductors that report and answer nobody any more, a message bus of "
        "nova's or the cell's own, or nova-compute itself, stopped everywhere by a bad package or setting. Guests go "
        f"on; nothing can be started, moved or stopped. {_CELL}",
        look=(
            process("nova-compute", "some of the hypervisors"),
            "tail -n 50 /var/log/nova/nova-compute.log, on some of the hypervisors: timeouts, or why it ended",
            queues("conductor", "consumers 0, or unacknowledged that grow"),
            _ALARMS,
            NOVA_ROWS,
        ),
        fix="Mend what their logs name, and start them. If they wait for an answer and the bus is well, restart the "
        "conductors. Take back what was rolled out last.",
    ),
    Symptom(
        name="CsOpenStackNeutronServerSilent",
        sees="No network agent's report is written down, while hypervisors go on reporting through the same bus.",
        metric="cs_openstack_agents_stopped",
        labels={"suspect": Suspect.NEUTRON_SERVER.value},
        limit=_SOME,
        runs=2,
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        unit="agents",
        means="neutron-server (where uWSGI serves the API: neutron-rpc-server) takes in no reports: it is stopped or "
        "frozen, all its RPC workers wait for the database or another service, or its own bus is blocked. Its port may "
        "still accept connections and never answer. Networks go on as they are; nothing new gets one.",
        look=(
            _NEUTRON_SERVERS,
            (
                "curl -m 3 -sS -o /dev/null -w '%{http_code}\\n' http://$(hostname):9696/, on each controller: a "
                "time-out is one that is frozen; an answer says nothing of neutron-rpc-server"
            ),
            queues("-E 'q-reports-plugin|q-plugin'", _GROWS),
            NEUTRON_ROWS,
        ),
        fix="If it is stopped, continue it; else restart neutron-rpc-server where there is one, or neutron-server. "
        "All agents resynchronise after that, which takes minutes in a large cloud.",
    ),
    Symptom(
        name="CsOpenStackDatabaseSilent",
        sees="Nobody writes a report into the cloud's database, on several machines, though it can be read.",
        metric="cs_openstack_agents_stopped",
        labels={"suspect": Suspect.DATABASE.value},
        limit=_SOME,
        runs=2,
        cause=Cause.DATABASE,
        severity=Severity.CRITICAL,
        unit="agents",
        means="It takes no writes: read only, locked for a backup, its disk full, flow control of the cluster, or no "
        "connection left for anybody but us; or the node that we ask has lost its cluster.",
        look=(
            (
                "mariadb -e \"SHOW GLOBAL STATUS LIKE 'wsrep_%'; SELECT @@read_only, @@max_connections\", on every "
                "node of the cloud's database"
            ),
            "mariadb -e 'SHOW FULL PROCESSLIST', on the cloud's database server: what all wait for",
            "df -h /var/lib/mysql, on every node of the cloud's database",
            NOVA_ROWS,
        ),
        fix="End the lock, free the disk, or mend the cluster; services connect again by themselves. Restart those "
        "that do not report within a minute.",
    ),
    Symptom(
        name="CsOpenStackControllerSilent",
        sees="All that reports from the controller is silent.",
        metric="cs_openstack_agents_stopped",
        labels={"suspect": Suspect.CONTROLLER.value},
        limit=_SOME,
        runs=2,
        cause=Cause.MANAGEMENT,
        severity=Severity.CRITICAL,
        unit="agents",
        means="The machine is gone or hangs, or what all its services need (the database for writing, a full disk, a "
        "name that is not resolved any more): with one controller these look alike.",
        look=(
            f"{NOVA_ROWS}: the controller is the machine that has no young row",
            "systemctl list-units --failed; df -h; dmesg -T | tail -n 30, on that controller",
            "mariadb -e 'SELECT @@read_only; SHOW FULL PROCESSLIST', on the cloud's database server",
        ),
        fix="Bring the machine back, or what its services wait for. They report again within seconds.",
    ),
)

_CLOCK = (
    Symptom(
        name="CsOpenStackClocksApart",
        sees="The clocks of two controllers differ by half the time after which agents count as down.",
        metric="cs_openstack_clocks_apart_seconds",
        limit=Limit(Op.ABOVE, "cs_openstack_clocks_apart_limit_seconds", step=1, usual=30),
        runs=1,
        cause=Cause.CLOCK,
        severity=Severity.CRITICAL,
        unit="seconds",
        means="Who writes a report stamps it by his clock, who reads it judges it by his own: conductors stamp for all "
        "hypervisors, neutron-server for its agents. At the whole limit healthy agents are all down at once, before "
        "that they flap; nova minds a clock that is ahead as much as one behind. The hypervisors' own clocks have "
        "nothing to do with it.",
        look=(_WRITERS, _CLOCKS, _SKEWS, NOVA_ROWS),
        fix="Mend the time service of the machine that cs_openstack_writer_clock_skew_seconds names. Agents are up "
        "again with their next reports; restart nothing.",
    ),
    Symptom(
        name="CsOpenStackWriterClock",
        sees="Whoever stamps reports does it by a clock that is wrong.",
        metric="cs_openstack_writer_clock_skew_seconds",
        limit=Limit(Op.ABOVE, 3, step=0.1, absolute=True),
        runs=3,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means="Reports go on coming, with ages that can't be: from the future, or older than the time since the report "
        "before. The service is alive, and looks late, or never late. Of a conductor all hypervisors are concerned, "
        "of a cinder service its own row.",
        look=(_WRITERS, _CLOCKS, _SKEWS, NOVA_ROWS),
        fix="Mend the machine's time service (chronyc makestep, once its sources are right). Restart no agents.",
    ),
    Symptom(
        name="CsOpenStackDatabaseClock",
        sees="The clock that ages are told by differs from that of most services.",
        metric="cs_openstack_reference_clock_skew_seconds",
        limit=Limit(Op.ABOVE, 10, step=0.1, absolute=True),
        runs=4,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means="It is the database's, or the exporter's where the APIs answer. The services agree with each other, so "
        "none of them is taken for late, and ages are shown by theirs. If cs_openstack_database_clock_offset_seconds "
        "is about the same it is the database's machine that is wrong; if that is about 0, the controllers all are.",
        look=(
            "chronyc -n tracking (or timedatectl timesync-status), on the cloud's database server and every controller",
            _SKEWS,
            AGENTS,
        ),
        fix="Mend the time service of whichever is wrong. Controllers and databases should follow the same servers.",
    ),
)

_SOURCE = (
    Symptom(
        name="CsOpenStackAgesUnusable",
        sees="The ages of a service's reports mean nothing: they are not kept in its database.",
        metric="cs_openstack_ages_unusable",
        limit=_TRUE,
        runs=4,
        cause=Cause.EXPORTER,
        severity=Severity.INFO,
        unit="boolean",
        means="nova keeps them in memcached (servicegroup_driver = mc): the times in its table stand still, and only "
        "its API knows who is up. No time can be counted down for its agents. It is set (nova_driver: mc), or no row "
        "was ever written to, or all are old while the API has services that are up.",
        look=("grep servicegroup_driver /etc/nova/nova.conf, on the controllers", NOVA_ROWS),
        fix="Configure the platform's openstack section, so that the API's verdict is told; or let nova use the "
        "database again (servicegroup_driver = db).",
    ),
    Symptom(
        name="CsOpenStackServiceUntold",
        sees="The cloud does not tell how the agents of one of its services are.",
        metric="cs_openstack_service_untold",
        limit=_TRUE,
        runs=4,
        cause=Cause.EXPORTER,
        severity=Severity.WARNING,
        unit="boolean",
        means="Its table can't be read, or its API does not answer: a grant that is missing, a schema of another name, "
        "a server that is down. Its agents are as they were last told, for ten minutes; after that nothing is known.",
        look=(AGENTS, CHECKLIST),
        fix="Mend what the first command names. A service that the cloud does not have: take its database out of the "
        "platform's section.",
    ),
    Symptom(
        name="CsOpenStackDatabaseUnasked",
        sees="The cloud's database can't be asked how its agents are; the APIs answer instead.",
        metric="cs_openstack_database_unasked",
        limit=_TRUE,
        runs=4,
        cause=Cause.DATABASE,
        severity=Severity.WARNING,
        unit="boolean",
        means="What only the database tells is missing: nova's heartbeats and everybody's counts of reports. If the "
        "database itself is down, other alerts say so.",
        look=(AGENTS, CHECKLIST),
        fix="See the reason there: an account that is not let in, a grant that is missing, a server that was replaced. "
        "Point the platform's database at the server that is in use.",
    ),
)

SYMPTOMS = (*_TOGETHER, *_CLOCK, *_SOURCE)
