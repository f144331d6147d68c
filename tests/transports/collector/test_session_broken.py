"""A connection that breaks under a session: how far the login had come decides what that tells of the way in."""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter.model import Login, Reason
from cs_exporter.parsers.collector import PROTOCOL
from cs_exporter.ports import Counters
from cs_exporter.transports.collector.session import Ask, CollectorSession


@pytest.mark.parametrize(("answered", "expected"), [(False, Login.AHEAD), (True, Login.PAST)])
async def test_how_far_it_had_come(expected: Login, *, answered: bool) -> None:
    """What has answered before tells nothing of the way in when it ends."""
    written: list[bytes] = []
    session = CollectorSession(written.append, lambda: None, time, Counters())
    session.received(f"\x1eready {PROTOCOL} 0123456789ab show\n".encode())
    if answered:
        session.request([Ask((), asyncio.get_running_loop().create_future())])
        request = written[0].decode().split()[0]
        session.received(f"\x1e{request} @ 1.0\n\x1e{request} . 0\n".encode())
    session.ended("the connection is lost", broken=True)
    assert session.failure is not None
    assert (Reason.RESET, expected) == (session.failure.reason, session.failure.login)
