"""The guard of mounts, on a mount that makes whoever touches it unkillable: one child on it, whoever asks how often.

Under each shell that a host's `sh` may be.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import AnswerState, SectionCall
from cs_exporter.transports.collector.shell import HostShell
from tests.lab import fair
from tests.lab.hang_mount import hang_mount
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.processes import Process
from tests.lab.wait import wait_until_async
from tests.transports.ssh.hosts import SHOW, Exporter, exporter

pytestmark = pytest.mark.lab

MOUNT = "/mnt/it's $(hung);"
"""A name that every layer of quoting has to bring through."""
SIZE, ROOT = SectionCall("size", (MOUNT,), 1), SectionCall("size", ("/",), 1)
RECONNECTS = 20
TICK = os.sysconf("SC_CLK_TCK")

each_sh = pytest.mark.parametrize("name", ["h1", "h3", "h4"], ids=["dash", "busybox", "bash"])


def on_mount(host: LabHost) -> list[Process]:
    """The processes of a host that are in the mount."""
    return [process for process in host.pids() if process.name == "stat" and MOUNT in process.command]


def began(process: Process) -> int:
    """When a process began, in clock ticks since the boot (proc_pid_stat(5), field 22)."""
    return int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19])


async def drop(shell: HostShell) -> None:
    """Lose a connection that has worked, as a restart or a broken network does."""
    session = shell.session
    assert session is not None
    await wait_until_async(lambda: session.completed)
    session.lost(ProbeFailed(Reason.RESET, "the test wants a new connection"))


async def clean(host: LabHost, *exporters: Exporter) -> None:
    """Once all exporters have left, no process or file of the account is there."""
    await asyncio.gather(*(one.close() for one in exporters))
    await wait_until_async(lambda: not host.processes("csmon"), what="no process of the account")
    assert [] == host.files("csmon")


@each_sh
async def test_a_hung_mount_holds_one_child(lab: Lab, name: str) -> None:
    """Two exporters that reconnect again and again: one child, `held` since it began, and healing by itself."""
    host = lab.hosts[name]
    with hang_mount(host, MOUNT) as mount:
        async with exporter(lab, host) as one, exporter(lab, host) as other:
            healthy = (await one.shells[name].ask(SIZE))[SIZE]
            assert (0, True) == (healthy.status, healthy.output.strip().isdigit())
            mount.hang()
            found = await one.shells[name].ask(SIZE, ROOT, SHOW)
            assert [AnswerState.LATE, AnswerState.DONE, AnswerState.DONE] == [
                found[c].state for c in (SIZE, ROOT, SHOW)
            ]
            (child,) = on_mount(host)
            # A child that has only just begun may still come back: until it is two seconds old, a guard tries again.
            await wait_until_async(lambda: uptime() - began(child) / TICK > 2.5)
            for turn in range(RECONNECTS):
                shell = (one, other)[turn % 2].shells[name]
                found = await shell.ask(SIZE, ROOT)
                assert 0 == found[ROOT].status
                assert_held(found[SIZE].output.decode(), child, found[SIZE].status)
                assert [child.pid] == [process.pid for process in on_mount(host)]
                await drop(shell)
            mount.free()
            for each in (one, other):
                answer = (await each.shells[name].ask(SIZE))[SIZE]
                assert (0, healthy.output) == (answer.status, answer.output)
            await clean(host, one, other)


def uptime() -> float:
    """Seconds since this machine started, which is every lab host's."""
    return float(Path("/proc/uptime").read_text().split()[0])


def assert_held(said: str, child: Process, status: int) -> None:
    """The guard's answer names the child's own beginning, and the host's uptime now."""
    word, since, now = said.split()
    assert ("held", began(child), 200) == (word, int(since), status)
    assert 0 <= float(now) - int(since) / TICK < 60


@each_sh
async def test_exporters_that_begin_together_hang_once(lab: Lab, name: str) -> None:
    """Three first questions at the same moment: at most one goes in, and never a second one after it."""
    host = lab.hosts[name]
    with hang_mount(host, MOUNT) as mount:
        async with exporter(lab, host) as a, exporter(lab, host) as b, exporter(lab, host) as c:
            shells = [one.shells[name] for one in (a, b, c)]
            await asyncio.gather(*(shell.ask(SHOW) for shell in shells))
            mount.hang()
            for _ in range(3):
                await asyncio.gather(*(shell.ask(SIZE) for shell in shells))
                assert 1 >= len(on_mount(host))
            await wait_until_async(lambda: len(on_mount(host)) == 1)
            mount.free()
            await clean(host, a, b, c)


@each_sh
async def test_exporters_that_ask_a_healthy_mount_together_are_answered(lab: Lab, name: str) -> None:
    """They see each other, withdraw and come back at different times: nobody takes a healthy mount for a held one."""
    host = lab.hosts[name]
    call = SectionCall("size", (MOUNT,), 5)
    with hang_mount(host, MOUNT):
        async with exporter(lab, host) as one, exporter(lab, host) as other:
            shells = [one.shells[name], other.shells[name]]
            await asyncio.gather(*(shell.ask(SHOW) for shell in shells))
            for _ in range(8):
                found = await asyncio.gather(*(shell.ask(call) for shell in shells))
                assert [0, 0] == [answers[call].status for answers in found], [a[call] for a in found]
                assert found[0][call].output == found[1][call].output
            await clean(host, one, other)


async def test_a_hung_mount_delays_nobody_else(lab: Lab) -> None:
    """Who asks for other sections, in the same request or the next, is answered at once."""
    host = lab.hosts["h1"]
    with hang_mount(host, MOUNT) as mount:
        async with exporter(lab, host) as one:
            shell = one.shells["h1"]
            await shell.ask(SHOW)
            mount.hang()
            hung = asyncio.create_task(shell.ask(SIZE))
            begins = fair.seconds()
            await asyncio.gather(shell.ask(SHOW), shell.ask(ROOT), shell.clock())
            await shell.ask(SHOW)
            assert fair.seconds() - begins < 0.5
            assert AnswerState.LATE is (await hung)[SIZE].state
            mount.free()
            await clean(host, one)
