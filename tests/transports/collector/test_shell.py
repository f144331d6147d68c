"""A host's shell: what is asked together goes out together, and a lost session is made again, at a bounded pace.

The hosts are real children of the test (`peer.py`), well-behaved or not.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import SectionCall
from cs_exporter.transports.collector import session as session_module
from cs_exporter.transports.collector.session import CollectorSession
from cs_exporter.transports.collector.shell import HostShell
from tests.lab import fair
from tests.lab.wait import wait_until_async
from tests.transports.ssh.peer import ANSWER, CALL, COLLECTOR, HELLO, Peers, failure, healed, peer

NAP = SectionCall("nap", ("60",), 60)


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    """The well-behaved peer, until a test says otherwise."""
    made = Peers()
    yield made
    for session in made.sessions:
        session.lost(ProbeFailed(Reason.RESET, "the test is over"))
        await session.gone.wait()


@pytest.fixture
async def shell(peers: Peers) -> AsyncIterator[HostShell]:
    """A shell whose pauses are short."""
    made = HostShell(peers, time, retry_cap=0.2)
    yield made
    await made.close()


async def test_all_that_is_asked_in_one_turn_is_one_request(shell: HostShell, peers: Peers) -> None:
    """Any number of probes, the same section wanted by several: one request, each section once."""
    other = SectionCall("echo", ("other",))
    found = await asyncio.gather(shell.ask(CALL), shell.ask(CALL, other), shell.ask(other), shell.ask(), shell.clock())
    assert ["hello\n", "other\n", "other\n"] == [found[0][CALL].text(), found[1][other].text(), found[2][other].text()]
    assert 1 == peers.counters.requests
    asked = peers.counters.request_bytes - len(COLLECTOR)
    assert asked == len("0.01234567 echo,0,hello echo,0,other\n")
    assert abs(found[4].skew) < 1


async def test_what_is_asked_during_the_connecting_goes_out_with_it(shell: HostShell, peers: Peers) -> None:
    """A handshake may take seconds: whoever asks meanwhile does not start another, and is not sent after it singly."""
    peers.open.clear()
    askers = [asyncio.create_task(shell.ask(CALL))]
    await wait_until_async(lambda: peers.attempts)
    for _ in range(5):
        askers.append(asyncio.create_task(shell.ask(CALL)))
        await asyncio.sleep(0.01)
    peers.open.set()
    await asyncio.gather(*askers)
    assert (1, 1) == (peers.attempts, peers.counters.requests)


async def test_the_connection_stays(shell: HostShell, peers: Peers) -> None:
    """Poll after poll over the same session."""
    for _ in range(5):
        await shell.ask(CALL)
    assert (1, 5) == (peers.attempts, peers.counters.requests)
    assert shell.session is peers.sessions[0]


async def test_a_request_under_way_does_not_hold_up_the_next(shell: HostShell) -> None:
    """While a section takes its time, others ask and are answered."""
    slow = asyncio.create_task(shell.ask(SectionCall("nap", ("0.4",), 5)))
    await shell.ask()
    began = fair.seconds()
    await shell.ask(CALL)
    assert fair.seconds() - began < 0.3
    assert not slow.done()
    assert "slept\n" == (await slow)[SectionCall("nap", ("0.4",), 5)].text()


async def test_cancelling_one_asker_cancels_nobody_else(shell: HostShell, peers: Peers) -> None:
    """Whether it is cancelled before the connection, before the request or while the answer is awaited."""
    peers.open.clear()
    nap = SectionCall("nap", ("0.3",), 5)
    askers = [asyncio.create_task(shell.ask(CALL, nap)) for _ in range(4)]
    await asyncio.sleep(0)
    askers[0].cancel()
    await wait_until_async(lambda: peers.attempts)
    askers[1].cancel()
    peers.open.set()
    await wait_until_async(lambda: peers.counters.requests)
    askers[2].cancel()
    assert "hello\n" == (await askers[3])[CALL].text()
    assert [True] * 3 == [
        isinstance(found, asyncio.CancelledError) for found in await asyncio.gather(*askers[:3], return_exceptions=True)
    ]
    assert (1, 1) == (peers.attempts, peers.counters.requests)


MANNERS = {
    "silent": ("sleep 60", Reason.TIMEOUT, "no end of the answer"),
    "no end": ('printf \'\\036%s @ 1.5\\n\\036%s . 1\\n\' "$id" "$id"', Reason.TIMEOUT, "no end of the answer"),
    "garbage": ("printf '\\036%s what?\\n' \"$id\"", Reason.UNPARSABLE, "not a frame"),
    "endless": ("printf '\\036%s < 0\\n' \"$id\"; exec cat /dev/zero", Reason.UNPARSABLE, "without an end"),
    "endless lines": ("exec yes | tr y x", Reason.UNPARSABLE, "without an end"),
    "endless second": ("printf '\\036%s ! 0 0 1 1\\n' \"$id\" >&3; exec yes >&3", Reason.UNPARSABLE, "without an end"),
    "not asked": ("printf '\\036%s > 7 0\\n' \"$id\"", Reason.UNPARSABLE, "section 7 was not asked"),
    "no clock": ("printf '\\036%s . 0\\n' \"$id\"", Reason.UNPARSABLE, "no clock frame"),
    "gone": ("exit 3", Reason.RESET, "the connection broke"),
    "gone in mid-answer": (
        'printf \'\\036%s @ 1.5\\n\\036%s < 0\\nhal\' "$id" "$id"; kill -9 $$',
        Reason.RESET,
        "broke",
    ),
}


@pytest.mark.parametrize(("manner", "reason", "said"), MANNERS.values(), ids=MANNERS)
async def test_a_host_that_answers_badly_is_told_and_healed(
    manner: str, reason: Reason, said: str, shell: HostShell, peers: Peers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each bad manner has its reason, drops the session with bounded memory, and the next session is a new one."""
    monkeypatch.setattr(session_module, "END_GRACE", 1.0)
    peers.script = peer(manner)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = await failure(shell, SectionCall("echo", ("a",)))
    assert (reason, True) == (found.reason, said in found.detail), found
    assert shell.session is None
    await peers.sessions[0].gone.wait()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024
    peers.script = COLLECTOR
    await wait_until_async(lambda: healed(shell))
    assert 2 == peers.attempts


@pytest.mark.parametrize(
    ("hello", "reason", "said"),
    [
        (HELLO.replace("ready 1", "ready 2"), Reason.COMMAND, "speaks protocol 2, not 1"),
        ("echo This account is currently not available.; exit 1", Reason.COMMAND, "is currently not available."),
        ("exec cat /dev/zero", Reason.UNPARSABLE, "without an end"),
    ],
    ids=["another protocol", "no shell", "endless"],
)
async def test_a_host_that_says_no_hello(hello: str, reason: Reason, said: str, shell: HostShell, peers: Peers) -> None:
    """No session, and the reason for everybody who had asked."""
    peers.script = peer(ANSWER, hello=hello)
    found = await asyncio.gather(failure(shell, CALL), failure(shell))
    assert [(reason, True)] * 2 == [(one.reason, said in one.detail) for one in found], found
    peers.script = COLLECTOR
    await wait_until_async(lambda: healed(shell))


async def test_forged_frames_do_not_pass(shell: HostShell, peers: Peers) -> None:
    """Text of a host that looks like frames of other requests changes no answer."""
    forged = ANSWER.replace("answer", "forged").replace('"$id"', '"ff.00000000"')
    peers.script = peer(forged + ANSWER + forged)
    for _ in range(3):
        assert b"answer\n" == (await shell.ask(CALL))[CALL].output


async def test_a_mistake_of_ours_is_a_bug_and_not_the_end() -> None:
    """What nobody foresaw is logged with its traceback, told to the askers, and the next question tries again."""
    mistakes = [ValueError("unforeseen")]
    peers = Peers()

    async def connect() -> CollectorSession:
        if mistakes:
            raise mistakes.pop()
        return await peers()

    shell = HostShell(connect, time, retry_cap=0.2)
    with capture_logs() as logs:
        found = await asyncio.gather(failure(shell, CALL), failure(shell, CALL))
    assert [(Reason.BUG, "ValueError: unforeseen")] * 2 == [(one.reason, one.detail) for one in found]
    assert ["a mistake in a transport; please report it"] == [entry["event"] for entry in logs if entry.get("exc_info")]
    assert await healed(shell)
    assert Reason.BUG is (await failure(shell, SectionCall("echo", ("\ud800",)))).reason
    assert await healed(shell)
    await shell.close()


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("moment", ["asked just now", "connecting", "under way", "idle", "never asked"])
async def test_closing_leaves_nothing(moment: str) -> None:
    """No task, descriptor or child process, whenever it comes; whoever is waiting is told, and so is who asks later."""
    peers = Peers(peer(ANSWER, hello="sleep 60")) if moment == "connecting" else Peers()
    tasks, open_before = asyncio.all_tasks(), descriptors()
    shell = HostShell(peers, time, retry_cap=0.2)
    asker: asyncio.Task[object] | None = None
    if moment == "idle":
        await shell.ask(CALL)
    elif moment != "never asked":
        asker = asyncio.create_task(shell.ask(NAP))
        await asyncio.sleep(0)
    if moment == "connecting":
        await wait_until_async(lambda: descriptors() > open_before)
    if moment == "under way":
        await wait_until_async(lambda: peers.counters.requests)
    began = fair.seconds()
    await shell.close()
    assert fair.seconds() - began < 1
    if asker is not None:
        with pytest.raises((ProbeFailed, asyncio.CancelledError)):
            await asyncio.wait_for(asker, 1)
    assert Reason.RESET is (await failure(shell, CALL)).reason
    await wait_until_async(lambda: asyncio.all_tasks() == tasks and descriptors() == open_before)
    await wait_until_async(lambda: not zombies_or_children(), what="no child process")


def zombies_or_children() -> list[str]:
    """The children of this process that run sh."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                name, _, rest = (entry / "stat").read_text().rpartition(")")
            except OSError:
                continue
            if int(rest.split()[1]) == os.getpid() and name.endswith("(sh"):
                found.append(entry.name)
    return found
