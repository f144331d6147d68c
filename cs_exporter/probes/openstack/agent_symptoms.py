"""The rows of the troubleshooting matrix about single agents of an OpenStack cloud.

While most agents of a kind are silent none of these holds: what they have in common is told instead.
"""

from __future__ import annotations

from cs_exporter.probes.openstack.looking import CINDER_ROWS, NEUTRON_ROWS, NOVA_ROWS, process, queues
from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)
_QUEUES = queues("HOST", "consumers 0, or unacknowledged that grow")
_PROCESS = process("AGENT", "HOST")
_LOG = "tail -n 50 /var/log/*/AGENT.log, on HOST"
_STUCK = (
    "Its reports have ceased while others of its kind go on, so bus, database and servers are well: the process is "
    "stopped, killed or hangs (storage, libvirt, a lock), its machine is gone, or its connection to the message bus "
    "is dead without its knowing it. A neutron agent whose clock is behind the start of neutron-server looks the same: "
    "the server drops its reports and says so at debug level only."
)
_MEND = (
    "Look at its queue first: no consumer means that it has lost the bus, unacknowledged messages that grow mean that "
    "it is frozen. If the process is stopped or blocked (T or D), find by what. Else restart it; guests and networks "
    "go on. A neutron agent that comes back after long resynchronises everything: let them come one after the other."
)

SYMPTOMS = (
    Symptom(
        name="CsOpenStackAgentSilent",
        reporter="agent",
        sees="An agent has ceased to report; its service still has it as up.",
        metric="cs_openstack_agent_dead",
        labels={"outage": "silent"},
        limit=_TRUE,
        runs=1,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means=_STUCK,
        look=(_QUEUES, _PROCESS, _LOG, NOVA_ROWS, NEUTRON_ROWS, CINDER_ROWS),
        fix=_MEND,
    ),
    Symptom(
        name="CsOpenStackAgentDown",
        reporter="agent",
        sees="An agent of a controller or a network node is down for its service.",
        metric="cs_openstack_agent_dead",
        labels={"outage": "recent"},
        limit=_TRUE,
        runs=2,
        cause=Cause.AGENT,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Its service gives it no work any more, and what it served stays as it is: routers and DHCP of a network "
        f"agent are not moved by themselves, a volume backend takes no requests. {_STUCK}",
        look=(_QUEUES, _PROCESS, _LOG, NEUTRON_ROWS, CINDER_ROWS, NOVA_ROWS),
        fix=f"{_MEND} After an hour this becomes a ticket.",
    ),
    Symptom(
        name="CsOpenStackAgentGone",
        sees="An agent has not reported for more than an hour.",
        metric="cs_openstack_agent_dead",
        labels={"outage": "lasting"},
        limit=_TRUE,
        runs=2,
        cause=Cause.AGENT,
        severity=Severity.WARNING,
        unit="boolean",
        means="It was stopped and forgotten, or its machine was given away and the row left behind, as a roll-out of "
        "containers with new names does: whoever schedules by such rows, or counts them, is misled.",
        look=(_PROCESS, NEUTRON_ROWS, CINDER_ROWS, NOVA_ROWS),
        fix="Start it; or, if it was given away, remove its row: openstack compute service delete, openstack network "
        "agent delete, cinder-manage service remove, heat-manage service clean.",
    ),
    Symptom(
        name="CsOpenStackBackendUnstarted",
        sees="A storage backend of cinder has never been initialised.",
        metric="cs_openstack_backend_unstarted",
        limit=_TRUE,
        runs=4,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="boolean",
        means="cinder-volume runs, could not start this backend's driver, and holds its reports back on purpose: no "
        "volume can be made or attached there. No restart helps as long as what the driver needs is missing.",
        look=(
            (
                "grep -E 'reporting problems, not sending heartbeat|Failed to initialize driver' "
                "/var/log/cinder/cinder-volume.log | tail -n 5, on HOST"
            ),
            "grep -A 15 '^\\[BACKEND\\]' /etc/cinder/cinder.conf, on HOST",
            CINDER_ROWS,
        ),
        fix="Mend what the driver's error names (a volume group, a pool, a target, a password), then restart "
        "cinder-volume. If the backend is not wanted, take it out of enabled_backends and remove its row: "
        "cinder-manage service remove cinder-volume HOST@BACKEND.",
    ),
)
