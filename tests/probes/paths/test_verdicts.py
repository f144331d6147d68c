"""One round of packets, and the verdict about the path: states are told from each other, one loss is none of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Peer, Route, Traffic
from cs_exporter.parsers.ping import Fate, Packet, Round, Way
from cs_exporter.probes.paths.verdicts import REMEMBERED, PathRow, PathState, judge, unmeasured

PEER = Peer("nfs1", "10.0.0.9", Traffic.STORAGE)
PLAIN = Route("eth0", "10.0.0.1")
LEARNT = Route("eth0", "10.0.0.1", 1400, cached=True)
FIXED = Route("eth0", "10.0.0.1", 1400)


def reply(size: int, way: Way = Way.DO) -> Packet:
    """A packet that came back."""
    return Packet(size, way, Fate.REPLY, rtt=0.001)


def silent(size: int, way: Way = Way.DO) -> Packet:
    """One that did not."""
    return Packet(size, way, Fate.SILENT)


def too_big(size: int, mtu: int | None, way: Way = Way.DO) -> Packet:
    """One that a router refused."""
    return Packet(size, way, Fate.TOO_BIG, mtu=mtu, by="10.0.1.1", text="Frag needed")


def local(size: int, mtu: int | None) -> Packet:
    """One that the host's own kernel refused."""
    return Packet(size, Way.DO, Fate.LOCAL, mtu=mtu, text="message too long")


def unreachable(size: int, text: str = "Destination Host Unreachable") -> Packet:
    """One of which somebody said that its way leads nowhere."""
    return Packet(size, Way.DO, Fate.UNREACHABLE, by="10.0.0.1", text=text)


DENIED = Packet(84, Way.DO, Fate.DENIED, text="socket: Operation not permitted")
NAMELESS = Packet(84, Way.NAME, Fate.UNREACHABLE, text="nfs1: Name or service not known")
UDP_HEARD, UDP_LOST = reply(84, Way.UDP), silent(9000, Way.UDP)

CASES: dict[str, tuple[Route | None, tuple[Packet, ...] | None, PathState, int | None, str]] = {
    "well": (PLAIN, (reply(84), reply(9000)), PathState.OK, 9000, ""),
    "well after a loss": (PLAIN, (reply(84), silent(9000), silent(8950), reply(9000)), PathState.OK, 9000, ""),
    "small one lost": (PLAIN, (silent(84), reply(9000)), PathState.OK, 9000, ""),
    "a router says so": (PLAIN, (reply(84), too_big(9000, 1400), reply(1400)), PathState.REDUCED, 1400, "10.0.1.1"),
    "an old router": (PLAIN, (reply(84), too_big(9000, None), reply(1280)), PathState.REDUCED, 1280, "10.0.1.1"),
    "a router that lies": (
        PLAIN,
        (reply(84), too_big(9000, 8000), silent(8000), reply(1500)),
        PathState.BLACK_HOLE,
        1500,
        "",
    ),
    "the device": (PLAIN, (reply(84), local(9000, 1500), reply(1500)), PathState.REDUCED, 1500, "eth0"),
    "the route's own": (FIXED, (reply(84), local(9000, 1400), reply(1400)), PathState.REDUCED, 1400, "eth0"),
    "the device, says an old ping": (None, (reply(84), local(9000, None)), PathState.REDUCED, 84, "the host"),
    "remembered": (LEARNT, (reply(84), local(9000, 1400), reply(1400)), PathState.CACHED, 1400, ""),
    "remembered and still so": (
        LEARNT,
        (UDP_HEARD, reply(84), too_big(9000, 1400, Way.UDP), reply(1400)),
        PathState.REDUCED,
        1400,
        "10.0.1.1",
    ),
    "remembered and mended": (LEARNT, (reply(9000, Way.UDP), UDP_HEARD, reply(84)), PathState.OK, 9000, ""),
    "remembered, UDP is filtered": (
        LEARNT,
        (silent(84, Way.UDP), reply(84), UDP_LOST, UDP_LOST, reply(1400)),
        PathState.CACHED,
        1400,
        "",
    ),
    "remembered, and a black hole by now": (
        LEARNT,
        (UDP_LOST, UDP_HEARD, reply(84), UDP_LOST, reply(1400)),
        PathState.BLACK_HOLE,
        1400,
        "",
    ),
    "a black hole": (PLAIN, (reply(84), silent(9000), silent(1401), reply(1400)), PathState.BLACK_HOLE, 1400, ""),
    "one large packet lost": (PLAIN, (reply(84), silent(9000)), PathState.UNKNOWN, 84, ""),
    "silence": (PLAIN, (silent(84), silent(9000), silent(84)), PathState.UNREACHABLE, None, ""),
    "no way": (None, (unreachable(84), unreachable(9000)), PathState.UNREACHABLE, None, ""),
    "silence to UDP": (PLAIN, (silent(84, Way.UDP), UDP_LOST), PathState.UNKNOWN, None, ""),
    "no ping, but Python": (PLAIN, (DENIED, UDP_HEARD, reply(9000, Way.UDP)), PathState.OK, 9000, ""),
    "no ping": (PLAIN, (DENIED, DENIED), PathState.UNKNOWN, None, ""),
    "no ping at all": (PLAIN, None, PathState.UNKNOWN, None, ""),
    "nothing said": (PLAIN, (), PathState.UNKNOWN, None, ""),
    "a name": (None, (NAMELESS,), PathState.UNKNOWN, None, ""),
}


@pytest.mark.parametrize(("route", "packets", "state", "mtu", "by"), CASES.values(), ids=CASES.keys())
def test_the_verdict(
    route: Route | None, packets: tuple[Packet, ...] | None, state: PathState, mtu: int | None, by: str
) -> None:
    """State, the size that passes, and who said so; whatever is not well says why."""
    row = judge(PEER, Round(route, 9000, packets), None, None)
    assert (state, mtu, by) == (row.state, row.mtu, row.by)
    assert (state is not PathState.OK) is bool(row.detail)


def test_what_is_declared_comes_first() -> None:
    """A network of 1500 on a device of 9000 is well; and where nothing is known there is no verdict."""
    seen = Round(PLAIN, 9000, (reply(84), reply(1500)))
    assert (PathState.OK, 1500, 1500) == _of(judge(PEER, seen, 1500, None))
    unknown = judge(PEER, Round(None, None, (reply(84),)), None, None)
    assert (PathState.UNKNOWN, None, None, 0.001) == (*_of(unknown), unknown.rtt)


def _of(row: PathRow) -> tuple[PathState, int | None, int | None]:
    return row.state, row.mtu, row.expected


def test_the_next_search_begins_where_this_one_ended() -> None:
    """Also across rounds without a verdict; a path that is well again needs none."""
    hole = judge(PEER, Round(PLAIN, 9000, (reply(84), silent(9000), silent(1401), reply(1400))), None, None)
    dead = judge(PEER, Round(PLAIN, 9000, (silent(84), silent(9000))), None, hole)
    late = unmeasured(PEER, "no answer within 12 s", dead)
    assert [1400] * 3 == [row.hint for row in (hole, dead, late)]
    assert judge(PEER, Round(PLAIN, 9000, (reply(84), reply(9000))), None, late).hint is None
    alone = judge(PEER, Round(PLAIN, 9000, (reply(84), silent(9000), silent(9000))), None, None)
    assert (PathState.BLACK_HOLE, 84, None) == (alone.state, alone.mtu, alone.hint)


def test_a_known_black_hole_needs_no_second_packet() -> None:
    """Where the next size up is the expected one, a single packet confirms it."""
    before = PathRow(PEER, PathState.BLACK_HOLE, hint=8999)
    seen = Round(PLAIN, 9000, (reply(84), reply(8999), silent(9000)))
    assert PathState.BLACK_HOLE is judge(PEER, seen, None, before).state


def test_loss_is_counted_over_the_last_packets() -> None:
    """A dead path has lost all, and heals without a memory of it."""
    row = None
    for number in range(15):
        small = silent(84) if number in (1, 13) else reply(84)
        row = judge(PEER, Round(PLAIN, 9000, (small, reply(9000))), None, row)
    assert row is not None
    assert (REMEMBERED, 0.1) == (len(row.answered), row.loss)
    dead = judge(PEER, Round(PLAIN, 9000, (silent(84), silent(84))), None, row)
    assert 1.0 == dead.loss
    assert 0.1 == judge(PEER, Round(PLAIN, 9000, (reply(84), reply(9000))), None, dead).loss
    assert unmeasured(PEER, "", None).loss is None


@pytest.mark.parametrize(("first", "expected"), [((False,), 0.1), ((False, True, False), 0.2), ((False,) * 3, 0.3)])
def test_the_first_packet_of_all_may_be_lost_by_chance(first: tuple[bool, ...], expected: float) -> None:
    """Soon after the start a single loss is no larger a share than later on."""
    assert expected == PathRow(PEER, PathState.OK, answered=first).loss


PACKETS = st.builds(
    Packet,
    st.sampled_from([84, 1400, 1401, 9000]),
    st.sampled_from(Way),
    st.sampled_from(Fate),
    mtu=st.sampled_from([None, 0, 1400, 9000]),
)


@given(
    st.none() | st.lists(PACKETS, max_size=6).map(tuple),
    st.sampled_from([None, PLAIN, LEARNT, FIXED]),
    st.sampled_from([None, 1500, 9000]),
)
def test_whatever_comes_back(packets: tuple[Packet, ...] | None, route: Route | None, declared: int | None) -> None:
    """A path is well only where a packet of the expected size passed, and dead only where none did."""
    row = judge(PEER, Round(route, 9000, packets), declared, None)
    passed = {packet.size for packet in packets or () if packet.fate is Fate.REPLY}
    if row.state is PathState.OK:
        assert row.mtu is not None
        assert row.mtu >= (declared or 9000)
    if row.state is PathState.UNREACHABLE:
        assert not passed
    assert row.mtu is None or row.mtu in passed
    assert row.loss is None or 0 <= row.loss <= 1
