"""Faults of agents, of the management servers that hear them, and of the storage heartbeat that they write.

What the sockets can show is here; an agent whose ping task hangs while its session moves needs the log to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cs_exporter.spec import Cause, Severity
from tests.demo.cloud import CHATTY, HYPERVISORS, MANAGEMENT, NAMESPACED, OWN_KERNEL, POOL, Cloud
from tests.demo.fault import HERE, Fault, Page, Row
from tests.demo.faults_nfs import HEARTBEAT
from tests.demo.pace import Pace
from tests.demo.ways import all_of
from tests.lab import agents, faults

SILENT = (Row(HERE, "CsHostAlertImminent"), Row(HERE, "CsHostAlertImminentCritical"))
GONE, RETRANSMITTING = Row(HERE, "CsAgentSessionGone"), Row(HERE, "CsAgentRetransmitting")
OTHERS = tuple(Row(HERE, name) for name in (*HEARTBEAT, "CsStorageHeartbeatGone"))


def limit(pace: Pace) -> float:
    """Until the second symptom holds, by the reading after that."""
    return pace.limit + pace.slowness


@contextmanager
def heartbeat_stopped(cloud: Cloud, host: str) -> Iterator[None]:
    """The file that the agent writes is read-only for it, and for nobody else; all else of the agent goes on."""
    kernel = cloud.kernels[host]
    file = f"{POOL}/KVMHA/hb-{kernel.address}"
    kernel.run(f"mount --bind {file} {file} && mount -o remount,bind,ro {file}", check=True)
    try:
        yield
    finally:
        kernel.run(["umount", "--internal-only", file], check=True)


@contextmanager
def cut(cloud: Cloud, host: str) -> Iterator[None]:
    """After so long its kernel would try again in a minute or two; mended as by an operator, who starts it anew."""
    with agents.cut_off(cloud.host(host), *map(cloud.host, MANAGEMENT)):
        yield
    cloud.agents[host].stop()
    cloud.agents[host].start()


@contextmanager
def server_killed(cloud: Cloud, host: str) -> Iterator[None]:
    """Its agents move, and would stay: CloudStack's balancer brings them back, here those that prefer it start anew."""
    with faults.stopped(cloud.management[host]):
        yield
    for name in NAMESPACED:
        if cloud.preferred(name)[0] == host:
            cloud.agents[name].stop()
            cloud.agents[name].start()


def _of_agents(*symptoms: str) -> tuple[Row, ...]:
    return tuple(Row(host, symptom) for host in HYPERVISORS for symptom in symptoms)


AGENTS = (
    Fault(
        name="agent-frozen",
        tells="the agent's process is stopped; its kernel goes on acknowledging",
        hosts=(*NAMESPACED, *OWN_KERNEL),
        breaks=lambda cloud, host: faults.frozen(cloud.agents[host]),
        probe="agent_heartbeat",
        rows=SILENT,
        also=(GONE, RETRANSMITTING, *OTHERS),
        slack=limit,
        part="agent of $host",
    ),
    Fault(
        name="agent-killed",
        tells="the agent's process is killed",
        hosts=(*NAMESPACED[1:], *OWN_KERNEL, *NAMESPACED[:1]),
        breaks=lambda cloud, host: faults.stopped(cloud.agents[host]),
        probe="agent_heartbeat",
        rows=(GONE,),
        also=(*SILENT, *OTHERS),
        part="agent of $host",
    ),
    Fault(
        name="agent-cut",
        tells="packets between agent and management servers vanish, both ways",
        hosts=(*NAMESPACED[2:], *NAMESPACED[:2]),
        breaks=cut,
        probe="agent_heartbeat",
        rows=SILENT,
        also=(GONE, RETRANSMITTING),
        slack=limit,
        part="agent of $host",
    ),
    Fault(
        name="agent-unacknowledged",
        tells="what the management server acknowledges never arrives at the agent's host",
        hosts=CHATTY[::-1],
        breaks=lambda cloud, host: agents.unacknowledged(cloud.host(host)),
        probe="agent_heartbeat",
        rows=(RETRANSMITTING,),
        also=(*SILENT, GONE),
        slack=limit,
        part="agent of $host",
    ),
    Fault(
        name="agent-lossy",
        tells="a third of the agent's packets to its management servers is lost",
        hosts=CHATTY,
        breaks=lambda cloud, host: all_of(
            *(agents.lossy(cloud.host(host), cloud.host(server)) for server in MANAGEMENT)
        ),
        probe="agent_heartbeat",
        # Looks seldom fall between the loss of a packet and its second sending.
        pages=(),
        besides=(Page(Severity.WARNING, Cause.AGENT),),
        because="how many packets are lost in a row is chance",
        queries=('changes(cs_agent_retransmits_total{host="$host"}[20s]) > 0',),
        also=(RETRANSMITTING,),
        slack=limit,
        part="agent of $host",
    ),
    Fault(
        name="heartbeat-stopped",
        tells="the agent can't write its storage heartbeat; its session is well",
        hosts=tuple(OWN_KERNEL),
        breaks=heartbeat_stopped,
        probe="storage_heartbeat",
        rows=(Row(HERE, "CsStorageHeartbeatLate"), Row(HERE, "CsHostRebootNear")),
        also=(Row(HERE, "CsStorageHeartbeatUnread"), Row(HERE, "CsNfsMountReadOnly"), Row(HERE, "CsNfsDataErrors")),
        slack=lambda pace: pace.slowness + pace.patience,
        part="pool of $host",
    ),
    Fault(
        name="ms-killed",
        tells="a management server is killed: its agents go to the other one",
        hosts=MANAGEMENT,
        breaks=server_killed,
        probe="agent_heartbeat",
        rows=(Row(HERE, "CsManagementAgentPortClosed"), Row(HERE, "CsPortDown")),
        also=_of_agents("CsAgentSessionGone"),
        part="management server $host",
    ),
    Fault(
        name="ms-frozen",
        tells="a management server accepts everything and reads nothing",
        hosts=MANAGEMENT,
        breaks=lambda cloud, host: faults.frozen(cloud.management[host]),
        probe="agent_heartbeat",
        rows=(Row(HERE, "CsManagementAgentsUnread"), Row(HERE, "CsPortMute")),
        also=(
            *_of_agents(
                "CsHostAlertImminent", "CsHostAlertImminentCritical", "CsAgentSessionGone", "CsAgentRetransmitting"
            ),
            Row(HERE, "CsPortDown"),
        ),
        part="management server $host",
    ),
)
