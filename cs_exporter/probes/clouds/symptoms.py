"""The rows of the troubleshooting matrix about a cloud's verdict on its hosts, whichever platform it is.

What a cloud says of a host comes after its agent's trouble: these rows tell what it made of it.
"""

from __future__ import annotations

from cs_exporter.probes.cloudstack import looking
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)

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
        look=(looking.STATE, looking.AGENT, looking.SESSION, looking.SERVER_LOG),
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
            looking.STATE,
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
        look=(looking.STATE, looking.SERVER_LOG, looking.AGENT),
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
        look=(
            looking.AGENT,
            "grep ^host= /etc/cloudstack/agent/agent.properties, on the host",
            looking.SESSION,
            looking.SERVER_LOG,
        ),
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
            looking.POOLS,
            (
                "grep -E 'Monitor .* (says|error)' /var/log/cloudstack/management/management-server.log, on each "
                "management server"
            ),
            looking.AGENT,
        ),
        fix="Bring the pool back, or put it into maintenance so that hosts are not asked to mount it. Many hosts at "
        "once: the server's threads are all busy (direct.agent.load.size); wait, or add a server.",
    ),
)

_OPENSTACK = (
    Symptom(
        name="CsComputeDown",
        reporter="nova-compute",
        sees="OpenStack takes the hypervisor for down: its nova-compute has not reported within service_down_time.",
        metric="cs_host_state",
        labels={"state": "down"},
        limit=_TRUE,
        runs=2,
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Nothing new is scheduled there, and nothing that runs there can be changed; its guests run on. Whoever "
        "watches for that (masakari, an operator's script) may evacuate them now: if the host lives after all, one "
        "guest may run twice and destroy its disks. The report goes through the message bus to a conductor, which "
        "stamps it: if all hypervisors go down at once, or report while they are down, look there and not here. One "
        "that was forced down is planned work, and tells nobody.",
        look=(
            "openstack compute service list --service nova-compute, on a controller, as an administrator",
            "systemctl status nova-compute; tail -n 50 /var/log/nova/nova-compute.log, on the host",
            "virsh list, on the host: whether libvirt answers, and which guests run",
            "ss -tnp 'dport = :5672', on the host: whether nova-compute has the message bus",
            "timedatectl, on every controller: the conductor's clock stamps the reports, nova-api's judges them",
        ),
        fix="Make sure first that the host is off or its guests are stopped, before any is evacuated. A nova-compute "
        "that is stopped (T or D) waits for storage or libvirt: mend that; else restart it (systemctl restart "
        "nova-compute), which stops no guest. If its reports grow all the while, mend the clocks of the controllers.",
    ),
)

SYMPTOMS = (*_GIVEN_UP, *_NOT_UP, *_OPENSTACK)
