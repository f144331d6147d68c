"""What one round of packets means: the verdict about the path from a host to one peer.

Pure, and the same for packets that a host's ping has sent and for those of the exporter itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cs_exporter.model import Peer, Route
from cs_exporter.parsers.ping import Fate, Packet, Round, Way
from cs_exporter.probes.paths.ladder import SMALL

REMEMBERED = 10
"""Small packets that the loss is counted over."""


class PathState(StrEnum):
    """The verdict about one path."""

    OK = "ok"  # a packet of the expected size passes
    REDUCED = "reduced"  # it does not, and a router or the host's own device says so: TCP adapts
    CACHED = "cached"  # the host's kernel refuses it by what it learnt earlier, and whether that still holds is unknown
    BLACK_HOLE = "black_hole"  # small ones pass, and large ones vanish in silence
    UNREACHABLE = "unreachable"  # not even small ones are answered
    UNKNOWN = "unknown"  # no verdict


@dataclass(frozen=True, slots=True)
class PathRow:
    """The path to one peer. Sizes in bytes of the whole IP packet, times in seconds; None: not known."""

    peer: Peer
    state: PathState
    detail: str = ""
    mtu: int | None = None  # the largest packet that passed
    expected: int | None = None
    by: str = ""  # who said that larger ones are too big: a router's address, or the host's own device
    rtt: float | None = None
    answered: tuple[bool, ...] = ()  # of the last small packets, oldest first, those of dead paths left out
    way: Way | None = None  # None where no packet could be sent
    hint: int | None = None  # where the next search begins

    @property
    def loss(self) -> float | None:
        """Share of the last small packets that were lost; or now all of them.

        Those that were not sent yet count as answered: one of the first two is chance, and no loss of a half.
        """
        if self.state is PathState.UNREACHABLE:
            return 1.0
        return self.answered.count(False) / REMEMBERED if self.answered else None


def unmeasured(peer: Peer, detail: str, before: PathRow | None) -> PathRow:
    """The row of a peer of whom nothing is known now."""
    if before is None:
        return PathRow(peer, PathState.UNKNOWN, detail)
    return PathRow(peer, PathState.UNKNOWN, detail, answered=before.answered, hint=before.hint)


def judge(peer: Peer, seen: Round, declared: int | None, before: PathRow | None) -> PathRow:
    """The row of one peer. `declared`: the size its network should carry; else that of the device towards it."""
    packets = [packet for packet in seen.packets or () if packet.fate is not Fate.DENIED]
    nothing = replace(unmeasured(peer, "", before), expected=declared or seen.device_mtu)
    if not packets:
        return replace(nothing, detail="the host can send no packets that tell: see cs-exporter checklist")
    if packets[0].way is Way.NAME:
        return replace(nothing, detail=packets[0].text)
    # Past a cached path MTU goes UDP, whatever the others go by; lines come in any order.
    row = replace(nothing, way=min((packet.way for packet in packets), key=lambda way: way is Way.UDP))
    passed = [packet for packet in packets if packet.fate is Fate.REPLY]
    if not passed:
        return _unanswered(row, packets)
    small = tuple(packet.fate is Fate.REPLY for packet in packets if packet.size == SMALL and packet.way is row.way)
    row = replace(
        row,
        answered=(*row.answered, *small)[-REMEMBERED:],
        rtt=min((packet.rtt for packet in passed if packet.rtt is not None), default=None),
    )
    expected = row.expected
    if expected is None:
        return replace(row, detail="what should pass is not known: neither declared nor told by a route")
    largest = max(packet.size for packet in passed)
    if largest >= expected:
        return replace(row, mtu=largest, state=PathState.OK, hint=None)
    row = replace(row, mtu=largest, hint=largest if largest > SMALL else None)
    return _smaller(row, seen.route, packets, before)


def _unanswered(row: PathRow, packets: Sequence[Packet]) -> PathRow:
    """No packet came back. UDP proves nothing then: many packet filters drop it in silence."""
    said = next((packet for packet in packets if packet.fate is Fate.UNREACHABLE), None)
    if row.way is Way.UDP and said is None:
        return replace(row, detail="no answer to UDP, which a packet filter may drop; ping would tell")
    detail = said.text if said else f"no answer to {sum(packet.size == SMALL for packet in packets)} small packets"
    return replace(row, state=PathState.UNREACHABLE, detail=detail)


def _smaller(row: PathRow, route: Route | None, packets: Sequence[Packet], before: PathRow | None) -> PathRow:
    """Packets pass, and one of the expected size does not. Who said so must have said the size that passes."""
    mtu = row.mtu or 0
    lost = [packet for packet in packets if packet.size > mtu and packet.fate is not Fate.REPLY]
    told = [packet for packet in lost if packet.fate in (Fate.TOO_BIG, Fate.LOCAL)]
    router = next((packet for packet in told if packet.fate is Fate.TOO_BIG and (packet.mtu or mtu) <= mtu), None)
    if router is not None:
        return replace(row, state=PathState.REDUCED, by=router.by, detail=f"{router.by} says: at most {mtu} bytes")
    if route is not None and route.cached and route.mtu == mtu and not _silence_tells(packets):
        return replace(row, state=PathState.CACHED, detail=f"learnt earlier: at most {mtu} bytes, until that expires")
    local = next((packet for packet in told if packet.fate is Fate.LOCAL and (packet.mtu or mtu) <= mtu), None)
    if local is not None:
        device = route.device if route is not None else "the host"
        return replace(row, state=PathState.REDUCED, by=device, detail=f"{device} carries at most {mtu} bytes")
    confirmed = before is not None and before.state is PathState.BLACK_HOLE
    if len(lost) < 2 and not confirmed:  # noqa: PLR2004  # one packet may be lost by chance
        return replace(row, detail=f"{lost[0].size if lost else '?'} bytes got lost once, and no time to look again")
    least = min((packet.size for packet in lost), default=0)
    return replace(
        row, state=PathState.BLACK_HOLE, detail=f"{mtu} bytes pass, {least} bytes vanish, and nobody says why"
    )


def _silence_tells(packets: Iterable[Packet]) -> bool:
    """Whether large packets by UDP, sent past a cached path MTU, were lost twice while a small one was answered."""
    udp = [packet for packet in packets if packet.way is Way.UDP]
    heard = any(packet.fate is Fate.REPLY and packet.size == SMALL for packet in udp)
    return heard and sum(packet.fate is Fate.SILENT for packet in udp) > 1
