"""The User-Mode-Linux hosts: a real NFS client that hangs and heals, a clock that is really wrong, nothing left."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.control import PROJECT
from tests.lab.lab import Lab
from tests.lab.nfs_server import NfsServer
from tests.lab.processes import everywhere, read
from tests.lab.uml import UmlHost, boot
from tests.lab.wait import HANGS, wait_until, wait_until_async

pytestmark = pytest.mark.lab

EXPORT = "/export/primary"
MOUNT = "/mnt/5f2c7e64-6c2f-3b9a-8d0e-0c9b1f7a1d11"
STATFS = f"stat -f {MOUNT}"

SLEWED = 0.8
"""Seconds that a clock is wrong by; chronyd takes at least twelve times as long to slew it, its `maxslewrate`."""

EXACT = 0.2
"""Seconds that a look at a clock over SSH may be wrong by; a machine with too much to do looks again."""

OWNER = """
import sys, time
from tests.lab.lab import Lab
from tests.lab.uml import boot
lab = Lab(())
boot(lab, sys.argv[1])
print(lab.directory, flush=True)
time.sleep(600)
"""


@pytest.fixture(params=["3", "4.2"])
def mounted(request: pytest.FixtureRequest, uml_hosts: list[UmlHost], nfs_server: NfsServer) -> Iterator[UmlHost]:
    """The first host with the server's export mounted, once by each version."""
    host = uml_hosts[0]
    host.mount_nfs(nfs_server.host.address, EXPORT, MOUNT, request.param)
    yield host
    host.unmount(MOUNT)


def named(text: str) -> list[str]:
    """The command lines of this machine's processes that carry that text."""
    found = (read(pid) for pid in everywhere() if pid != os.getpid())
    return [process.command for process in found if process is not None and text in process.command]


async def clock_over_ssh(lab: Lab, host: UmlHost) -> float:
    """The host's clock minus ours, as the polling account sees it (s), wrong by no more than EXACT."""
    found: list[float] = []

    async def look() -> bool:
        before = time.time()
        answer = await connection.run("date +%s.%N", check=True)
        after = time.time()
        found.append(float(str(answer.stdout)) - (before + after) / 2)
        return after - before < 2 * EXACT

    async with lab.connect(host) as connection:
        await wait_until_async(look, HANGS, "a quick look at the clock")
    return found[-1]


async def test_the_polling_account_logs_in(lab: Lab, uml_hosts: list[UmlHost]) -> None:
    """Each answers over a real SSH connection, under a kernel that is not this machine's."""
    for host in uml_hosts:
        async with lab.connect(host) as connection:
            seen = (await connection.run("uname -nr; id -u", check=True)).stdout
        assert [host.name, "64001"] == str(seen).split()[::2]
        assert os.uname().release not in str(seen)


def test_reads_what_the_server_has(mounted: UmlHost, nfs_server: NfsServer) -> None:
    """The polling account reads a file of some size over NFS, and it arrives unharmed."""
    content = os.urandom(3_000_000)
    nfs_server.host.path(f"{EXPORT}/image").write_bytes(content)
    done = mounted.run(["sha256sum", f"{MOUNT}/image"], user="csmon", check=True)
    assert hashlib.sha256(content).hexdigest() == done.stdout.split()[0]


def test_frozen_server_hangs_statfs_until_killed(mounted: UmlHost, nfs_server: NfsServer) -> None:
    """With the server stopped and TCP alive, statfs sleeps uninterruptibly; SIGKILL ends it."""
    nfs_server.freeze()
    try:
        hung = mounted.start(f"timeout -s KILL 2 {STATFS}", user="csmon")
        wait_until(lambda: STATFS in mounted.blocked(), HANGS, "statfs to hang")
        assert 137 == mounted.finish(hung).returncode
        assert [] == mounted.processes()
    finally:
        nfs_server.thaw()


def test_thawed_server_heals(mounted: UmlHost, nfs_server: NfsServer) -> None:
    """A statfs that hung comes back with an answer as soon as the server runs again, and so does the next."""
    nfs_server.freeze()
    try:
        hung = mounted.start(STATFS, user="csmon")
        wait_until(lambda: STATFS in mounted.blocked(), HANGS, "statfs to hang")
    finally:
        nfs_server.thaw()
    assert 0 == mounted.finish(hung).returncode
    assert 0 == mounted.run(STATFS, user="csmon").returncode


@pytest.mark.parametrize("offset", [2.0, -1.5])
async def test_clock_is_wrong_for_everybody(lab: Lab, uml_hosts: list[UmlHost], offset: float) -> None:
    """A clock set wrong is seen wrong over SSH, and only that host's is."""
    wrong, right = uml_hosts
    wrong.set_clock(offset)
    try:
        assert offset == pytest.approx(await clock_over_ssh(lab, wrong), abs=0.1 + EXACT)
        assert pytest.approx(0, abs=0.1 + EXACT) == await clock_over_ssh(lab, right)
    finally:
        wrong.set_clock(0)


def test_chronyd_slews_the_clock(lab: Lab, uml_hosts: list[UmlHost]) -> None:
    """A clock that is a little wrong is brought back by chronyd, gradually."""
    host = uml_hosts[1]
    host.set_clock(SLEWED)
    host.start_chronyd(lab.hosts["srv"].address)
    seen = []

    def right() -> bool:
        error, doubt = host.clock_error()
        seen.append((error, doubt))
        return abs(error) < 0.05 and doubt < 0.3

    try:
        wait_until(right, 60, "the clock to be right")
        assert any(0.1 + doubt < error < SLEWED - 0.1 - doubt for error, doubt in seen)
    finally:
        host.stop_chronyd()
        host.set_clock(0)


def test_stop_leaves_nothing(lab: Lab) -> None:
    """A host that is stopped leaves no process, the kernel's helpers among them, and no port on the bridge."""
    name = f"stop{os.getpid()}"
    (host,) = boot(lab, name)
    assert len(named(f"LAB_NAME={name}")) > 2
    host.stop()
    wait_until(lambda: not named(f"LAB_NAME={name}"), HANGS, "all processes to end")
    assert host.port_device not in lab.network.hub.run(["ip", "-brief", "link"])


def test_crash_of_the_owner_leaves_nothing() -> None:
    """When the test process is killed, its hosts end with it and its files are removed."""
    name = f"lost{os.getpid()}"
    with subprocess.Popen([sys.executable, "-c", OWNER, name], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        directory = Path(owner.stdout.readline().strip())
        assert named(f"LAB_NAME={name}")
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not named(f"LAB_NAME={name}"), HANGS, "all processes to end")
    wait_until(lambda: not directory.exists(), HANGS, "the lab's files to be removed")
