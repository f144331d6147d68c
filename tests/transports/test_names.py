"""Names are looked up by few threads, whose wait is nobody's: not of numbers, not of other names, not of the end."""

from __future__ import annotations

import asyncio
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.names import Found, Names
from tests.lab import fair
from tests.lab.wait import wait_until_async

HERE: Found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 22))]


class NameServer:
    """Answers names that begin with `live` at once, all others when it is released."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.released = threading.Event()

    def __call__(self, name: str, _: int) -> Found:
        """Look a name up, for as long as that takes."""
        self.asked.append(name)
        if not name.startswith("live"):
            self.released.wait(20)
        return HERE


@pytest.fixture
def server() -> Iterator[NameServer]:
    """A name server that knows nothing of most names until the test ends."""
    made = NameServer()
    yield made
    made.released.set()


def ends(seconds: float) -> float:
    """The loop's time in so many seconds."""
    return asyncio.get_running_loop().time() + seconds


async def failure(names: Names, name: str, seconds: float = 0.1) -> ProbeFailed:
    """What looking a name up fails with."""
    with pytest.raises(ProbeFailed) as caught:
        await names.addresses(name, 22, "kvm1 port 22", ends(seconds))
    return caught.value


@pytest.mark.parametrize(("number", "expected"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("fe80::1%lo", None)])
async def test_numbers_ask_nobody(server: NameServer, number: str, expected: str | None) -> None:
    """Whatever is already a number is an address at once, though all threads are stuck."""
    names = Names(threads=1, waiting=0, ask=server)
    ((_, _, _, _, address),) = await names.addresses(number, 22, "it", ends(1))
    assert address[0] == expected or expected is None
    assert [] == server.asked


async def test_a_silent_name_server(server: NameServer) -> None:
    """Is unreachable within the time, by our fault and not the host's; says how many wait; a name is asked once."""
    names = Names(threads=2, ask=server)
    tasks = [asyncio.create_task(failure(names, f"dead{number % 5}", 0.3)) for number in range(10)]
    found = await asyncio.gather(*tasks)
    assert {(Reason.UNREACHABLE, True)} == {(each.reason, each.ours) for each in found}
    assert all("kvm1 port 22: the name does not resolve: no name server has answered" in each.detail for each in found)
    assert "names wait for it" in found[0].detail
    await failure(names, "dead0")
    assert ["dead0", "dead1"] == sorted(server.asked)


async def test_what_nobody_waits_for_leaves_the_queue(server: NameServer) -> None:
    """Neither a deadline nor a cancelled run leaves work behind: the next name goes first."""
    names = Names(threads=1, waiting=2, ask=server)
    stuck = asyncio.create_task(failure(names, "dead0", 5))
    await wait_until_async(lambda: server.asked)
    cancelled = asyncio.create_task(failure(names, "dead1", 5))
    await failure(names, "dead2")
    cancelled.cancel()
    assert isinstance((await asyncio.gather(cancelled, return_exceptions=True))[0], asyncio.CancelledError)
    live = asyncio.create_task(names.addresses("live", 22, "it", ends(5)))
    await asyncio.sleep(0)
    server.released.set()
    assert HERE == await live
    assert ["dead0", "live"] == server.asked
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)


def waits(names: Names, number: int, server: NameServer) -> bool:
    """Whether so many wait for the one thread, which is taken."""
    return server.asked == ["dead0"] and number == len(names._queue)


async def test_a_full_queue_says_so(server: NameServer) -> None:
    """The bound of the queue is a failure at once, not a longer queue."""
    names = Names(threads=1, waiting=1, ask=server)
    tasks = []
    for number in range(2):
        tasks.append(asyncio.create_task(failure(names, f"dead{number}", 0.4)))
        await wait_until_async(partial(waits, names, number, server))
    began = fair.seconds()
    refused = await failure(names, "dead2", 5)
    assert fair.seconds() - began < 0.2
    assert (Reason.UNREACHABLE, True) == (refused.reason, refused.ours)
    assert "the name does not resolve: 1 names already wait for the name server" in refused.detail
    await asyncio.gather(*tasks)


async def test_threads_end_with_the_work() -> None:
    """Idle threads are not kept, and the next name finds one again."""
    names = Names(ask=NameServer())
    for _ in range(2):
        assert HERE == await names.addresses("live", 22, "it", ends(5))
        await wait_until_async(lambda: not [one for one in threading.enumerate() if one.name == "names"])


@pytest.mark.parametrize("name", ["no-such-host.invalid", "x" * 70 + ".invalid", "a..b", ""])
async def test_a_name_that_does_not_resolve(name: str) -> None:
    """Whatever the name server or the encoding says about it: unreachable under that name, and no fault of the host."""
    found = await failure(Names(), name, 5)
    assert (Reason.UNREACHABLE, True) == (found.reason, found.ours), found
    assert "the name does not resolve" in found.detail


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """This process can open no further file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_our_own_shortage_is_no_unknown_name() -> None:
    """Without a descriptor the C library finds no name at all; the failure tells the cause."""
    with no_descriptor_left():
        found = await failure(Names(), "no-such-host.invalid", 5)
    assert (Reason.EXHAUSTED, True) == (found.reason, "cs_exporter itself: Too many open files" in found.detail), found


END = """
import asyncio, time, sys
from cs_exporter.transports.names import Names
async def main():
    loop = asyncio.get_running_loop()
    names = Names(ask=lambda name, port: time.sleep(30))
    asks = [loop.create_task(names.addresses(f"x{n}", 22, "x", loop.time() + 60)) for n in range(20)]
    await asyncio.sleep(0.1)
    await asyncio.to_thread(print, "a page", flush=True)
if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_nobody_waits_for_them_at_the_end(loop: str) -> None:
    """Threads that are stuck hold up neither a page nor the end of the process, under either event loop."""
    began = fair.seconds()
    done = subprocess.run([sys.executable, "-c", END, loop], capture_output=True, text=True, timeout=60, check=False)
    assert (0, "a page\n", "") == (done.returncode, done.stdout, done.stderr)
    assert fair.seconds() - began < 10
