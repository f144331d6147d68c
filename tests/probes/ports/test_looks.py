"""How rows are looked at: what is said to whom, when hands are shaken, how many at once, and what the host is asked."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from cs_exporter.model import Manner, PortRow, ProbeFailed, Reason
from cs_exporter.parsers import listeners
from cs_exporter.parsers.listeners import Sessions
from cs_exporter.ports import AnswerState, Dial, PortState, Talk
from cs_exporter.probes.ports.looks import LISTENERS, TUNNELS_AT_ONCE, Dialling, ask_host
from cs_exporter.probes.ports.verdicts import EXPORTER, PortResult, State
from tests.probes.ports.port_stand import Stand, row

HTTP = row(8080, manner=Manner.SPEAK, send=b"OPTIONS")
WEB = row(8443, manner=Manner.SPEAK, send=b"OPTIONS", tls=True)
AGENTS = row(8250, name="management-agent", manner=Manner.PASSIVE)


def dialling(number: int = 1, *earlier: PortResult, tls_every: int = 10) -> Dialling:
    """The way of one run."""
    return Dialling({result.row: result for result in earlier}, number, 3.0, 2.0, tls_every)


@pytest.mark.parametrize(
    ("asked", "expected", "deadline"),
    [
        (row(2049), Talk(), 3.0),
        (HTTP, Talk(b"OPTIONS", listen=True), 5.0),
        (row(3922, manner=Manner.SPEAK), Talk(listen=True), 5.0),
        (row(6514, tls=True), Talk(tls=True, server_name="ms1.example"), 5.0),
        (row(6514, tls=True, address="192.0.2.1"), Talk(tls=True), 5.0),
        (WEB, Talk(b"OPTIONS", listen=True, tls=True, server_name="ms1.example"), 5.0),
    ],
)
async def test_what_is_said(asked: PortRow, expected: Talk, deadline: float) -> None:
    """Nothing but what the row has; and whoever is to answer is given time for that besides."""
    stand = Stand(asked)
    await dialling().from_here(stand.io, [asked])
    assert [(asked.address, asked.port, expected, deadline)] == stand.here.asked


async def test_hands_are_shaken_now_and_then() -> None:
    """Once in ten runs, by different rows in different runs; in between the port is only connected to, in silence."""
    rows = [row(port, tls=True) for port in range(7000, 7040)]
    stand = Stand(*rows)
    well = [PortResult(one, EXPORTER, State.OPEN) for one in rows]
    for number in range(20):
        await dialling(number, *well).from_here(stand.io, rows)
    shaken = [[talk.tls for talk in stand.here.talks(one.port)] for one in rows]
    assert {2} == {sum(runs) for runs in shaken}
    assert 5 < len({runs.index(True) for runs in shaken})
    assert {Talk()} == {talk for _, _, talk, _ in stand.here.asked if not talk.tls}


@pytest.mark.parametrize(("state", "expected"), [(State.MUTE, True), (State.TLS, True), (State.OPEN, False)])
async def test_hands_are_shaken_until_it_works(state: State, *, expected: bool) -> None:
    """Else a server that accepts and is mute would be well again as soon as it is asked nothing."""
    stand = Stand(WEB)
    for number in range(100, 140):
        await dialling(number, PortResult(WEB, EXPORTER, state), tls_every=1000).from_here(stand.io, [WEB])
    assert expected is all(talk.tls for talk in stand.here.talks(8443))
    assert expected is any(talk.tls for talk in stand.here.talks(8443))


async def test_few_tunnels_at_once() -> None:
    """A host's SSH server is asked for eight connections at a time; the exporter needs no such bound."""
    rows = [row(port) for port in range(7000, 7024)]
    stand = Stand()
    far = await dialling().from_host(stand.io, rows, "kvm1")
    assert (TUNNELS_AT_ONCE, 24, {"kvm1"}) == (
        stand.there.most,
        len(stand.there.asked),
        {look.vantage for look in far if isinstance(look, PortResult)},
    )
    await dialling().from_here(stand.io, rows)
    assert 24 == stand.here.most


async def test_all_have_their_turn() -> None:
    """Where destinations are silent, the last wait for the next run, which begins with others; none goes unseen."""
    rows = [row(port) for port in range(7000, 7024)]
    stand = Stand()
    stand.there.took = 3.0 / TUNNELS_AT_ONCE
    asked = []
    for number in range(3):
        await dialling(number).from_host(stand.io, rows, "kvm1")
        asked.append({port for _, port, _, _ in stand.there.asked})
        stand.there.asked.clear()
    assert [16, 16, 16] == [len(ports) for ports in asked]
    assert {one.port for one in rows} == asked[0] | asked[1]


async def test_who_waits_is_as_he_was() -> None:
    """A row that had no turn stands as it was seen a run before."""
    rows = [row(port, host="nas1") for port in range(7000, 7024)]
    stand = Stand()
    stand.there.took = 3.0
    before = [PortResult(one, "kvm1", State.FILTERED) for one in rows]
    far = await dialling(0, *before).from_host(stand.io, rows, "kvm1")
    assert 24 == len(far)
    assert {State.FILTERED} == {look.state for look in far[16:] if isinstance(look, PortResult)}


async def test_our_own_fault_is_no_state() -> None:
    """A dial that could not even be tried."""
    stand = Stand()
    failure = ProbeFailed(Reason.EXHAUSTED, "no descriptor is left", ours=True)
    stand.here.results[22] = failure
    assert [failure] == await dialling().from_here(stand.io, [row(22)])


async def test_what_the_host_is_asked() -> None:
    """Its own ports, in one section; of those whose clients stay, how many sessions; nothing about other machines."""
    stand = Stand(AGENTS, HTTP, row(2049, host="nas1", tunnelled=True))
    stand.shell.text = "LISTEN 0 50 *:8250 *:*\nsessions 8250 4 0\n"
    word = await ask_host(stand.host, stand.io, 1.0)
    assert [("8080", "8250+")] == [call.arguments for call in stand.shell.asked]
    assert {8080: False, 8250: True} == {port: found.listening for port, found in word.sockets.items()}


async def test_nobody_logs_in_for_nothing() -> None:
    """An appliance without any row that needs its word is not asked."""
    stand = Stand(row(2049), row(111))
    assert not (await ask_host(stand.host, stand.io, 1.0)).asked
    assert [] == stand.shell.asked


@pytest.mark.parametrize("text", ["LISTEN nonsense", "a login's motto"])
async def test_nonsense_from_the_host(text: str) -> None:
    """The session worked, and its answer is worth nothing."""
    stand = Stand(AGENTS)
    stand.shell.text = text
    word = await ask_host(stand.host, stand.io, 1.0)
    assert (True, None) == (word.asked, word.session)
    assert isinstance(word.failure, ProbeFailed)
    assert Reason.UNPARSABLE is word.failure.reason


async def test_a_host_without_ss() -> None:
    """The session worked; the sockets are unknown."""
    stand = Stand(AGENTS)
    stand.shell.state = AnswerState.UNSUPPORTED
    word = await ask_host(stand.host, stand.io, 1.0)
    assert (True, None, {}) == (word.asked, word.session, word.sockets)
    assert "not available" in str(word.failure)


async def test_a_host_that_is_not_asked_in_time() -> None:
    """It may be our own queue that it waits in: nothing is known of its session."""
    stand = Stand(AGENTS)
    stand.shell.silent = True
    word = await ask_host(stand.host, stand.io, 0.01)
    assert (False, None) == (word.asked, word.session)
    assert "not asked within" in str(word.failure)


@contextmanager
def sessions(number: int, unread: int) -> Iterator[int]:
    """A port of this machine with so many sessions, in some of which nobody has read what came; its number."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port: int = server.getsockname()[1]
        for place in range(number):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            stack.enter_context(server.accept()[0])
            if place < unread:
                client.sendall(b"?")
        yield port


def printed(*arguments: str) -> str:
    """What the section prints on this machine."""
    argv = ["sh", "-c", f"set -f\n{LISTENERS.body}", "sh", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@pytest.mark.debian
async def test_this_machine_understands_the_section() -> None:
    """Real sockets, a queue that is not fetched, sessions that are not read; other ports are left out."""
    with sessions(4, 3) as port, socket.create_connection(("127.0.0.1", port)):
        found, counted = listeners.parse(await asyncio.to_thread(printed, f"{port}+", "1", "x;id"))
        assert [(port, 1, True)] == [(one.port, one.queue, one.loopback) for one in found]
        assert (Sessions(port, 5, 3),) == counted
        assert ((), ()) == listeners.parse(await asyncio.to_thread(printed))


async def test_a_dial_becomes_a_result() -> None:
    """With the vantage of whoever dialled."""
    stand = Stand()
    stand.there.results[7000] = Dial(PortState.REFUSED, "refused")
    (look,) = await dialling().from_host(stand.io, [row(7000, host="kvm2")], "kvm1")
    assert isinstance(look, PortResult)
    assert ("kvm1", "kvm2", State.REFUSED) == (look.vantage, look.row.host, look.state)
