"""Faults of agents, of the management servers that hear them, and of the storage heartbeat that they write.

What the sockets can show is here; an agent whose ping task hangs while its session moves needs the log to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from cs_exporter.spec import Cause, Severity
from tests.demo.cloud import CHATTY, HYPERVISORS, MANAGEMENT, NAMESPACED, OWN_KERNEL, POOL, Cloud
from tests.demo.fault import HERE, Fault, Page, Row
from tests.demo.faults_clocks import BOUND, IN_POOL, OFFSET, SKEWED, UNSYNCHRONISED
from tests.demo.faults_nfs import HEARTBEAT
from tests.demo.pace import Pace
from tests.demo.ways import all_of
from tests.lab import agents, faults

SILENT = (Row(HERE, "CsHostAlertImminent"), Row(HERE, "CsHostAlertImminentCritical"))
STEP = 400.0
"""Seconds: more than five ping intervals, after which an agent takes its own pings for given up."""

NO_PINGS = Row(HERE, "CsAgentPingsStopped")
CLOCK = (Row(HERE, "CsClockSkewCritical"), *SKEWED, *IN_POOL, *OFFSET, BOUND, UNSYNCHRONISED)
GONE, RETRANSMITTING = Row(HERE, "CsAgentSessionGone"), Row(HERE, "CsAgentRetransmitting")
IN_ALERT = Row(HERE, "CsHostInAlert")
STATES = tuple(
    Row(HERE, f"CsHost{how}") for how in ("InAlert", "Disconnected", "ConnectingLong", "Flapping", "PingsMissing")
)
LOGGED = tuple(
    Row(server, f"CsManagement{what}")
    for server in MANAGEMENT
    for what in ("AgentsBehind", "Investigates", "AgentsLost")
)
"""What the cloud makes of it: the host's state, and what its servers write down."""

OTHERS = tuple(Row(HERE, name) for name in (*HEARTBEAT, "CsStorageHeartbeatGone"))


OF_SERVER = tuple(
    Row(HERE, f"CsManagement{what}") for what in ("HeartbeatLate", "HeartbeatStopped", "ServerDown", "PeerDown")
)
UNWRITTEN = ("CsNfsMountReadOnly", "CsNfsDataErrors", "CsAgentHeartbeatWriteFailed")


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
def clock_stepped(cloud: Cloud, host: str) -> Iterator[None]:
    """More than its agent bears; the clock is mended by a step back, and the agent by a new start."""
    kernel, agent = cloud.kernels[host], cloud.agents[host]
    kernel.start_chronyd(cloud.ntp, "maxslewrate 1")
    kernel.set_clock(STEP)
    try:
        yield
    finally:
        kernel.stop_chronyd()
        kernel.set_clock(0.0)
        kernel.start_chronyd(cloud.ntp, "makestep 0.1 3")
        agent.stop()
        agent.start()


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
        also=(GONE, RETRANSMITTING, *OTHERS, *STATES, *LOGGED),
        slack=limit,
        part="agent of $host",
    ),
    Fault(
        name="agent-killed",
        tells="the agent's process is killed",
        hosts=(*NAMESPACED[1:], *OWN_KERNEL, *NAMESPACED[:1]),
        breaks=lambda cloud, host: faults.stopped(cloud.agents[host]),
        probe="agent_heartbeat",
        rows=(GONE, IN_ALERT),
        also=(*SILENT, *OTHERS, *STATES, *LOGGED),
        part="agent of $host",
    ),
    Fault(
        name="agent-cut",
        tells="packets between agent and management servers vanish, both ways",
        hosts=(*NAMESPACED[2:], *NAMESPACED[:2]),
        breaks=cut,
        probe="agent_heartbeat",
        rows=SILENT,
        also=(GONE, RETRANSMITTING, *STATES, *LOGGED),
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
        also=(*SILENT, GONE, *STATES, *LOGGED),
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
        also=(RETRANSMITTING, *STATES, *LOGGED),
        slack=limit,
        part="agent of $host",
    ),
    Fault(
        name="agent-pings-stuck",
        tells="the agent's task of pings hangs; it answers commands, so that its session goes on moving",
        hosts=(*CHATTY, *OWN_KERNEL),
        breaks=lambda cloud, host: agents.pings_stuck(cloud.agents[host]),
        probe="management_log",
        rows=(NO_PINGS, Row(HERE, "CsHostAlertImminentCritical")),
        also=(*SILENT, *STATES, *LOGGED),
        slack=limit,
        part="agent of $host",
    ),
    Fault(
        name="clock-stepped",
        tells=f"the clock is set forward by {STEP:g} s: the agent then pings no more until it connects anew",
        hosts=tuple(OWN_KERNEL),
        breaks=clock_stepped,
        probe="management_log",
        rows=(NO_PINGS, Row(HERE, "CsAgentPingsGivenUp")),
        also=(*SILENT, *CLOCK, *STATES, *LOGGED, *OTHERS, Row(HERE, "CsStorageHeartbeatAhead"), GONE),
        slack=limit,
        part="clock of $host",
        # Its clock is wrong as well: that is a page of its own.
        pages=(Page(Severity.CRITICAL, Cause.AGENT),),
        besides=(Page(Severity.CRITICAL, Cause.CLOCK), Page(Severity.CRITICAL, Cause.STORAGE)),
        because="a clock that far ahead is seen at once, minutes before its agent is missed",
    ),
    Fault(
        name="heartbeat-stopped",
        tells="the agent can't write its storage heartbeat; its session is well",
        hosts=tuple(OWN_KERNEL),
        breaks=heartbeat_stopped,
        probe="storage_heartbeat",
        rows=(Row(HERE, "CsStorageHeartbeatLate"), Row(HERE, "CsHostRebootNear")),
        also=(Row(HERE, "CsStorageHeartbeatUnread"), *map(partial(Row, HERE), UNWRITTEN)),
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
        also=(*OF_SERVER, *_of_agents("CsAgentSessionGone", *(row.symptom for row in STATES)), *LOGGED),
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
                *("CsHostAlertImminent", "CsHostAlertImminentCritical", "CsAgentSessionGone", "CsAgentRetransmitting"),
                *(row.symptom for row in STATES),
            ),
            Row(HERE, "CsPortDown"),
            *OF_SERVER,
            *LOGGED,
        ),
        part="management server $host",
    ),
)
