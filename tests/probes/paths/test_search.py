"""The round from the exporter's own machine: the packets that it sends, and that it finds the size to the byte."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Route
from cs_exporter.parsers.ping import Fate, Round, Way
from cs_exporter.ports import Echo, EchoState, EchoWay
from cs_exporter.probes.paths.ladder import AT_ONCE, SIZES
from cs_exporter.probes.paths.search import Search, measure

ROUTE = Route("eth0", "10.0.0.1")


@dataclass
class FakePath:
    """ports.Mtu of one path: packets up to `passes` come back; a router tells of larger ones where `told` is set."""

    passes: int
    told: int | None = None
    lose: list[int] = field(default_factory=list)  # so many of the first packets of these sizes are lost by chance
    sent: list[int] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    way: EchoWay = EchoWay.PING

    async def echo(self, address: str, size: int, deadline: float) -> Echo:  # noqa: ARG002  # see ports.Mtu
        """See ports.Mtu."""
        self.sent.append(size)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if size in self.lose:
            self.lose.remove(size)
            return Echo(EchoState.SILENT, size)
        if size <= self.passes:
            return Echo(EchoState.REPLY, size, rtt=0.001)
        if self.told is not None:
            return Echo(EchoState.TOO_BIG, size, mtu=self.told, by="10.0.1.1")
        return Echo(EchoState.SILENT, size)


async def run(path: FakePath, *, expected: int | None = 9000, hint: int | None = None, late: bool = False) -> Round:
    """One round; `late`: there is no time for a search."""
    until = time.monotonic() + (0 if late else 60)
    return await measure(Search(path, time, "10.0.0.9", 1.0, until, SIZES), ROUTE, 9000, expected, hint)


def passed(seen: Round) -> int:
    """The largest size that passed."""
    return max((packet.size for packet in seen.packets or () if packet.fate is Fate.REPLY), default=0)


async def test_a_path_that_is_well_takes_two_packets() -> None:
    """Small and expected; with nothing expected, the device's size."""
    path = FakePath(9000)
    seen = await run(path, expected=None)
    assert ([84, 9000], ROUTE, 9000) == (path.sent, seen.route, seen.device_mtu)
    assert {Way.PING} == {packet.way for packet in seen.packets or ()}


async def test_a_router_that_answers_is_taken_at_its_word() -> None:
    """The size that it says is tried, and nothing else."""
    path = FakePath(1400, told=1400)
    assert 1400 == passed(await run(path))
    assert [84, 9000, 1400] == path.sent


async def test_a_router_that_lies_is_not() -> None:
    """It says more than what passes: a search below."""
    assert 1400 == passed(await run(FakePath(1400, told=8000)))


@pytest.mark.parametrize("expected", [9000, 1401])
async def test_a_known_fault_is_confirmed(expected: int) -> None:
    """By the size that passed last time and the next one up; where that is the expected one, it is sent again."""
    path = FakePath(1400)
    await run(path, expected=expected, hint=1400)
    assert [84, expected, 1400, 1401] == path.sent


async def test_one_lost_packet_is_neither_a_dead_path_nor_a_hole() -> None:
    """Each is sent once more in the same round."""
    assert 9000 == passed(await run(FakePath(9000, lose=[84])))
    path = FakePath(9000, lose=[9000])
    assert 9000 == passed(await run(path))
    assert 2 == path.sent.count(9000)


@pytest.mark.parametrize(
    ("hint", "lost"),
    [(None, [9000, 9000]), (None, [9000, 9000, 8950]), (8999, [9000]), (1400, [9000, 9000, 8950, 84])],
)
async def test_a_lossy_path_is_no_black_hole(hint: int | None, lost: list[int]) -> None:
    """Where chance may have lost the expected size, it is sent once more before the search is over."""
    assert 9000 == passed(await run(FakePath(9000, lose=lost), hint=hint))


async def test_fewer_packets_at_once() -> None:
    """As many to each of many peers as are asked for, and the size is found all the same."""
    path = FakePath(1437)
    search = Search(path, time, "10.0.0.9", 1.0, time.monotonic() + 60, SIZES, at_once=3)
    assert 1437 == passed(await measure(search, ROUTE, 9000, 9000, None))
    assert 3 == path.most


async def test_a_dead_path_takes_three_packets() -> None:
    """And no search."""
    path = FakePath(0)
    assert 0 == passed(await run(path))
    assert [84, 9000, 84] == path.sent


async def test_time_that_is_up_ends_the_search() -> None:
    """What is known by then is the answer."""
    path = FakePath(1400)
    await run(path, late=True)
    assert [84, 9000] == path.sent


@given(st.integers(84, 9200), st.sampled_from([None, 1280, 1400, 1437, 8999]), st.sampled_from([1500, 9000]))
async def test_the_size_is_found_to_the_byte(passes: int, hint: int | None, expected: int) -> None:
    """Whatever it is, in a few steps of a few packets."""
    path = FakePath(passes)
    seen = await run(path, expected=expected, hint=hint)
    assert min(passes, expected) == passed(seen)
    assert len(path.sent) <= 4 + 9 * AT_ONCE
