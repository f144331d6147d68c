"""Packets of ping as the collector's section prints them: every way to end is told from the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Route, UnparsableError
from cs_exporter.parsers import ping
from cs_exporter.parsers.ping import Fate, Packet, Round, Way
from tests.parsers.outcomes import outcome


def test_a_whole_round() -> None:
    """Route, device, and packets in their order."""
    text = (
        'route [{"dst":"10.0.0.9","dev":"eth0","prefsrc":"10.0.0.1","flags":[],"expires":9,"metrics":[{"mtu":1400}]}]\n'
        "device eth0 9000\n"
        "84 do 0 64 bytes from 10.0.0.9: icmp_seq=1 ttl=62 time=0.081 ms\n"
        "9000 udp 1 From 10.0.0.254 Frag needed (mtu = 1400)\n"
        "9000 do 1 \n"
    )
    said = "From 10.0.0.254 Frag needed (mtu = 1400)"
    assert Round(
        Route("eth0", "10.0.0.1", 1400, cached=True),
        9000,
        (
            Packet(84, Way.DO, Fate.REPLY, rtt=0.000081),
            Packet(9000, Way.UDP, Fate.TOO_BIG, mtu=1400, by="10.0.0.254", text=said),
            Packet(9000, Way.DO, Fate.SILENT),
        ),
    ) == ping.answer(text)


def test_a_host_that_can_send_none() -> None:
    """Neither a ping that will do nor anything else: not the same as no answer."""
    assert Round(None, 1500, None) == ping.answer("device eth0 1500\nnone\n")
    assert Round(None, None, ()) == ping.answer("")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("From 10.9.1.254 icmp_seq=1 Frag needed and DF set (mtu = 1400)", (Fate.TOO_BIG, 1400, "10.9.1.254")),
        ("From gw.example (10.9.1.254) icmp_seq=1 Frag needed and DF set (mtu = 1)", (Fate.TOO_BIG, 1, "10.9.1.254")),
        ("From 10.9.1.254: icmp_seq=1 Frag needed and DF set (mtu = 0)", (Fate.TOO_BIG, None, "10.9.1.254")),
        ("From fd01::fe icmp_seq=1 Packet too big: mtu=1280", (Fate.TOO_BIG, 1280, "fd01::fe")),
        ("ping: local error: message too long, mtu=1400", (Fate.LOCAL, 1400, "")),
        ("ping: local error: Message too long, mtu=1400", (Fate.LOCAL, 1400, "")),
        ("ping: local error: message too long, mtu: 1400", (Fate.LOCAL, 1400, "")),
        ("ping: sendmsg: Message too long", (Fate.LOCAL, None, "")),
        ("From 10.9.1.1 icmp_seq=1 Destination Host Unreachable", (Fate.UNREACHABLE, None, "10.9.1.1")),
        ("From 10.9.1.2 icmp_seq=1 Packet filtered", (Fate.UNREACHABLE, None, "10.9.1.2")),
        ("From fd01::fe icmp_seq=1 Destination unreachable: No route", (Fate.UNREACHABLE, None, "fd01::fe")),
        ("From 10.9.1.254 icmp_seq=1 Time to live exceeded", (Fate.UNREACHABLE, None, "10.9.1.254")),
        ("ping: connect: Network is unreachable", (Fate.UNREACHABLE, None, "")),
        ("ping: sendmsg: Operation not permitted", (Fate.UNREACHABLE, None, "")),
        ("ping: nfs.example: Name or service not known", (Fate.UNREACHABLE, None, "")),
        ("ping: socket: Operation not permitted", (Fate.DENIED, None, "")),
        ("ping: socket: Address family not supported by protocol", (Fate.DENIED, None, "")),
        ("ping: => missing cap_net_raw+p capability or setuid?", (Fate.DENIED, None, "")),
        ("From 10.9.1.254: icmp_seq=1 Redirect Host(New nexthop: 10.9.1.253)", (Fate.SILENT, None, "")),
        ("something that no version has said so far", (Fate.SILENT, None, "")),
        ("", (Fate.SILENT, None, "")),
    ],
)
def test_what_became_of_a_packet(text: str, expected: tuple[Fate, int | None, str]) -> None:
    """By the most telling line of all versions, IPv4 and IPv6."""
    packet = ping.packet(9000, Way.DO, 1, text)
    assert expected == (packet.fate, packet.mtu, packet.by)


@pytest.mark.parametrize(
    ("status", "expected"), [(1, Fate.SILENT), (2, Fate.DENIED), (127, Fate.DENIED), (137, Fate.DENIED)]
)
def test_a_ping_that_failed_is_no_silence(status: int, expected: Fate) -> None:
    """Only status 1 says that nothing came back; a peer is not out of reach because ping could not start."""
    assert expected == ping.packet(84, Way.DO, status, "ping: something new").fate


@pytest.mark.parametrize(("text", "rtt"), [("time=0.5 ms", 0.0005), ("time=1203 ms", 1.203), ("time<1 ms", 0.001)])
def test_a_reply_has_its_time(text: str, rtt: float) -> None:
    """In seconds; a reply without one is a reply all the same."""
    assert Packet(84, Way.DO, Fate.REPLY, rtt=rtt) == ping.packet(84, Way.DO, 0, f"64 bytes from 10.0.0.9: {text}")
    assert Packet(84, Way.DO, Fate.REPLY) == ping.packet(84, Way.DO, 0, "")


@pytest.mark.parametrize("line", ["84", "84 do", "84 by 0 x", "x do 0 x", "84 do x y", "route {}", "device eth0 x"])
def test_other_lines_are_refused(line: str) -> None:
    """Loudly, and quoting them."""
    with pytest.raises(UnparsableError):
        ping.answer(line)


LINES = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{} {} {} {}".format,
        st.integers(-5, 70_000),
        st.sampled_from(["do", "probe", "udp", "name", "no"]),
        st.integers(0, 137),
        st.text(max_size=60) | st.sampled_from(["mtu = 99", "time=1.2.3 ms", "From a (b) mtu=5 Frag needed", "From "]),
    ),
    st.builds("route {}".format, st.text(max_size=40)),
    st.builds("device {}".format, st.text(max_size=20)),
)


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_whatever_comes(text: str) -> None:
    """A round or UnparsableError."""
    found = outcome(ping.answer, text)
    assert isinstance(found, Round | UnparsableError)
