"""A destination of several addresses: the first that accepts counts, and else the answer that says most."""

from __future__ import annotations

import asyncio
import socket

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Dial, PortState
from cs_exporter.transports.dial.addresses import first_accepting
from cs_exporter.transports.names import AddressInfo
from tests.transports.ssh.test_greeting import ends

REFUSED, SILENT = Dial(PortState.REFUSED, "refused"), Dial(PortState.FILTERED, "silent")
NO_ROUTE = ProbeFailed(Reason.UNREACHABLE, "no route", ours=True)
FULL = ProbeFailed(Reason.EXHAUSTED, "full", ours=True)

Answer = Dial | ProbeFailed | str


async def outcome(*answers: Answer) -> Answer:
    """What addresses that answer so come to together."""
    found: list[AddressInfo] = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (str(number), 80)) for number in range(len(answers))
    ]

    async def one(info: AddressInfo, _: float) -> str | Dial:
        answer = answers[int(info[4][0])]
        if isinstance(answer, ProbeFailed):
            raise answer
        return answer

    try:
        return await first_accepting(found, ends(1), one)
    except ProbeFailed as failure:
        return failure


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["open"], "open"),
        ([SILENT, REFUSED, "open", FULL], "open"),
        ([SILENT, REFUSED], REFUSED),
        ([REFUSED, SILENT], REFUSED),
        ([NO_ROUTE, SILENT], SILENT),
        ([SILENT, NO_ROUTE], SILENT),
        ([NO_ROUTE, "open"], "open"),
        ([NO_ROUTE, NO_ROUTE], NO_ROUTE),
        ([REFUSED, FULL, "open"], FULL),
    ],
)
async def test_the_most_telling(answers: list[Answer], expected: Answer) -> None:
    """What accepts, before what refuses, before what is silent, before what could not be tried."""
    assert expected == await outcome(*answers)


async def test_no_address() -> None:
    """A name without one."""
    failure = await outcome()
    assert isinstance(failure, ProbeFailed)
    assert (Reason.UNREACHABLE, True) == (failure.reason, failure.ours)


async def test_each_has_its_share() -> None:
    """Of what is left of the time."""
    loop = asyncio.get_running_loop()
    found: list[AddressInfo] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("", 80))] * 3
    shares: list[float] = []
    end = ends(3)

    async def one(_: AddressInfo, until: float) -> Dial:
        shares.append(until - loop.time())
        return SILENT

    assert SILENT is await first_accepting(found, end, one)
    assert [1.0, 1.5, 3.0] == pytest.approx(shares, abs=0.1)
