"""The probe nfs_mounts on real hosts: a kernel's NFS client and a real server, through every fault and back.

The host runs the real collector over SSH; each test polls as the daemon would and waits for the state to show.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from cs_exporter.model import Host, Mount, ProbeFailed, Role, SshTarget
from cs_exporter.ports import Counters
from cs_exporter.probes.nfs import nfs_mounts
from cs_exporter.probes.nfs.nfs_server import NfsServerReading
from cs_exporter.probes.nfs.programs import exported
from cs_exporter.probes.nfs.verdicts import MountState
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.pool import Pace, Shells
from cs_exporter.transports.rpc import RpcClient
from tests.lab import faults
from tests.lab.hang_mount import SOURCE, hang_mount
from tests.lab.lab import USER, Lab
from tests.lab.nfs_server import PORT, NfsServer
from tests.lab.uml import UmlHost
from tests.lab.wait import wait_until_async
from tests.probes.nfs.nfs_live import DEADLINE, Poller, ServerPoller

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

EXPORT = "/export/primary"
V3, V4 = "/mnt/a4d0c2c8-0f5b-3f5e-8c1f-2f6f0f0f0003", "/mnt/a4d0c2c8-0f5b-3f5e-8c1f-2f6f0f0f0004"
PACE = Pace(handshakes_at_once=4, handshakes_per_second=20.0, retry_cap=1.0)


@pytest.fixture
async def shells() -> AsyncIterator[Shells]:
    """Real sessions; ended with the test."""
    made = Shells(assemble(nfs_mounts.SPEC.sections), PACE, time, Counters())
    yield made
    await made.close()


@pytest.fixture
def mounted(uml_hosts: list[UmlHost], nfs_server: NfsServer) -> Iterator[UmlHost]:
    """A host with the server's export mounted twice, by both protocols."""
    host = uml_hosts[0]
    for point, version in ((V3, "3"), (V4, "4.2")):
        host.mount_nfs(nfs_server.host.address, EXPORT, point, version)
    yield host
    for point in (V3, V4):
        if f" {point} " in host.run("cat /proc/mounts", check=True).stdout:
            host.unmount(point)


@pytest.fixture
def hypervisor(lab: Lab, shells: Shells, mounted: UmlHost, nfs_server: NfsServer) -> Poller:
    """The host, polled, with both mounts in its settings."""
    address = nfs_server.host.address
    mounts = tuple(Mount(point, "srv", address, EXPORT, version=version) for point, version in ((V3, "3"), (V4, "4.2")))
    host = Host(mounted.name, mounted.address, roles=frozenset({Role.HYPERVISOR}), ssh=target(lab), mounts=mounts)
    return Poller(host, shells.of(host), RpcClient(Counters()))


@pytest.fixture
def server(shells: Shells, nfs_server: NfsServer) -> ServerPoller:
    """The NFS server, asked as the host it is, without logging in."""
    host = Host("srv", nfs_server.host.address, roles=frozenset({Role.STORAGE}))
    return ServerPoller(host, shells.of(host))


def target(lab: Lab) -> SshTarget:
    """How to log in to the lab's hosts."""
    return SshTarget(user=USER, key_file=str(lab.client_key_file), known_hosts=str(lab.known_hosts_file))


def programs(reading: NfsServerReading) -> dict[str, bool]:
    """Program and version -> up."""
    return {f"{row.program}{row.version}": row.up for row in exported(reading.programs)}


@contextmanager
def replaced(nfs_server: NfsServer) -> Iterator[None]:
    """The exported directory is another one; there is no way back but to mount anew."""
    nfs_server.replace(EXPORT)
    yield


async def test_a_healthy_host(hypervisor: Poller, server: ServerPoller) -> None:
    """Both mounts answer within their limit, with version, mode and counts; the server serves all programs."""
    await hypervisor.poll()
    reading = await hypervisor.until(MountState.OK, MountState.OK)
    assert [("3", True, False), ("4.2", True, False)] == [
        (row.version, row.hard, row.version_mismatch) for row in reading.mounts
    ]
    for row in reading.mounts:
        assert row.latency is not None
        assert row.latency < 0.9
        assert row.traffic is not None
        assert (True, 0) == (row.traffic.answers_came, row.traffic.outstanding)
    assert {"portmapper2": True, "mountd3": True, "nfs3": True, "nfs4": True} == programs(await server.poll())


@pytest.mark.parametrize("fault", ["frozen", "dropped", "stopped"])
async def test_a_server_that_does_not_answer(
    hypervisor: Poller, server: ServerPoller, nfs_server: NfsServer, mounted: UmlHost, fault: str
) -> None:
    """Frozen, filtered or dead: both mounts hang, longer and longer, the server is down, and all heals by itself."""
    breaking: dict[str, AbstractContextManager[None]] = {
        "frozen": faults.frozen(nfs_server),
        "dropped": faults.dropped(nfs_server.host, PORT),
        "stopped": faults.stopped(nfs_server),
    }
    await server.poll()
    await hypervisor.until(MountState.OK, MountState.OK)
    with breaking[fault]:
        first = await hypervisor.until(MountState.HUNG, MountState.HUNG)
        down = programs(await server.poll())
        assert {"nfs3": False, "nfs4": False} == {name: up for name, up in down.items() if name.startswith("nfs")}
        later = await hypervisor.until(MountState.HUNG, MountState.HUNG)
        for before, after in zip(first.mounts, later.mounts, strict=True):
            assert 1.0 <= (before.hung_seconds or 0.0) < (after.hung_seconds or 0.0)
            assert after.latency is None
        # A command that was killed is not there any more, and none is left waiting behind it.
        await wait_until_async(
            lambda: not [line for line in mounted.blocked() if "stat -f" in line], 5.0, "no leftover"
        )
    healed = await hypervisor.until(MountState.OK, MountState.OK)
    assert [0.0, 0.0] == [row.hung_seconds for row in healed.mounts]
    await wait_until_async(lambda: _all_up(server), DEADLINE, "the server to be up")


async def _all_up(server: ServerPoller) -> bool:
    return all(programs(await server.poll()).values())


async def test_requests_wait_on_a_connection_that_looks_healthy(hypervisor: Poller, nfs_server: NfsServer) -> None:
    """With the server stopped and TCP alive, the kernel's counts tell of requests in vain without touching a mount."""
    await hypervisor.until(MountState.OK, MountState.OK)
    with faults.frozen(nfs_server):

        async def outstanding() -> bool:
            return all(row.traffic and row.traffic.outstanding > 0 for row in (await hypervisor.poll()).mounts)

        await wait_until_async(outstanding, DEADLINE, "requests to wait in vain")
    healed = await hypervisor.until(MountState.OK, MountState.OK)
    assert [0, 0] == [row.traffic and row.traffic.outstanding for row in healed.mounts]


async def test_an_export_that_was_replaced(hypervisor: Poller, nfs_server: NfsServer) -> None:
    """Where the server knows the file handle no longer, a mount is stale: it answers, and not with itself."""
    await hypervisor.until(MountState.OK, MountState.OK)
    with replaced(nfs_server):
        reading = await hypervisor.until(MountState.STALE, MountState.STALE)
    assert {"statfs: Stale file handle"} == {row.detail for row in reading.mounts}


async def test_a_mount_that_is_gone(hypervisor: Poller, mounted: UmlHost, nfs_server: NfsServer) -> None:
    """What is unmounted is missing; what comes back from another place is so, too; the right one is ok again."""
    await hypervisor.until(MountState.OK, MountState.OK)
    mounted.unmount(V3)
    await hypervisor.until(MountState.MISSING, MountState.OK)
    mounted.run(["mount", "-t", "tmpfs", "elsewhere", V3], check=True)
    instead = await hypervisor.until(MountState.MISSING, MountState.OK)
    assert "elsewhere (tmpfs) is mounted there" == instead.mounts[0].detail
    mounted.run(["umount", V3], check=True)
    mounted.mount_nfs(nfs_server.host.address, EXPORT, V3, "3")
    await hypervisor.until(MountState.OK, MountState.OK)


async def test_a_mount_that_became_read_only(hypervisor: Poller, mounted: UmlHost) -> None:
    """Remounted read-only it is told so, unless it is meant to be."""
    mounted.run(["mount", "-o", "remount,ro", V4], check=True)
    reading = await hypervisor.until(MountState.OK, MountState.READONLY)
    assert ("mounted read-only", True) == (reading.mounts[1].detail, reading.mounts[1].up)
    meant = tuple(replace(mount, readonly=True) for mount in hypervisor.host.mounts)
    hypervisor.host = replace(hypervisor.host, mounts=meant)
    await hypervisor.until(MountState.OK, MountState.OK)


async def test_an_export_that_became_read_only(hypervisor: Poller, mounted: UmlHost, nfs_server: NfsServer) -> None:
    """No mount option shows what the server does, but the writes of a running guest fail, and that is counted."""
    stop = "/tmp/stop"  # noqa: S108 (of the lab's host)
    guest = mounted.start(
        f"rm -f {stop}; exec 3>{V3}/disk; while [ ! -e {stop} ]; do"
        " dd if=/dev/zero bs=4k count=1 conv=fsync status=none >&3; sleep 0.1; done"
    )

    async def ratio_is(expected: float) -> bool:
        counts = (await hypervisor.poll()).mounts[0].traffic
        return counts is not None and counts.error_ratio == pytest.approx(expected)

    try:
        await wait_until_async(lambda: ratio_is(0.0), DEADLINE, "writes to succeed")
        with faults.read_only_export(nfs_server, EXPORT):
            await wait_until_async(lambda: ratio_is(1.0), DEADLINE, "all writes to fail")
        await wait_until_async(lambda: ratio_is(0.0), DEADLINE, "writes to succeed again")
    finally:
        mounted.run(["touch", stop], check=True)
        mounted.finish(guest)


async def test_what_a_heartbeat_script_leaves(hypervisor: Poller, mounted: UmlHost, nfs_server: NfsServer) -> None:
    """A pool mounted as kvmheartbeat.sh does it is recognised on a real kernel."""
    mounted.unmount(V3)
    options = "sync,soft,proto=tcp,acregmin=0,acregmax=0,acdirmin=0,acdirmax=0,noac"
    mounted.mount_nfs(nfs_server.host.address, EXPORT, V3, "3", options)
    reading = await hypervisor.until(MountState.OK, MountState.OK)
    assert [(True, False), (False, True)] == [(row.heartbeat_remount, row.hard) for row in reading.mounts]


async def test_a_host_without_settings(hypervisor: Poller, nfs_server: NfsServer) -> None:
    """Mounts that nobody listed are found, then asked, and hang like any other."""
    hypervisor.host = replace(hypervisor.host, mounts=())
    assert [None, None] == [*(await hypervisor.states()).values()]
    await hypervisor.until(MountState.OK, MountState.OK)
    with faults.frozen(nfs_server):
        reading = await hypervisor.until(MountState.HUNG, MountState.HUNG)
    assert {(nfs_server.host.address, EXPORT)} == {(row.server, row.export) for row in reading.mounts}


async def test_a_mount_that_no_signal_ends(lab: Lab, shells: Shells) -> None:
    """FUSE at its worst: one child for all polls, and its age is the time the mount has hung."""
    machine = lab.hosts["h2"]
    with hang_mount(machine) as mount:
        server, _, export = SOURCE.partition(":")
        wanted = Mount(mount.mount_point, "old-nas", server, export)
        host = Host(machine.name, machine.address, ssh=target(lab), mounts=(wanted,))
        poller = Poller(host, shells.of(host), RpcClient(Counters()))
        await poller.until(MountState.OK)
        mount.hang()
        await poller.until(MountState.HUNG)

        async def held() -> bool:
            return "an earlier one has waited" in (await poller.poll()).mounts[0].detail

        await wait_until_async(held, DEADLINE, "the guard to tell of the child that is there already")
        assert 1 == len([line for line in machine.processes() if line.startswith("stat -f")])
        mount.free()
        await poller.until(MountState.OK)


async def test_a_host_that_is_gone(hypervisor: Poller) -> None:
    """Without the host there is no reading at all."""
    gone = Shells(assemble(nfs_mounts.SPEC.sections), PACE, time, Counters())
    nobody = replace(hypervisor.host, name="nobody", address="127.0.0.1", ssh=replace(hypervisor.host.ssh, port=1))
    poller = Poller(nobody, gone.of(nobody), hypervisor.rpc)
    try:
        with pytest.raises(ProbeFailed, match="refused"):
            await poller.poll()
    finally:
        await gone.close()
