"""The round of packets from the machine cs_exporter runs on: what the collector's section does with ping elsewhere.

By the exporter's own sockets, which leave a cached path MTU aside on every kernel, and by rtnetlink.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cs_exporter.model import Route
from cs_exporter.parsers.ping import Fate, Packet, Round, Way
from cs_exporter.ports import Clock, Echo, Mtu
from cs_exporter.probes.paths.ladder import AT_ONCE, SMALL


@dataclass
class Search:
    """One path's round; sizes in bytes, times in seconds. `until` is of the monotonic clock."""

    mtu: Mtu
    clock: Clock
    address: str
    wait: float
    until: float
    ladder: Sequence[int]
    at_once: int = AT_ONCE
    packets: list[Packet] = field(default_factory=list)
    again: int | None = None  # to be sent once more, since one packet may be lost by chance

    async def round(self, expected: int | None, hint: int | None) -> tuple[Packet, ...]:
        """All packets of the round: two where all is well, two more where a known fault persists, else a search."""
        first = [SMALL, *([expected] if expected else [])]
        if expected and hint and hint < expected:
            first += sorted({hint, min(hint + 1, expected)} - {expected})
        await self._send(first)
        if not self._passed:
            await self._send([SMALL])
        if self._passed and expected:
            self.again = expected
            await self._narrow(expected)
            if self._searching(expected) and self._is_doubtful(expected, hint):
                await self._send([expected])
        return tuple(self.packets)

    async def _narrow(self, expected: int) -> None:
        while self._searching(expected):
            fails = min([packet.size for packet in self.packets if packet.size > self._passed], default=expected)
            if fails - self._passed <= 1:
                return
            told = self._told
            await self._send([told] if self._passed < told < fails else self._between(fails))

    def _searching(self, expected: int) -> bool:
        return self._passed not in {expected, self._told} and self.clock.monotonic() < self.until

    def _is_doubtful(self, expected: int, hint: int | None) -> bool:
        """Whether the packets of the expected size may have been lost by chance, as any other on a lossy path."""
        lost = [packet.size for packet in self.packets if packet.fate is not Fate.REPLY]
        return hint is None or expected - self._passed <= 1 or min(lost) < self._passed

    def _between(self, fails: int) -> list[int]:
        """The sizes to try next: known ones, the least among them, else the next one up and some that part the rest."""
        low, parts = self._passed, self.at_once - 1
        known = [size for size in self.ladder if low < size < fails]
        places = (place * parts // max(len(known), 1) for place in range(len(known) + 1))
        sizes = [size for size, (here, after) in zip(known, pairwise(places), strict=True) if here < after]
        if not sizes:
            evenly = {low + (fails - low) * part // parts for part in range(1, parts)}
            sizes = sorted({low + 1} | {size for size in evenly if size > low})
        if self.again is not None:
            sizes.append(self.again)
            self.again = None
        return sizes

    async def _send(self, sizes: Sequence[int]) -> None:
        echoes = await asyncio.gather(*(self.mtu.echo(self.address, size, self.wait) for size in sizes))
        way = Way(self.mtu.way.value)
        self.packets += [_packet(echo, way) for echo in echoes]

    @property
    def _passed(self) -> int:
        return max((packet.size for packet in self.packets if packet.fate is Fate.REPLY), default=0)

    @property
    def _told(self) -> int:
        return next((packet.mtu for packet in reversed(self.packets) if packet.mtu), 0)


async def measure(
    search: Search, route: Route | None, device_mtu: int | None, declared: int | None, hint: int | None
) -> Round:
    """The whole round, like the collector's section. Raises ProbeFailed for faults of our own."""
    return Round(route, device_mtu, await search.round(declared or device_mtu, hint))


def _packet(echo: Echo, way: Way) -> Packet:
    return Packet(echo.size, way, Fate(echo.state.value), rtt=echo.rtt, mtu=echo.mtu, by=echo.by or "")
