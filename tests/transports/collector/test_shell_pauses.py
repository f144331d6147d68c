"""How long a host is left alone after failures: a growing, bounded pause, and none for a connection that had worked."""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.collector import session as session_module
from cs_exporter.transports.collector.shell import Backoff, HostShell
from tests.lab.wait import wait_until_async
from tests.transports.ssh.peer import CALL, Peers, failure, healed, peer


async def test_failures_in_a_row_are_not_repeated_at_every_question() -> None:
    """During the pause the known failure is the answer, at once; after it there is one attempt more."""
    peers = Peers()
    shell = HostShell(peers, time, retry_cap=0.4)
    peers.refusal = ProbeFailed(Reason.REFUSED, "no")
    for _ in range(20):
        assert Reason.REFUSED is (await failure(shell, CALL)).reason
    assert 1 == peers.attempts
    peers.refusal = None
    await wait_until_async(lambda: healed(shell), 1)
    assert 2 == peers.attempts
    await shell.close()


async def test_a_host_whose_collectors_get_stuck_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that never answered is followed by growing pauses, else each poll would leave one more of them."""
    monkeypatch.setattr(session_module, "END_GRACE", 0.02)
    peers = Peers(peer("exec sleep 60"))
    shell = HostShell(peers, time, retry_cap=30)
    for _ in range(30):
        assert Reason.TIMEOUT is (await failure(shell, CALL)).reason
        await asyncio.sleep(0.05)
    assert 2 <= peers.attempts <= 4
    await shell.close()


async def test_a_session_that_has_answered_is_made_again_at_once() -> None:
    """A connection that worked and broke is no reason to wait, however often."""
    peers = Peers()
    shell = HostShell(peers, time, retry_cap=30)
    for turn in range(1, 6):
        assert await healed(shell)
        assert turn == peers.attempts
        await wait_until_async(lambda: peers.sessions[-1].completed == 1)
        peers.sessions[-1].lost(ProbeFailed(Reason.RESET, "cut"))
        await peers.sessions[-1].gone.wait()
    await shell.close()


def test_pauses_grow_have_jitter_and_a_cap() -> None:
    """Doubling from one second to the cap, each shortened by up to half so that hosts do not come back in step."""
    pauses: list[set[float]] = [set() for _ in range(8)]
    for _ in range(200):
        backoff = Backoff(cap=30.0)
        for pause in pauses:
            backoff.failed(100.0)
            pause.add(backoff.wait(100.0))
    for full, pause in zip((1, 2, 4, 8, 16, 30, 30, 30), pauses, strict=True):
        assert full / 2 <= min(pause) < 0.6 * full
        assert 0.9 * full < max(pause) <= full


def test_a_success_ends_the_pauses() -> None:
    """The next failure begins with a short pause again; without one there is no pause at all; a thousand do no harm."""
    backoff = Backoff(cap=30.0)
    assert 0 == backoff.wait(100.0)
    for _ in range(2000):
        backoff.failed(100.0)
    assert 15 <= backoff.wait(100.0) <= 30
    assert 0 == backoff.wait(131.0)
    backoff.succeeded()
    assert 0 == backoff.wait(100.0)
    backoff.failed(100.0)
    assert backoff.wait(100.0) <= 1
