"""This machine's own collector, a child of the exporter: it answers, and it goes when it is told to, or is made to."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import AnswerState, Counters, SectionCall
from cs_exporter.transports.collector.local import HELLO_TIMEOUT, LocalConnector
from cs_exporter.transports.collector.session import CollectorSession
from tests.lab import fair
from tests.lab.wait import wait_until_async
from tests.transports.collector.running import marked
from tests.transports.ssh.peer import COLLECTOR, HELLO, ask

MARK = f"local-{os.getpid()}"


@pytest.fixture(autouse=True)
def _mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARK", MARK)


async def connect(script: str = COLLECTOR) -> CollectorSession:
    """A session with a child that runs `script`."""
    return await LocalConnector(script.encode(), time, Counters())()


def children() -> list[int]:
    """What this test's collectors have left running."""
    return [pid for pid in marked(f"MARK={MARK}") if pid != os.getpid()]


async def test_it_answers_and_goes() -> None:
    """The whole way, for real: hello, answer, and nothing left a moment after the session is over."""
    session = await connect()
    echo, nap = SectionCall("echo", ("hello",)), SectionCall("nap", ("60",), 60)
    answers = await ask(session, echo)
    assert not isinstance(answers, ProbeFailed)
    assert "hello\n" == answers[echo].text()
    assert abs(answers.clock.skew) < 1
    under_way = asyncio.create_task(ask(session, nap))
    await wait_until_async(lambda: len(children()) > 3)
    session.lost(ProbeFailed(Reason.RESET, "enough"))
    await wait_until_async(lambda: not children())
    assert "enough" == getattr(await under_way, "detail", None)
    await asyncio.wait_for(session.gone.wait(), 1)


async def test_what_the_machine_lacks_is_unsupported() -> None:
    """Nothing is asked of a tool that is not there."""
    session = await connect()
    calls = SectionCall("lacking"), SectionCall("nowhere")
    answers = await ask(session, *calls)
    assert not isinstance(answers, ProbeFailed)
    assert [AnswerState.UNSUPPORTED] * 2 == [answers[call].state for call in calls]
    session.lost(ProbeFailed(Reason.RESET, "enough"))
    await session.gone.wait()


async def test_one_that_does_not_go_is_killed() -> None:
    """A collector that is stopped, or deaf to the end of its input, does not stay behind either."""
    session = await connect(f"{HELLO}; while :; do sleep 60; done\n")
    assert children()
    began = fair.seconds()
    session.lost(ProbeFailed(Reason.RESET, "enough"))
    await asyncio.wait_for(session.gone.wait(), 5)
    assert fair.seconds() - began < 1
    await wait_until_async(lambda: not children())


async def test_the_end_of_the_child_is_the_end_of_the_session() -> None:
    """Whoever kills the collector, the session says so at once."""
    session = await connect()
    pending = asyncio.create_task(ask(session, SectionCall("nap", ("60",), 60)))
    await wait_until_async(lambda: len(children()) > 3)
    for pid in children():
        os.kill(pid, signal.SIGKILL)
    failure = await pending
    assert isinstance(failure, ProbeFailed)
    assert (Reason.RESET, failure) == (failure.reason, session.failure)
    await session.gone.wait()


@pytest.mark.parametrize(
    ("script", "reason", "said"),
    [
        ("echo no such thing >&2; exit 1\n", Reason.COMMAND, "no such thing"),
        ("printf '\\036hello\\n'; cat\n", Reason.UNPARSABLE, "not a frame"),
        ("printf '\\036ready 99 abc a\\n'; cat\n", Reason.COMMAND, "speaks protocol 99"),
        ("exec cat /dev/zero\n", Reason.UNPARSABLE, "without an end"),
        ("cat /dev/zero >&2\n", Reason.UNPARSABLE, "without an end"),
    ],
    ids=["no shell", "no frame", "another protocol", "endless", "endless on the second stream"],
)
async def test_what_is_no_collector_is_told(script: str, reason: Reason, said: str) -> None:
    """Each way of not saying hello has its reason, and what was said instead is shown."""
    with pytest.raises(ProbeFailed, match=said) as caught:
        await connect(script)
    assert reason is caught.value.reason
    await wait_until_async(lambda: not children())


async def test_silence_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that starts and never says hello is a time-out that shows what it said before."""
    monkeypatch.setattr("cs_exporter.transports.collector.local.HELLO_TIMEOUT", 0.3)
    assert HELLO_TIMEOUT >= 1
    with pytest.raises(ProbeFailed, match=r"no hello from the collector within 0.3 s: 'loading'") as caught:
        await connect("echo loading; exec cat\n")
    assert Reason.TIMEOUT is caught.value.reason
    await wait_until_async(lambda: not children())


async def test_giving_up_before_the_hello_leaves_nothing() -> None:
    """Shutting down while a collector starts must not forget it."""
    attempt = asyncio.create_task(connect("exec cat\n"))
    await wait_until_async(children)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    await wait_until_async(lambda: not children())


async def test_a_machine_without_sh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Even that is a failure like any other."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProbeFailed, match="sh: No such file or directory") as caught:
        await connect()
    assert Reason.COMMAND is caught.value.reason
