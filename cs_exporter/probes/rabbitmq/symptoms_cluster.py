"""The rows of the troubleshooting matrix that show only when the nodes of a RabbitMQ cluster are compared.

Apart from a node's own, which say nothing of whether others agree.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_STATUS = "rabbitmqctl cluster_status, on every node of the message bus"

CLUSTER_SYMPTOMS = (
    Symptom(
        name="CsRabbitmqViewsDiffer",
        sees="Nodes of the message bus do not agree on which of them run.",
        metric="cs_rabbitmq_views",
        limit=Limit(Op.ABOVE, 1, step=1),
        runs=3,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.CRITICAL,
        unit="views",
        means="The cluster is split: a service that is connected to one part does not hear those of the other, and "
        "calls between them end in time-outs. Each part looks well to its own clients.",
        look=(_STATUS, "ss -tn '( sport = :25672 or dport = :25672 )', on every node of the message bus"),
        fix="Mend the network between them (ports 4369 and 25672), then restart the nodes of the smaller part; what "
        "was published there is lost. For the future: cluster_partition_handling = pause_minority.",
    ),
    Symptom(
        name="CsRabbitmqNoQueues",
        sees="The message bus of the cloud has no queue at all.",
        metric="cs_rabbitmq_cluster_queues",
        limit=Limit(Op.EQUALS, 0, step=1),
        runs=3,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.CRITICAL,
        unit="queues",
        means="Nobody is connected who was ever served: the node was reset and its users or virtual hosts are gone, "
        "so that every service is refused, or it is not the bus that the cloud uses.",
        look=(
            "rabbitmqctl list_vhosts, on a node of the message bus",
            "rabbitmqctl list_users, on a node of the message bus",
            "rabbitmqctl list_connections user vhost | head, on a node of the message bus",
            "grep -h ^transport_url /etc/nova/nova.conf | sed 's/:[^:@]*@/:***@/g', on a controller: where its bus is",
        ),
        fix="Make the cloud's user and virtual host again (rabbitmqctl add_user, set_permissions), or correct the "
        "host's address or its role in the configuration.",
    ),
)
