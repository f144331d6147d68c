"""How a collector ends, under every shell: whatever the client does, no process of it is left on the host."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab.wait import wait_until_async
from tests.transports.collector.running import DASH, SCRIPT, SHELLS, RunningCollector, ShellKind, collector, marked

pytestmark = pytest.mark.debian

every_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)

NAP, LOOKS = "sleep 45 &", '"$idle" -le 20'
"""What the collector's watchdog waits between two looks, and how many looks in vain it is content with."""


def watched(seconds: float) -> str:
    """The script with a watchdog that looks that often, and gives up at the second look in vain."""
    return hurried(SCRIPT, seconds)


def hurried(script: str, seconds: float) -> str:
    """A script with a hurried watchdog."""
    assert NAP in script
    assert LOOKS in script
    return script.replace(NAP, f"sleep {seconds:g} &").replace(LOOKS, '"$idle" -le 1')


async def busy(running: RunningCollector, shell: ShellKind) -> None:
    """Have two requests with sleeping workers under way; several processes then run."""
    nap = "2" if shell.all_applets else "60"  # the timeout of busybox knows only the worker, not what that one started
    for _ in range(2):
        running.send(("nap", 60, (nap,)), ("nap", 60, (nap,)), ("show", 0, ()))
    await wait_until_async(lambda: sum(f"sleep {nap} " == line for line in running.alive().values()) == 4)


@every_shell
async def test_the_end_of_its_input_ends_everything(shell: ShellKind, tmp_path: Path) -> None:
    """A client that goes away in order leaves no supervisor, worker, command or watchdog behind."""
    async with collector(shell, tmp_path) as running:
        await busy(running, shell)
        running.hang_up()
        await running.gone()
        assert 0 == await running.process.wait()


@every_shell
async def test_a_client_that_breaks_off_in_mid_answer_leaves_nothing(shell: ShellKind, tmp_path: Path) -> None:
    """Nobody reads any more while it writes: the signal that this brings (SIGPIPE) ends it in order."""
    (tmp_path / "long").write_bytes(b"x" * 1_000_000)
    async with collector(shell, tmp_path) as running:
        await busy(running, shell)
        running.reading[0].clear()
        running.send(("read", 0, (str(tmp_path / "long"),)), ("show", 0, ("after",)))
        await wait_until_async(lambda: any(line.startswith("cat ") for line in running.alive().values()))
        running.break_off()
        await running.gone()


@every_shell
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=lambda number: number.name)
async def test_a_signal_ends_everything(shell: ShellKind, number: signal.Signals, tmp_path: Path) -> None:
    """Whoever ends the collector itself ends all of it."""
    async with collector(shell, tmp_path) as running:
        await busy(running, shell)
        os.kill(running.process.pid, number)
        await running.gone()
        assert 0 == await running.process.wait()


@every_shell
async def test_a_script_that_arrives_in_part_does_nothing(shell: ShellKind, tmp_path: Path) -> None:
    """Cut anywhere before its last line it says no word on its first stream, and ends."""
    whole = SCRIPT.removesuffix("main; exit\n")
    places = [*range(0, len(whole), len(whole) // 8), len(whole)]

    async def cut(place: int) -> tuple[bytes, dict[int, str]]:
        async with collector(shell, tmp_path, whole[:place]) as running:
            running.hang_up()
            await running.process.wait()
            await wait_until_async(lambda: running.finished)
            return bytes(running.raw[0]), marked(running.mark)

    assert [(b"", {})] * len(places) == await asyncio.gather(*map(cut, places))


async def test_a_collector_that_is_asked_nothing_ends(tmp_path: Path) -> None:
    """A connection that the network lost leaves a session that nobody asks: its watchdog ends it."""

    async def forsaken(shell: ShellKind) -> dict[int, str]:
        async with collector(shell, tmp_path, watched(0.5)) as running:
            await running.ask(("show", 0, ()))
            await running.gone(20)
            return running.alive()

    assert [{}] * len(SHELLS) == await asyncio.gather(*map(forsaken, SHELLS))


async def test_a_collector_that_is_asked_lives_on(tmp_path: Path) -> None:
    """The watchdog looks several times between the first question and the last; only then is it right."""

    async def asked(shell: ShellKind) -> int:
        answered = 0
        async with collector(shell, tmp_path, watched(1)) as running:
            end = time.monotonic() + 4
            while time.monotonic() < end:
                answered += len(await running.ask(("show", 0, ())))
                await asyncio.sleep(0.1)
            await running.gone(20)
        return answered

    assert all(answered > 4 for answered in await asyncio.gather(*map(asked, SHELLS)))


async def test_a_watchdog_whose_collector_was_killed_ends_too(tmp_path: Path) -> None:
    """Even a collector that could clear up nothing (SIGKILL) leaves nothing for long; its output ends with it."""
    async with collector(DASH, tmp_path, watched(1)) as running:
        running.process.kill()
        await wait_until_async(lambda: running.finished, 0.9, "its streams to end")
        await running.gone(20)
        assert -signal.SIGKILL == await running.process.wait()


@every_shell
async def test_supervisors_that_have_ended_are_not_kept(shell: ShellKind, tmp_path: Path) -> None:
    """After many requests with workers there is no zombie, and no process but the collector and its watchdog."""
    async with collector(shell, tmp_path) as running:
        for _ in range(5):
            await running.ask(("chunk", 9, ("/dev/null",)))
        await running.ask(("nap", 9, ("0.3",)))
        await wait_until_async(lambda: len(running.alive()) == 3, what="collector, watchdog and its sleep to be alone")
        await running.ask()
        running.send(("nap", 9, ("0",)))
        await wait_until_async(lambda: zombies(running.process.pid) <= 1, what="no more than the last supervisor")


def zombies(parent: int) -> int:
    """How many children of a process have ended and were not waited for (proc_pid_stat(5): state, then parent)."""
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, ppid = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                found += (state, int(ppid)) == ("Z", parent)
    return found
