"""The rows of the troubleshooting matrix about a RabbitMQ node; those about its queues have a file of their own.

A node that is gone is told by the way in which it is: each way is mended elsewhere.
"""

from __future__ import annotations

from cs_exporter.probes.rabbitmq.symptoms_queues import QUEUE_SYMPTOMS
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_SERVICE = "systemctl status rabbitmq-server"
_LOG = "tail -n 100 /var/log/rabbitmq/rabbit@*.log"
_STATUS = "rabbitmq-diagnostics status"
_LARGEST = "rabbitmqctl -q list_queues -p / name messages memory | sort -k3 -n | tail (of transport_url's virtual host)"
_GONE = (
    "Clients go to another node of the cluster, if there is one and they know it; else every RPC and every heartbeat "
    "of OpenStack stops, and all hosts are down a minute later."
)


def _state(name: str, state: str, sees: str, means: str, look: tuple[str, ...], fix: str) -> Symptom:
    """A way in which a node serves nobody."""
    return Symptom(
        name=name,
        sees=sees,
        metric="cs_rabbitmq_state",
        labels={"state": state},
        limit=_TRUE,
        runs=3,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.CRITICAL,
        unit="boolean",
        means=means,
        look=look,
        fix=fix,
    )


_STATES = (
    _state(
        "CsRabbitmqDown",
        "refused",
        "Nobody listens on the ports of the message bus.",
        f"RabbitMQ does not run there, or is still starting. {_GONE}",
        (_SERVICE, _LOG, "df -hl"),
        "Start it, after the log has told why it ended: a lack of memory, a full disk, and nodes that wait for each "
        "other after all of them were stopped are the usual reasons. In the last case start all of them, first the one "
        "that was stopped last. Only if that one is gone for good: rabbitmqctl force_boot on the last of the others, "
        "while RabbitMQ is stopped there; queues and messages that only the lost one had are gone then. A container "
        "that is stopped takes no command: with kolla-ansible make the file that force_boot makes, an empty force_load "
        "in the node's own folder (/var/lib/docker/volumes/rabbitmq/_data/mnesia/rabbit@NAME/), then docker start "
        "rabbitmq.",
    ),
    _state(
        "CsRabbitmqMute",
        "mute",
        "The message bus accepts connections and answers nothing.",
        f"Its process does not run: stopped, waiting for a disk that hangs, or swapped out; or its page of queues is "
        f"too long to come in time. A check of the port finds it open. {_GONE}",
        ("ps -o pid,stat,wchan:30,args -C beam.smp", "iostat -x 1 5", "dmesg | tail", _STATUS),
        "State T: continue it (kill -CONT). State D: mend the storage below it. If rabbitmq-diagnostics answers at "
        "once, raise answer_limit of the probe rabbitmq. Else restart it.",
    ),
    _state(
        "CsRabbitmqUnreachable",
        "unreachable",
        "The machine of the message bus does not answer, or there is no way to it.",
        f"It is off or cut off, or a filter drops what goes to its ports. {_GONE}",
        ("ping -c3 HOST, on the exporter's machine", "nft list ruleset, on HOST"),
        "Bring the machine or the path back, or let the exporter's address through to ports 15692, 15672 and 5672.",
    ),
    _state(
        "CsRabbitmqLost",
        "lost",
        "Connections to the message bus are accepted and broken at once.",
        f"A proxy stands before a node that is gone, the node is on its way down, or something on the path resets "
        f"connections. {_GONE}",
        (_SERVICE, _LOG, "ss -tn 'sport = :15692'"),
        "Look at the proxy's own list of servers, then at the node's log for the reason of its restarts.",
    ),
)

_NODE = (
    Symptom(
        name="CsRabbitmqAlarm",
        sees="The message bus has raised an alarm, and holds everybody who publishes.",
        metric="cs_rabbitmq_alarm",
        limit=_TRUE,
        runs=1,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Its memory, disk or descriptors have run out. No client of any node of the cluster may publish until it "
        "ends: heartbeats stop at once, and 50 to 60 s later all hosts and agents are down in the cloud's eyes; within "
        "ten seconds of its end they are back.",
        look=(
            "rabbitmq-diagnostics alarms",
            "rabbitmq-diagnostics memory_breakdown",
            "df -h /var/lib/rabbitmq",
            _LARGEST,
        ),
        fix="Memory: purge or delete the queues that have piled up (notifications that nobody reads), or raise "
        "vm_memory_high_watermark for now: rabbitmqctl set_vm_memory_high_watermark 0.6. Disk: make room. Descriptors: "
        "LimitNOFILE of the unit.",
    ),
    Symptom(
        name="CsRabbitmqConnectionsBlocked",
        sees="The message bus holds connections of services that want to publish.",
        metric="cs_rabbitmq_held_connections",
        labels={"state": "blocked"},
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=1,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.WARNING,
        unit="connections",
        means="An alarm is in effect on this or another node of the cluster: whoever is connected here is held too.",
        look=(
            "rabbitmq-diagnostics alarms",
            "rabbitmqctl -q list_connections name state user_provided_name | grep block",
        ),
        fix="See CsRabbitmqAlarm of the node that has the alarm.",
    ),
    Symptom(
        name="CsRabbitmqNearLimit",
        sees="The message bus has used more than 80 % of what it may use of something.",
        metric="cs_rabbitmq_resource_used_ratio",
        limit=Limit(Op.ABOVE, 0.8, step=0.01),
        runs=4,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.WARNING,
        unit="ratio",
        means="At 100 % of memory, disk or file_descriptors it raises an alarm and holds all publishers; without "
        "sockets or processes it takes no new connection. The limit of descriptors is often the system's 1024.",
        look=(
            _STATUS,
            "rabbitmq-diagnostics memory_breakdown",
            _LARGEST,
        ),
        fix="Find what grows: queues that nobody reads, connections that are not closed. Raise "
        "vm_memory_high_watermark, LimitNOFILE of the unit or the disk before it is full.",
    ),
    Symptom(
        name="CsRabbitmqPartitioned",
        sees="A node of the message bus has lost touch with others of its cluster that run.",
        metric="cs_rabbitmq_partitioned_nodes",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=2,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.CRITICAL,
        unit="nodes",
        means="The cluster is split and does not grow together by itself: services that are connected to one part do "
        "not hear those of the other.",
        look=(
            "rabbitmqctl cluster_status, on every node",
            "ss -tn '( sport = :25672 or dport = :25672 )'",
            "grep -i partition /var/log/rabbitmq/rabbit@*.log",
        ),
        fix="Mend the network between them, then restart the nodes of the smaller part; what was published there is "
        "lost. For the future: cluster_partition_handling = pause_minority.",
    ),
    Symptom(
        name="CsRabbitmqUnanswered",
        sees="The message bus leaves a part of what it is asked open.",
        metric="cs_rabbitmq_unanswered",
        limit=_TRUE,
        runs=8,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.WARNING,
        unit="boolean",
        means="`management`: the management API does not answer or does not let the probe's user in, so that nothing "
        "is known of partitions and held connections. `node`: alarms and limits are not known either.",
        look=(
            "cs-exporter probe rabbitmq HOST, on the exporter's machine",
            (
                "curl -sS -m 5 -o /dev/null -w '%{http_code}\\n' http://HOST:15672/api/overview, on the exporter's "
                "machine: without a password 401 is right"
            ),
            "rabbitmqctl list_users; rabbitmqctl list_permissions -p /",
        ),
        fix="rabbitmq-plugins enable rabbitmq_management; give the user the tag monitoring and empty permissions: "
        "rabbitmqctl set_user_tags USER monitoring; rabbitmqctl set_permissions -p / USER '' '' ''.",
    ),
)

SYMPTOMS = (*_STATES, *_NODE, *QUEUE_SYMPTOMS)
