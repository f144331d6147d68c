"""The lab's clock daemons, NFS server and hanging mount are real, and go bad in the ways they are told to."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.lab import faults
from tests.lab.hang_mount import hang_mount
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.nfs_server import MOUNT_PORT, PORT, NfsServer
from tests.lab.ntp import Chronyd, Tracking
from tests.lab.wait import HANGS, wait_until

pytestmark = pytest.mark.lab

NFS, MOUNT = 100003, 100005
PATIENCE_S = 0.5


def null_call(address: str, port: int, program: int, version: int) -> str:
    """What an RPC NULL call over TCP (RFC 5531) comes to: "answered", or the class of what was raised."""
    call = struct.pack(">10I", 7, 0, 2, program, version, 0, 0, 0, 0, 0)
    try:
        with socket.create_connection((address, port), PATIENCE_S) as connection:
            connection.sendall(struct.pack(">I", 0x80000000 | len(call)) + call)
            reply = connection.recv(28)
    except OSError as error:
        return type(error).__name__
    return "answered" if struct.unpack(">6I", reply[4:28])[5] == 0 else "refused by RPC"


def stuck(host: LabHost) -> bool:
    """Whether the host has a stat that waits unkillably."""
    return any((process.command, process.state) == ("stat -f /mnt/hang", "D") for process in host.pids())


def test_the_clients_follow_the_clock_server(lab: Lab) -> None:
    """A host's chronyd has the server as its reference, one stratum below it."""
    tracking = Chronyd(lab.hosts["h1"]).wait_synchronised()
    assert (4, "Normal") == (tracking.stratum, tracking.leap)
    assert abs(tracking.offset_s) < 0.1


def test_chronyd_can_believe_its_clock_to_be_wrong_and_never_have_known(lab: Lab) -> None:
    """`offset` makes chronyd report a slow clock; without a server it says that it is not synchronised."""
    clock, server = Chronyd(lab.hosts["h2"]), lab.hosts["srv"].address
    try:
        clock.follow(server, offset_s=2.0)
        assert 2 == pytest.approx(clock.wait_synchronised().offset_s, abs=0.1)
        clock.never_synchronised()
        assert Tracking("00000000", 0, 0.0, "Not synchronised") == clock.tracking()
    finally:
        clock.follow(server)


def test_a_lost_clock_server_shows_in_the_sources(lab: Lab) -> None:
    """With the server frozen the reach of a client's source falls; after it, it comes back."""
    server, client = Chronyd(lab.hosts["srv"]), lab.hosts["h1"]
    Chronyd(client).wait_synchronised()

    def reach() -> int:
        return int(client.run(["chronyc", "-c", "sources"], "csmon", check=True).stdout.split(",")[5], 8)

    with faults.frozen(server):
        wait_until(lambda: reach() & 0b111 == 0, 10, "three polls to be lost")
    wait_until(lambda: reach() & 1, 10, "the server to answer again")


def test_the_nfs_server_answers_and_goes_bad(nfs_server: NfsServer) -> None:
    """v3, v4 and mountd answer; a frozen server is silent, a stopped one refuses, a filtered one is as it is told."""
    host = nfs_server.host
    assert ["answered"] * 3 == [
        null_call(host.address, PORT, NFS, 3),
        null_call(host.address, PORT, NFS, 4),
        null_call(host.address, MOUNT_PORT, MOUNT, 3),
    ]
    cases = [
        (faults.frozen(nfs_server), "TimeoutError"),
        (faults.stopped(nfs_server), "ConnectionRefusedError"),
        (faults.dropped(host, PORT), "TimeoutError"),
        (faults.rejected(host, PORT), "ConnectionRefusedError"),
    ]
    for fault, expected in cases:
        with fault:
            assert expected == null_call(host.address, PORT, NFS, 3)
        assert "answered" == null_call(host.address, PORT, NFS, 3)


def test_exports_come_and_go(nfs_server: NfsServer, lab: Lab) -> None:
    """The export list, asked by a host, shows the export unless it has been withdrawn."""

    def exports() -> str:
        return lab.hosts["h1"].run(["showmount", "-e", "--no-headers", nfs_server.host.address]).stdout

    assert "/export/primary (everyone)\n" == exports()
    with faults.unexported(nfs_server, "/export/primary"):
        assert "" == exports()
    before = nfs_server.host.path("/export/primary").stat().st_ino
    nfs_server.replace("/export/primary")
    assert before != nfs_server.host.path("/export/primary").stat().st_ino
    assert "/export/primary (everyone)\n" == exports()


async def test_a_hanging_mount_makes_unkillable_processes_until_it_is_freed(lab: Lab) -> None:
    """`timeout -s KILL` does not end a command on it; freeing does, and so does taking the mount away."""
    host = lab.hosts["h4"]
    with hang_mount(host) as mount:
        assert "hello\n" == host.run(["cat", "/mnt/hang/hello"], "csmon").stdout
        for end in (mount.free, mount.close):
            mount.hang()
            async with lab.connect(host) as connection:
                process = await connection.create_process("timeout -s KILL 0.2 stat -f /mnt/hang")
                wait_until(lambda: stuck(host), HANGS, "stat to be in state D, where no signal ends it")
                end()
                await process.wait(timeout=5)
            wait_until(lambda: not host.processes(), HANGS, "no process to be left")
    assert "" == host.run("grep hang /proc/mounts").stdout
