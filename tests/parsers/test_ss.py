"""Sockets of ss(8): captures of agents' sessions in every state, forms that addresses take, and refused nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import ss
from cs_exporter.parsers.ss import Socket
from tests.parsers.outcomes import outcome

CAPTURES = Path(__file__).parents[1] / "captures" / "agent"
SERVER, AGENT = "10.213.0.11", "10.213.0.12"


def found(name: str) -> tuple[Socket, ...]:
    """The sockets of a capture."""
    return ss.sockets((CAPTURES / f"{name}.txt").read_text(encoding="utf-8"))


def test_every_field_of_a_session() -> None:
    """Milliseconds become seconds; what ss leaves out of a socket that it knows well is zero."""
    (one,) = found("agent-unacknowledged")
    expected = Socket(
        *("ESTAB", 0, 40, AGENT, 34908, SERVER, 8250),
        last_sent=1.208,
        last_received=5.56,
        last_acked=5.56,
        rtt=0.001866,
        retransmitting=1,
        retransmits=5,
        unacked=1,
        bytes_sent=439,
        bytes_acked=208,
    )
    assert expected == one


def test_the_servers_end() -> None:
    """The IPv6 socket of Java: v4-mapped addresses are IPv4 ones, and a listening socket tells its queues only."""
    listening, first, second = found("server")
    assert Socket("LISTEN", 0, 100, "*", 8250, "*", 0) == listening
    assert [(AGENT, 34908), ("10.213.0.13", 36698)] == [(one.peer, one.peer_port) for one in (first, second)]
    assert {(SERVER, 8250, 0, 0, 0)} == {
        (one.local, one.local_port, one.unacked, one.retransmits, one.retransmitting) for one in (first, second)
    }
    assert (0.352, 9.356) == (first.last_received, second.last_received)


@pytest.mark.parametrize(("oneline", "same"), [("server-oneline", "server"), ("agent-oneline", "agent")])
def test_details_on_the_same_line(oneline: str, same: str) -> None:
    """As with -O: the same sockets, some milliseconds later."""
    lines, two = found(oneline), found(same)
    assert [(one.local, one.peer, one.rtt, one.bytes_acked) for one in two] == [
        (one.local, one.peer, one.rtt, one.bytes_acked) for one in lines
    ]
    assert [one.last_sent is None for one in two] == [one.last_sent is None for one in lines]


def test_without_the_column_of_states() -> None:
    """It is left out where ss was asked for one state."""
    assert [(None, AGENT), (None, "10.213.0.13")] == [(one.state, one.peer) for one in found("server-one-state")]


def test_forms_of_addresses() -> None:
    """IPv6 without its brackets, scopes and devices left out."""
    link = "fe80::306c:a6ff:fe3f:f9ac"
    ends = {(one.local, one.local_port, one.peer, one.peer_port) for one in found("v6-scope") if one.state == "ESTAB"}
    assert {("2001:db8::5", 8250, "2001:db8::5", 42134), (link, 8250, link, 50794)} <= ends
    assert ("127.0.0.1", 8251, "0.0.0.0", 0) in {  # noqa: S104  # as ss writes it
        (one.local, one.local_port, one.peer, one.peer_port) for one in found("v6-scope")
    }


def test_other_kernels() -> None:
    """User-Mode-Linux and a virtual machine, with kernel 6.1: the same fields."""
    (uml,) = found("uml-agent")
    assert (0.54, 0.54, 64) == (uml.last_sent, uml.last_received, uml.bytes_acked)
    assert {"10.99.0.102"} == {one.peer for one in found("nfs-healthy")}
    assert [54.38, 1264.752] == [one.last_acked for one in found("nfs-dropped")[:2]]


def test_just_now_is_an_age() -> None:
    """Zero is left out by ss, and is not unknown."""
    (one,) = found("just-now")
    assert (0.016, 0.0, 0.0) == (one.last_sent, one.last_received, one.last_acked)


def test_what_never_happened_has_no_age() -> None:
    """A connection that was never made, soon after a boot: its ages are near 2^32 ms."""
    never = [one for one in found("nfs-hung") if one.state == "SYN-SENT"]
    assert [(None, None, None, 1)] == [(one.last_sent, one.last_received, one.last_acked, one.unacked) for one in never]


def test_without_the_kernels_details() -> None:
    """Where ss only has /proc/net/tcp nothing is known of times; nothing is zero either."""
    (one,) = ss.sockets("ESTAB 0 0 192.0.2.1:8250 192.0.2.2:40000\n\t cubic rto:0.2 ato:0.04 cwnd:10\n")
    assert Socket("ESTAB", 0, 0, "192.0.2.1", 8250, "192.0.2.2", 40000) == one
    assert () == ss.sockets("\n")


@pytest.mark.parametrize(
    "text",
    [
        "Cannot open netlink socket: Protocol not supported\n",
        "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n",
        "\t cubic mss:1448 lastsnd:1\n",
        "ESTAB 0 0 192.0.2.1:8250\n",
        "ESTAB 0 0 192.0.2.1:http 192.0.2.2:1\n",
        "ESTAB 0 0 192.0.2.1:65536 192.0.2.2:1\n",
        "ESTAB 0 0 example.org:1 192.0.2.2:1\n",
        "ESTAB 0 -1 192.0.2.1:1 192.0.2.2:1\n",
        "ESTAB 0 0 192.0.2.1:1 192.0.2.2:1 mss:1448 lastsnd:-1\n",
        "ESTAB 0 0 192.0.2.1:1 192.0.2.2:1 mss:1448 rtt:nan/0\n",
        "ESTAB 0 0 192.0.2.1:1 192.0.2.2:1 mss:1448 retrans:1\n",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    """With the offending part: an error of ss is not a host without sessions."""
    with pytest.raises(UnparsableError, match="ss"):
        ss.sockets(text)


WORDS = st.sampled_from(
    [
        *("ESTAB", "LISTEN", "0", "7", "\n", "\n\t", "192.0.2.1:8250", "[::1%lo]:1", "*:*"),
        *("mss:1", "rtt:1e-3/2", "rtt:/", "lastsnd:5", "retrans:9/9"),
    ]
)


@given(st.one_of(st.text(), st.lists(WORDS, max_size=30).map(" ".join)))
def test_a_value_or_unparsable(text: str) -> None:
    """Nothing else comes of any text."""
    result = outcome(ss.sockets, text)
    assert isinstance(result, tuple | UnparsableError)
