"""Agents inside User-Mode-Linux: they ping and write heartbeats by their own clock; a hung mount stops only these."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest

from tests.lab import faults
from tests.lab.agents import ManagementServer, pings_stuck, running
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.nfs_server import NfsServer
from tests.lab.uml import UmlHost, boot
from tests.lab.uml_agents import UmlAgent
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

EVERY = 0.4
DEADLINE = 30.0
EXPORT, POOL = "/export/primary", "/mnt/pool"
AHEAD = 1000


@pytest.fixture
def server(lab: Lab) -> Iterator[ManagementServer]:
    """A server, running."""
    (host,) = lab.add_hosts([HostSpec("umlagents-ms")])
    made = ManagementServer(host, every=EVERY, layout="4.19", check_health=4 * EVERY)
    with running(made):
        yield made
    lab.remove_host(host)


@pytest.fixture(scope="module")
def booted(lab: Lab) -> Iterator[UmlHost]:
    """A host of these tests' own: an agent leaves settings in it that other tests would take for theirs."""
    (host,) = boot(lab, "umlkvm")
    yield host
    host.stop()


@pytest.fixture
def kvm(booted: UmlHost, nfs_server: NfsServer) -> Iterator[UmlHost]:
    """The hypervisor with the pool mounted, hard as CloudStack does."""
    booted.mount_nfs(nfs_server.host.address, EXPORT, POOL)
    yield booted
    booted.unmount(POOL)
    shutil.rmtree(nfs_server.host.path(f"{EXPORT}/KVMHA"))


def pings(server: ManagementServer) -> int:
    """How many pings the server has noted."""
    return server.log().count("Ping from Routing host 9(umlkvm)")


def more_pings(server: ManagementServer) -> None:
    """Wait for some."""
    before = pings(server)
    wait_until(lambda: pings(server) > before + 2, DEADLINE, "pings")


def stamp(storage: LabHost, kvm: UmlHost) -> int:
    """What the heartbeat file says, as the file server has it; 0 where there is none."""
    file = storage.path(f"{EXPORT}/KVMHA/hb-{kvm.address}")
    text = file.read_text() if file.exists() else ""
    return int(text) if text else 0


def test_an_agent_of_its_own_kernel(server: ManagementServer, kvm: UmlHost, nfs_server: NfsServer) -> None:
    """Session, pings and heartbeats; frozen it has neither, the server gives it up, and it comes back."""
    agent = UmlAgent(kvm, [server.host], number=9, heartbeat=[POOL], heartbeat_every=EVERY)
    with running(agent):
        more_pings(server)
        wait_until(lambda: stamp(nfs_server.host, kvm), DEADLINE, "a heartbeat")
        with faults.frozen(agent):
            wait_until(lambda: "is Alert, current status is Up" in server.log(), DEADLINE, "the host to be given up")
            last = wait_until(lambda: stamp(nfs_server.host, kvm), DEADLINE, "a whole heartbeat")
            wait_until(lambda: time.time() > last + 2.5, DEADLINE, "the next to be due")
            assert last == stamp(nfs_server.host, kvm)
        more_pings(server)
        with pings_stuck(agent):
            wait_until(lambda: "Agent is determined to be up and running" in server.log(), DEADLINE, "it to be alive")
        more_pings(server)
        kvm.set_clock(AHEAD)
        try:
            wait_until(lambda: stamp(nfs_server.host, kvm) > time.time() + AHEAD / 2, DEADLINE, "the host's own time")
        finally:
            kvm.set_clock(0)
        agent.shut_down()
        wait_until(lambda: "shutting down with reason sig.kill" in server.log(), DEADLINE, "the server to be told")
    assert "Process agent startup answer, agent [id: 9, uuid: " in agent.log()
    assert f"Connected to the host: {server.host.address}" in agent.log()


def test_a_hung_mount_stops_no_ping(server: ManagementServer, kvm: UmlHost, nfs_server: NfsServer) -> None:
    """The heartbeat's thread hangs in the kernel, the others go on; healed it writes on; killed, nothing is left."""
    agent = UmlAgent(kvm, [server.host], number=9, heartbeat=[POOL], heartbeat_every=EVERY)
    with running(agent):
        last = wait_until(lambda: stamp(nfs_server.host, kvm), DEADLINE, "a heartbeat")
        with faults.frozen(nfs_server):
            more_pings(server)
            wait_until(lambda: time.time() > last + 2.5, DEADLINE, "the next to be due")
            more_pings(server)
            stood = stamp(nfs_server.host, kvm)
        wait_until(lambda: stamp(nfs_server.host, kvm) > max(last, stood), DEADLINE, "heartbeats again")
    assert "behind on ping" not in server.log()
    assert [] == [line for line in kvm.processes("root") if "agent_programs" in line]
