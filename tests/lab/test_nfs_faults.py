"""Faults of the NFS server as a real client (another kernel) sees them on its mount.

Apart from `test_servers.py`, which looks at the server alone: what a fault means is decided by the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.lab import faults
from tests.lab.nfs_server import PORT, NfsServer
from tests.lab.uml import UmlHost
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

EXPORT, MOUNT = "/export/faulty", "/mnt/faulty"
STATFS = f"stat -f {MOUNT}"
HEAL_DEADLINE = 30.0


@pytest.fixture
def mounted(request: pytest.FixtureRequest, uml_hosts: list[UmlHost], nfs_server: NfsServer) -> Iterator[UmlHost]:
    """The second host with an export of its own mounted, by version 4.2 unless the test says otherwise."""
    host = uml_hosts[1]
    nfs_server.access[EXPORT] = "RW"
    nfs_server.restart()
    host.mount_nfs(nfs_server.host.address, EXPORT, MOUNT, getattr(request, "param", "4.2"))
    yield host
    host.unmount(MOUNT)
    del nfs_server.access[EXPORT]
    nfs_server.restart()


def healthy(host: UmlHost) -> bool:
    """Whether statfs answers within a second."""
    return host.run(f"timeout -s KILL 1 {STATFS}", "csmon").returncode == 0


SILENCES: list[Callable[[NfsServer], AbstractContextManager[None]]] = [
    faults.stopped,
    lambda server: faults.dropped(server.host, PORT),
    lambda server: faults.rejected(server.host, PORT),
]


@pytest.mark.parametrize("fault", SILENCES, ids=["stopped", "dropped", "rejected"])
def test_a_server_that_is_gone_hangs_the_mount_and_heals(
    mounted: UmlHost, nfs_server: NfsServer, fault: Callable[[NfsServer], AbstractContextManager[None]]
) -> None:
    """A hard mount waits whether packets are lost or refused, and goes on by itself when the server is back."""
    assert healthy(mounted)
    with fault(nfs_server):
        assert not healthy(mounted)
    wait_until(lambda: healthy(mounted), HEAL_DEADLINE, "the mount to answer again")


def test_a_read_only_export_refuses_writing(mounted: UmlHost, nfs_server: NfsServer) -> None:
    """Writing fails as on a read-only file system while statfs is fine, and works again after it."""
    touch = ["touch", f"{MOUNT}/file"]
    assert 0 == mounted.run(touch).returncode
    with faults.read_only_export(nfs_server, EXPORT):
        assert "Read-only file system" in mounted.run(touch).stderr
        assert healthy(mounted)
    assert 0 == mounted.run(touch).returncode


@pytest.mark.parametrize("mounted", ["3", "4.2"], indirect=True)
def test_a_replaced_export_goes_stale(mounted: UmlHost, nfs_server: NfsServer) -> None:
    """The client's handle of the old directory is refused as stale, sooner or later, by both versions."""
    nfs_server.replace(EXPORT)
    wait_until(
        lambda: "Stale file handle" in mounted.run(f"timeout -s KILL 1 {STATFS}", "csmon").stderr,
        HEAL_DEADLINE,
        "statfs to fail as stale",
    )
