"""Storage heartbeats of real hosts on a real NFS pool: frozen servers, silent agents, and clocks that are wrong or set.

The agent's part is a loop of the host's root, once a second in place of once a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.probes import PROBES
from cs_exporter.probes.storage.storage_heartbeat import StorageHeartbeatReading
from cs_exporter.probes.storage.writes import FileState, WriteRow
from tests.lab import faults
from tests.lab.lab import Lab
from tests.lab.nfs_server import NfsServer
from tests.lab.uml import UmlHost
from tests.lab.wait import wait_until_async
from tests.live.watch import QUICK, Address, Watch

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

EXPORT, POOL = "/export/primary", "/mnt/a4d0c2c8-0f5b-3f5e-8c1f-2f6f0f0f00hb"
STOP, PAUSE = "/run/agent_stop", "/run/agent_pause"
PROPERTIES = "/etc/cloudstack/agent/agent.properties"
ARMED = """keystore.passphrase=of no concern
kvm.heartbeat.update.frequency=15000
kvm.heartbeat.update.max.tries=2
kvm.heartbeat.update.retry.sleep=10000
"""
PATIENCE = 35.0
"""Seconds from a write to the earliest reboot, by these settings."""

LATE, NEAR = "CsStorageHeartbeatLate", "CsHostRebootNear"
AHEAD, UNREAD = "CsStorageHeartbeatAhead", "CsStorageHeartbeatUnread"
LIMITS = {LATE: 4, NEAR: 30}
DEADLINE = 60.0

STORAGE = ("nfs_mounts", "storage_heartbeat")
ONLY_STORAGE = {
    spec.name: {**QUICK["probes"].get(spec.name, {}), "enabled": False} for spec in PROBES if spec.name not in STORAGE
}
"""User-Mode-Linux is slow: what every probe asks every three seconds would leave no time for what is looked at here."""


@contextmanager
def pool(host: UmlHost, server: NfsServer) -> Iterator[None]:
    """The host has the pool mounted, and its agent writes there."""
    file = f"{POOL}/KVMHA/hb-{host.address}"
    host.mount_nfs(server.host.address, EXPORT, POOL)
    host.run(["rm", "-f", STOP, PAUSE], check=True)
    agent = host.start(
        f"mkdir -p {POOL}/KVMHA; while [ ! -e {STOP} ]; do [ -e {PAUSE} ] || date +%s >{file}; sleep 1; done"
    )
    try:
        yield
    finally:
        host.run(["touch", STOP], check=True)
        host.finish(agent)
        host.unmount(POOL)
        host.set_clock(0.0)


@pytest.fixture
def hosts(uml_hosts: list[UmlHost], nfs_server: NfsServer) -> Iterator[tuple[UmlHost, UmlHost]]:
    """Two hypervisors of the pool; the clock of the second one is ahead by an hour."""
    first, second = uml_hosts
    second.set_clock(3600.0)
    first.write(PROPERTIES, ARMED)
    second.write(PROPERTIES, ARMED + "reboot.host.and.alert.management.on.heartbeat.timeout=false\n")
    with ExitStack() as stack:
        for host in (first, second):
            stack.enter_context(pool(host, nfs_server))
        yield first, second


def watched(server: NfsServer) -> dict[str, Any]:
    """What the hosts' blocks have besides name and address."""
    mounts = [{"mountpoint": POOL, "server": server.host.address, "export": EXPORT}]
    return {"roles": ["hypervisor"], "mounts": mounts, "limits": LIMITS}


def reading(watch: Watch, host: Address) -> StorageHeartbeatReading:
    """The last one, also where a run has failed since: a loaded machine may be too slow for one."""
    entry = watch.daemon.board.entry("storage_heartbeat", host.name)
    assert entry is not None
    assert isinstance(entry.reading, StorageHeartbeatReading), entry.failure
    return entry.reading


def row(watch: Watch, host: Address) -> WriteRow:
    """The pool's row."""
    (found,) = reading(watch, host).mounts
    return found


def red(watch: Watch) -> dict[str, set[str]]:
    """Host -> symptoms about storage and the reboot."""
    found: dict[str, set[str]] = {}
    for host, name in watch.red_names():
        if name.startswith(("CsStorage", "CsHostReboot", "CsNfs")):
            found.setdefault(host, set()).add(name)
    return found


def all_read(watch: Watch, hosts: tuple[UmlHost, ...]) -> bool:
    """Whether each host's file has just been read, and nothing is red."""
    works = all(watch.works("storage_heartbeat", host.name) for host in hosts)
    return works and {} == red(watch) and all(row(watch, host).state is FileState.READ for host in hosts)


def on_pool(host: UmlHost) -> list[str]:
    """The account's commands that are in the pool."""
    return [line for line in host.processes() if POOL in line and line.startswith(("head", "stat"))]


async def test_pools_through_every_fault(
    tmp_path: Path, lab: Lab, hosts: tuple[UmlHost, UmlHost], nfs_server: NfsServer
) -> None:
    """Each fault turns its rows red and heals; a clock that is wrong, or is set meanwhile, turns none of them red."""
    armed, skewed = hosts
    async with Watch(tmp_path, lab, {host: watched(nfs_server) for host in hosts}, probes=ONLY_STORAGE) as watch:
        await watch.swept()
        await wait_until_async(lambda: all_read(watch, hosts), DEADLINE, "all files to be read")
        for host in hosts:
            at = reading(watch, host).at
            assert 0.0 <= at.now - (row(watch, host).written or 0.0) < LIMITS[LATE]
        assert reading(watch, skewed).seconds_to_reboot is None
        await _silent_and_set_back(watch, skewed)
        await _server_freezes(watch, armed, nfs_server)
        await wait_until_async(lambda: {} == red(watch), DEADLINE, "all to be well again")


async def _silent_and_set_back(watch: Watch, host: UmlHost) -> None:
    """Nobody writes, and the clock goes back by an hour and more: in the future, and late by true seconds only."""
    host.run(["touch", PAUSE], check=True)
    before = row(watch, host).stamp
    host.set_clock(-900.0)
    await wait_until_async(lambda: {host.name: {LATE, AHEAD}} == red(watch), DEADLINE, "the write to be late")
    found = reading(watch, host)
    (mount,) = found.mounts
    assert before is not None
    assert mount.stamp is not None
    assert FileState.READ is mount.state
    assert mount.stamp - before < 10
    assert 4400.0 < (mount.ahead or 0.0) < 4600.0
    assert found.at.now - (mount.written or 0.0) < 20.0
    host.run(["rm", PAUSE], check=True)
    await wait_until_async(lambda: {} == red(watch), DEADLINE, "the next write to heal it")


async def _server_freezes(watch: Watch, host: UmlHost, nfs_server: NfsServer) -> None:
    """Nothing can be read, and the age and the countdown run on by the true second; one child for both probes."""
    with faults.frozen(nfs_server):
        wanted = {LATE, NEAR, UNREAD, "CsNfsMountHung"}
        await wait_until_async(lambda: wanted <= red(watch).get(host.name, set()), DEADLINE, "the pool to hang")
        first = reading(watch, host)
        most = 0

        def later() -> bool:
            nonlocal most
            most = max(most, len(on_pool(host)))
            return reading(watch, host).at.now > first.at.now + 4.0

        await wait_until_async(later, DEADLINE, "two polls more")
        second = reading(watch, host)
        passed = second.at.now - first.at.now
        assert first.seconds_to_reboot is not None
        assert second.seconds_to_reboot is not None
        assert pytest.approx(passed, abs=0.01) == first.seconds_to_reboot - second.seconds_to_reboot
        assert first.mounts[0].written == second.mounts[0].written
        assert pytest.approx(PATIENCE, abs=0.01) == second.seconds_to_reboot + second.at.now - (
            second.mounts[0].written or 0.0
        )
        assert 1 == most
