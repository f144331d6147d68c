"""Connecting: names, several addresses, silence and our own shortage are told apart.

Against real sockets of this machine.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports import tcp
from cs_exporter.transports.names import Found, Names
from cs_exporter.transports.tcp import RESERVE, connected
from tests.lab import fair
from tests.transports.ssh.test_greeting import BANNER, attempt, descriptors, ends, full, says, server


async def test_nobody_listens() -> None:
    """A refusal is one at once."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    failure = await attempt("127.0.0.1", port)
    assert failure is not None
    assert (Reason.REFUSED, "kvm1 port 22: Connection refused") == (failure.reason, failure.detail)


async def test_nobody_answers() -> None:
    """Silence on the connection request is unreachable, and takes as long as it is given."""
    with full() as (address, port):
        began, fairly, before = time.monotonic(), fair.seconds(), descriptors()
        failure = await attempt(address, port, 0.3)
        assert failure is not None
        assert (Reason.UNREACHABLE, True) == (failure.reason, "no answer to the connection request" in failure.detail)
        assert time.monotonic() - began > 0.25
        assert fair.seconds() - fairly < 1
        assert descriptors() <= before


def answering(monkeypatch: pytest.MonkeyPatch, *targets: tuple[str, int]) -> None:
    """Every name has those addresses."""
    found: Found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", target) for target in targets]
    monkeypatch.setattr(tcp, "names", Names(ask=lambda *_: found))


async def test_the_second_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several addresses a dead one costs its share of the time, and a refusing one nothing."""
    with full() as dead:
        async with server(says(BANNER)) as port:
            answering(monkeypatch, dead, ("127.0.0.3", port), ("127.0.0.1", port))
            began = fair.seconds()
            assert await attempt("kvm1", port, 0.9) is None
            assert fair.seconds() - began < 0.5


@pytest.mark.parametrize("refusing_first", [True, False])
async def test_of_several_failures_that_of_the_address_which_answered(
    monkeypatch: pytest.MonkeyPatch, *, refusing_first: bool
) -> None:
    """One address refuses, the other is silent: the peer was reached, and refused."""
    with full() as dead:
        both = [("127.0.0.3", 1), dead]
        answering(monkeypatch, *(both if refusing_first else reversed(both)))
        failure = await attempt("kvm1", 22, 0.4)
    assert failure is not None
    assert Reason.REFUSED is failure.reason


async def test_a_silent_name_server_delays_names_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads that look names up may all be stuck, the event loop's own too: numbers need none of them."""
    loop = asyncio.get_running_loop()
    released = threading.Event()
    stuck = [loop.run_in_executor(None, released.wait) for _ in range(64)]

    def silent(*_: object) -> Found:
        released.wait(20)
        return []

    monkeypatch.setattr(tcp, "names", Names(ask=silent))
    try:
        async with server(says(BANNER)) as port:
            failure = await attempt("localhost", port, 0.2)
            assert await attempt("127.0.0.1", port, 1) is None
            assert failure is not None
            assert (Reason.UNREACHABLE, True) == (failure.reason, "no name server" in failure.detail)
    finally:
        released.set()
        await asyncio.gather(*stuck)


@contextmanager
def limited(descriptors_left: int) -> Iterator[None]:
    """This process can open so many files more. Others are open, as in a daemon: what is kept free depends on both."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as held:
        while held.enter_context(socket.socket()).fileno() < RESERVE:
            pass
        with socket.socket() as lowest:
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest.fileno() + descriptors_left, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("left", [0, 1, 5])
async def test_the_last_descriptors_are_not_for_hosts(left: int) -> None:
    """Those who scrape still get in when connections to hosts have taken all that they may; it is told as ours."""
    async with server(says(BANNER)) as port:
        before = descriptors()
        with limited(left), pytest.raises(ProbeFailed) as caught:
            await connected("127.0.0.1", port, "kvm1 port 22", ends(2))
        assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)
        assert "kvm1 port 22: on the machine of cs_exporter itself: Too many open files" == caught.value.detail
        assert descriptors() == before
        with limited(4 * RESERVE):
            (await connected("127.0.0.1", port, "kvm1 port 22", ends(2))).close()
