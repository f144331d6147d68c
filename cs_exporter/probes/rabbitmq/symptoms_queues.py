"""The rows of the troubleshooting matrix about queues of the message bus: who has stopped to take what is sent to him.

A topic's queue is served by any member of a service and stops all hosts; one of a machine only that machine.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_LIST = "rabbitmqctl list_queues -p VHOST name messages_ready messages_unacknowledged consumers | grep -F QUEUE, on BUS"
_WHO = "rabbitmqctl list_consumers -p VHOST | grep -F QUEUE, on BUS"
_CLIENTS = (
    "rabbitmqctl list_connections user_provided_name peer_host state, on BUS: service, process and machine of each"
)
_FROZEN_MEANS = (
    "Whoever consumes it is connected and does not run: stopped, waiting for a disk or a lock, or out of memory. It is "
    "given messages and confirms none; nothing waits in the queue meanwhile, and the connection is `running`. After "
    "two minutes without a heartbeat of AMQP the bus gives it up."
)
_UNSERVED_MEANS = (
    "The service has gone, or its connection to the bus has: what is sent to it waits, and those who sent it give up "
    "after rpc_response_timeout (60 s)."
)
_TAKE = "ps -eo pid,stat,wchan:30,etime,args | grep -E 'nova-|neutron-|cinder-|heat-'"
_GROWS = Limit(Op.ABOVE, 25, step=1)
_SOME = Limit(Op.ABOVE, 0, step=1)
_NOBODY = Limit(Op.BELOW, 1, step=1)
_TOPIC, _HOST = {"scope": "topic"}, {"scope": "host"}

FROZEN_SYMPTOMS = (
    Symptom(
        name="CsRabbitmqConsumerFrozen",
        sees="A service of the cloud takes messages from the bus and confirms none.",
        metric="cs_rabbitmq_queue_stuck_seconds",
        labels=_TOPIC,
        limit=_GROWS,
        runs=1,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.CRITICAL,
        unit="seconds",
        means=f"{_FROZEN_MEANS} For `conductor` all hosts are down a minute after it froze, for `q-reports-plugin` all "
        "agents of neutron after 75 s.",
        look=(_LIST, _WHO, _CLIENTS, f"{_TAKE}, on the controllers: stopped, or waiting for what"),
        fix="Continue or restart the service: `conductor` is nova-conductor, `q-reports-plugin` and `q-plugin` are "
        "neutron-server (neutron-rpc-server), `scheduler` is nova-scheduler.",
    ),
    Symptom(
        name="CsRabbitmqHostConsumerFrozen",
        sees="An agent of a host takes messages from the bus and confirms none.",
        metric="cs_rabbitmq_queue_stuck_seconds",
        labels=_HOST,
        limit=_GROWS,
        runs=1,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.WARNING,
        unit="seconds",
        means=_FROZEN_MEANS,
        look=(_LIST, f"{_TAKE}, on HOST: stopped, or waiting for what", "dmesg | tail, on HOST"),
        fix="Continue or restart the agent that the queue is named after: `compute` is nova-compute, `dhcp_agent` "
        "neutron-dhcp-agent, `l3_agent` neutron-l3-agent.",
    ),
)

QUEUE_SYMPTOMS = (
    Symptom(
        name="CsRabbitmqQueueUnserved",
        sees="Messages for a service of the cloud wait, and nobody takes them.",
        metric="cs_rabbitmq_queue_unserved_messages",
        labels=_TOPIC,
        limit=_SOME,
        runs=2,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.CRITICAL,
        unit="messages",
        means=_UNSERVED_MEANS,
        look=(_LIST, "systemctl list-units --failed, on the controllers", _CLIENTS),
        fix="Start or restart the service. If it was removed on purpose: rabbitmqctl delete_queue -p VHOST QUEUE.",
    ),
    Symptom(
        name="CsRabbitmqHostQueueUnserved",
        sees="Messages for an agent of a host wait, and nobody takes them.",
        metric="cs_rabbitmq_queue_unserved_messages",
        labels=_HOST,
        limit=_SOME,
        runs=2,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.WARNING,
        unit="messages",
        means=_UNSERVED_MEANS,
        look=(_LIST, "systemctl list-units --failed, on HOST", "ss -tnp 'dport = :5672', on HOST"),
        fix="Restart the agent. If it was removed on purpose: rabbitmqctl delete_queue -p VHOST QUEUE.",
    ),
    Symptom(
        name="CsRabbitmqTopicWithoutConsumer",
        sees="Nobody listens to what is sent to a service of the cloud.",
        metric="cs_rabbitmq_queue_consumers",
        labels=_TOPIC,
        limit=_NOBODY,
        runs=5,
        hold=120,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.WARNING,
        unit="consumers",
        means="All members of the service are gone, and nobody has missed them yet. A queue that lasts may also be "
        "left of a service that was removed.",
        look=(_LIST, "systemctl list-units --failed, on the controllers"),
        fix="Start the service, or delete what is left of it: rabbitmqctl delete_queue -p VHOST QUEUE.",
    ),
    Symptom(
        name="CsRabbitmqHostQueueWithoutConsumer",
        sees="Nobody listens to what is sent to an agent of a host.",
        metric="cs_rabbitmq_queue_consumers",
        labels=_HOST,
        limit=_NOBODY,
        runs=5,
        hold=120,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.WARNING,
        unit="consumers",
        means="The agent is stopped, or lost its connection and has not come back: its process may well run, and its "
        "host be up in the cloud's eyes for another minute.",
        look=(_LIST, "ss -tnp 'dport = :5672', on HOST", "journalctl -u '*nova-compute' -u 'neutron-*' -n 50, on HOST"),
        fix="Restart the agent. If it was removed on purpose: rabbitmqctl delete_queue -p VHOST QUEUE.",
    ),
    Symptom(
        name="CsRabbitmqNotificationsPile",
        sees="Notifications gather on the message bus, and nobody reads them.",
        metric="cs_rabbitmq_queue_messages_ready",
        labels={"scope": "notification"},
        limit=Limit(Op.ABOVE, 10_000, step=1),
        runs=20,
        cause=Cause.MESSAGE_BUS,
        severity=Severity.WARNING,
        unit="messages",
        means="Services are told to write notifications and what should read them (ceilometer, designate) is not there "
        "or too slow; in the end the bus's memory runs out, and with it everything.",
        look=(_LIST, "grep -A5 oslo_messaging_notifications /etc/*/*.conf, on the controllers"),
        fix="Start the reader; or set driver = noop in [oslo_messaging_notifications], and "
        "empty the queue: rabbitmqctl purge_queue -p VHOST QUEUE.",
    ),
)
