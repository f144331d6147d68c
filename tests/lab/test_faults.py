"""Every fault does what it says, and mends itself: a login that failed inside the with block works after it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import asyncssh
import pytest

from tests.lab import faults, peers
from tests.lab.host import LabHost
from tests.lab.lab import Lab

pytestmark = pytest.mark.lab

PATIENCE_S = 1.0
Fault = Callable[[LabHost], AbstractContextManager[object]]


async def outcome(lab: Lab, host: LabHost, command: str = "echo fine") -> str:
    """What a login and one command come to: the output, or the class of what was raised."""
    try:
        async with lab.connect(host, connect_timeout=PATIENCE_S) as connection:
            done = await asyncio.wait_for(connection.run(command), PATIENCE_S)
            return str(done.stdout)
    except (OSError, asyncssh.Error) as error:
        return type(error).__name__


CASES: list[tuple[str, Fault, str]] = [
    ("h1", lambda host: faults.frozen(host.sshd), "TimeoutError"),
    ("h1", faults.dropped, "TimeoutError"),
    ("h1", lambda host: faults.dropped(host, 22), "TimeoutError"),
    ("h1", faults.unplugged, "TimeoutError"),
    ("h1", lambda host: faults.rejected(host, 22), "ConnectionRefusedError"),
    ("h1", lambda host: faults.rejected(host, 22, "icmp port-unreachable"), "ConnectionRefusedError"),
    ("h1", lambda host: faults.rejected(host, 22, "icmp admin-prohibited"), "OSError"),
    ("h1", lambda host: faults.stopped(host.sshd), "ConnectionRefusedError"),
    ("h1", faults.changed_host_key, "HostKeyNotVerifiable"),
    ("h1", faults.key_removed, "PermissionDenied"),
    ("h1", faults.account_locked, "PermissionDenied"),
    ("h1", faults.no_shell, "This account is currently not available.\n"),
    ("h1", lambda host: faults.login_shell(host, "echo nonsense"), "nonsense\n"),
    ("h1", lambda host: faults.login_shell(host, "exec yes"), "TimeoutError"),
    ("h1", faults.small_path, "TimeoutError"),
    ("h6", lambda host: faults.small_route(host, silent=True), "TimeoutError"),
    ("h6", lambda host: faults.small_route(host, silent=False), "fine\n"),
]
PEERS = {
    "mute": "TimeoutError",
    "garbage": "ProtocolError",
    "web_server": "ConnectionLost",
    "old_version": "ProtocolNotSupported",
    "garbage_after_banner": "ProtocolError",
    "reset_after_banner": "ConnectionResetError",
    "hang_up": "ConnectionLost",
    "endless_lines": "ProtocolError",
    "endless_line": "ProtocolError",
}


@pytest.mark.parametrize(("name", "fault", "expected"), CASES)
async def test_a_fault_breaks_and_mends(lab: Lab, name: str, fault: Fault, expected: str) -> None:
    """Inside the block a login comes to what the fault says; after it, to the command's output."""
    host = lab.hosts[name]
    with fault(host):
        assert expected == await outcome(lab, host)
    assert "fine\n" == await outcome(lab, host)


@pytest.mark.parametrize("manner", peers.MANNERS)
async def test_a_peer_in_the_place_of_sshd(lab: Lab, manner: str) -> None:
    """Each manner of not being an SSH server shows as itself, and sshd is back after it."""
    host = lab.hosts["h1"]
    with faults.replaced_by(host, manner):
        assert PEERS[manner] == await outcome(lab, host)
    assert "fine\n" == await outcome(lab, host)


async def test_a_black_hole_lets_the_version_pass_and_swallows_the_key_exchange(lab: Lab) -> None:
    """The server's greeting arrives at once although a login hangs: the mark of a path MTU too small."""
    host = lab.hosts["h1"]
    with faults.small_path(host):
        with socket.create_connection((host.address, host.port), PATIENCE_S) as connection:
            assert b"SSH-2.0-" == connection.recv(8)
        assert "TimeoutError" == await outcome(lab, host)
        async with lab.connect(lab.hosts["h2"]) as neighbour:
            assert "fine\n" == (await neighbour.run("echo fine")).stdout


async def test_an_established_session_hangs_when_frozen_and_breaks_when_reset(lab: Lab) -> None:
    """A freeze stops the answers of an open connection until it is over; a reset ends the connection."""
    host = lab.hosts["h2"]
    async with lab.connect(host) as connection:
        with faults.frozen(host.sshd), pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.run("true"), PATIENCE_S)
        assert "fine\n" == (await connection.run("echo fine")).stdout
        with faults.reset(host), pytest.raises(asyncssh.Error):
            await asyncio.wait_for(connection.run("true"), PATIENCE_S)
    assert "fine\n" == await outcome(lab, host)


async def test_commands_see_a_wrong_clock(lab: Lab) -> None:
    """Only commands of that host see it, in a running program too, and it can be changed while they run."""
    host = lab.hosts["h5"]
    async with lab.connect(host) as connection:
        process = await connection.create_process("while read x; do date +%s.%N; done")

        async def skew() -> float:
            process.stdin.write("\n")
            return float(await process.stdout.readline()) - time.time()

        assert 0 == pytest.approx(await skew(), abs=0.2)
        with faults.clock_wrong(host, 2.0):
            assert 2 == pytest.approx(await skew(), abs=0.2)
        with faults.clock_wrong(host, -1.5):
            assert -1.5 == pytest.approx(await skew(), abs=0.2)
        assert 0 == pytest.approx(await skew(), abs=0.2)


def test_a_program_can_have_a_wrong_clock_of_its_own(lab: Lab) -> None:
    """A program started by `popen` sees a shifted wall clock, and its shared memory is not on this machine."""
    script = "import os, time; print(time.time(), len([n for n in os.listdir('/dev/shm') if 'faketime' in n]))"
    program = lab.python("-c", script, env=faults.wrong_clock_environment(2.0))
    shown, left = program.communicate(timeout=10)[0].split()
    assert 2 == pytest.approx(float(shown) - time.time(), abs=0.5)
    assert "0" != left
