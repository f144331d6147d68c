"""Many sockets behind one descriptor: errors are told as often as they come, under both event loops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import uvloop

from cs_exporter.transports.paths.watch import Watch
from tests.lab.wait import wait_until_async
from tests.transports.ssh.test_greeting import descriptors

Run = Callable[[Coroutine[Any, Any, list[int]]], list[int]]


@contextmanager
def refused() -> Iterator[socket.socket]:
    """A UDP socket whose peer does not listen: every packet brings an error."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = nobody.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as made:
        made.connect(address)
        yield made


def has(told: list[int], number: int) -> bool:
    """Whether so many have been told."""
    return len(told) == number


async def errors_come_again() -> list[int]:
    """Whose errors were told: of two sockets, the first one is not watched any more before the last two."""
    watch, before = Watch(), descriptors()
    told: list[int] = []

    def look(sock: socket.socket) -> None:
        with pytest.raises(ConnectionRefusedError):
            sock.recv(1)
        told.append(sock.fileno())

    with refused() as first, refused() as second:
        watch.add(first.fileno(), lambda: look(first))
        watch.add(second.fileno(), lambda: look(second))
        for sock in (first, first, second, first):
            wanted = len(told) + 1
            sock.send(b"x")
            await wait_until_async(partial(has, told, wanted), what="the error to be told")
        watch.remove(first.fileno())
        first.send(b"x")
        second.send(b"x")
        await wait_until_async(partial(has, told, 5), what="the other one's error")
        watch.remove(second.fileno())
        numbers = [first.fileno(), second.fileno()]
    assert descriptors() <= before
    return [numbers.index(number) for number in told]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_every_error_is_told(run: Run) -> None:
    """The daemon runs with uvloop, a single run at a terminal without it."""
    told = run(errors_come_again())
    assert [0, 0, 1, 0, 1] == told


async def test_a_callback_may_take_others_away() -> None:
    """Who was told of in the same breath, and is gone meanwhile, is not called."""
    watch = Watch()
    called: list[int] = []
    with refused() as first, refused() as second:

        def only_one(own: int) -> None:
            called.append(own)
            watch.remove(first.fileno())
            watch.remove(second.fileno())

        for sock in (first, second):
            watch.add(sock.fileno(), partial(only_one, sock.fileno()))
            sock.send(b"x")
        await wait_until_async(lambda: called, what="one of them")
        await asyncio.sleep(0.05)
    assert 1 == len(called)


async def test_what_can_not_be_watched_leaves_nothing() -> None:
    """Neither the first one nor a later one; the others are watched on."""
    watch, before = Watch(), descriptors()
    told: list[int] = []
    with refused() as sock:
        with pytest.raises(OSError, match="Bad file descriptor"):
            watch.add(1 << 20, told.clear)
        assert before + 1 == descriptors()
        watch.add(sock.fileno(), partial(told.append, 1))
        with pytest.raises(OSError, match="Bad file descriptor"):
            watch.add(1 << 20, told.clear)
        sock.send(b"x")
        await wait_until_async(lambda: told, what="the error to be told")
        watch.remove(sock.fileno())
    assert before == descriptors()
