"""What a port's state is, from a dial, from the host's own sockets, from our session; and what no verdict is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.model import Expected, Login, Manner, PortRow, ProbeFailed, Reason
from cs_exporter.parsers.listeners import Listener, Sessions
from cs_exporter.ports import Dial, PortState
from cs_exporter.probes.ports import verdicts as port_verdicts
from cs_exporter.probes.ports.verdicts import EXPORTER, State, Waiting
from cs_exporter.spec import Severity

ROW = PortRow("ms1", "192.0.2.1", 8250, "management-agent", 10, Expected.OPEN, Manner.PASSIVE)
QUIET = Waiting(listening=True)


@pytest.mark.parametrize(
    ("impact", "expected"),
    [(10, "critical"), (9, "critical"), (8, "warning"), (6, "warning"), (5, "info"), (1, "info")],
)
def test_severity_follows_impact(impact: int, expected: str) -> None:
    """From 9 it pages, from 6 it is a ticket."""
    assert Severity(expected) is port_verdicts.severity(impact)


@pytest.mark.parametrize(
    ("expected", "state", "failing", "unexpected"),
    [
        (Expected.OPEN, State.OPEN, False, False),
        (Expected.OPEN, State.MUTE, True, False),
        (Expected.CLOSED, State.REFUSED, False, False),
        (Expected.CLOSED, State.FILTERED, False, False),
        (Expected.CLOSED, State.MUTE, False, True),
        (Expected.UNKNOWN, State.OPEN, False, False),
        (Expected.UNKNOWN, State.RESET, False, False),
    ],
)
def test_what_is_a_finding(expected: Expected, state: State, *, failing: bool, unexpected: bool) -> None:
    """A port fails where it is missed, and is unexpected where anybody accepts that should not; unknown is neither."""
    result = port_verdicts.PortResult(replace(ROW, expected=expected), EXPORTER, state)
    assert (failing, unexpected) == (result.failing, result.unexpected)


@pytest.mark.parametrize(
    ("manner", "state", "failing"),
    [
        (Manner.SPEAK, State.MUTE, True),
        (Manner.SPEAK, State.REFUSED, False),
        (Manner.SPEAK, State.FILTERED, False),
        (Manner.SPEAK, State.RESET, False),
        (Manner.CONNECT, State.MUTE, False),
        (Manner.PASSIVE, State.MUTE, False),
    ],
)
def test_whoever_accepts_has_a_word(manner: Manner, state: State, *, failing: bool) -> None:
    """Nobody said that the port is needed: what accepts a request and says nothing is frozen all the same."""
    row = replace(ROW, expected=Expected.UNKNOWN, manner=manner)
    assert failing is port_verdicts.PortResult(row, EXPORTER, state).failing


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (QUIET, None, State.OPEN),
        (Waiting(), None, State.REFUSED),
        (Waiting(listening=True, only_loopback=True), None, State.REFUSED),
        (Waiting(queue=129, full=True, listening=True), None, State.MUTE),
        (Waiting(queue=3, listening=True), None, State.OPEN),
        (Waiting(queue=3, listening=True), Waiting(queue=2, listening=True), State.MUTE),
        (Waiting(queue=2, listening=True), Waiting(queue=3, listening=True), State.OPEN),
        (Waiting(queue=2, listening=True), QUIET, State.OPEN),
        (Waiting(all_unread=True, listening=True), QUIET, State.OPEN),
        (Waiting(all_unread=True, listening=True), Waiting(all_unread=True, listening=True), State.MUTE),
    ],
)
def test_a_port_that_is_never_dialled(now: Waiting, before: Waiting | None, expected: State) -> None:
    """Nobody listens; somebody does; or he does and fetches nothing, look after look. Its host is the vantage."""
    result = port_verdicts.passive(ROW, now, before)
    assert ("ms1", expected, expected is State.OPEN) == (result.vantage, result.state, not result.detail)


def test_a_host_that_is_polled_over_its_loopback() -> None:
    """There, listening for the host itself is enough."""
    result = port_verdicts.passive(replace(ROW, address="127.0.0.1"), Waiting(listening=True, only_loopback=True), None)
    assert State.OPEN is result.state


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [((8250, 5, 5), True), ((8250, 5, 4), False), ((8250, 2, 2), False), ((8251, 5, 5), False), ((8250, 0, 0), False)],
)
def test_sessions_that_nobody_reads(sessions: tuple[int, int, int], *, expected: bool) -> None:
    """All of them, and not only one or two, which may be long transfers."""
    assert expected is port_verdicts.waiting(8250, (), (Sessions(*sessions),)).all_unread


def test_sockets_of_a_port() -> None:
    """All sockets of the port together: several processes may share it, and one of an address may be for the host."""
    sockets = (Listener("*", 8250, 2, 50), Listener("[::]", 8250, 1, 50), Listener("*", 22, 7, 5))
    assert Waiting(queue=3, listening=True) == port_verdicts.waiting(8250, sockets, ())
    assert Waiting(queue=7, full=True, listening=True) == port_verdicts.waiting(22, sockets, ())
    assert Waiting(listening=True, only_loopback=True) == port_verdicts.waiting(1, (Listener("[::1]", 1, 0, 5),), ())


@pytest.mark.parametrize("state", PortState)
def test_a_dial(state: PortState) -> None:
    """Its state is the port's; whoever did not accept was neither slow nor hard to reach, but not reached at all."""
    dial = Dial(state, "why", connect_seconds=0.1, syn_retransmits=1)
    result = port_verdicts.dialled(ROW, "kvm1", dial, None, with_tls=False)
    accepted = state not in {PortState.REFUSED, PortState.FILTERED}
    assert ("kvm1", state.value, "why", accepted) == (
        result.vantage,
        result.state.value,
        result.detail,
        result.connect_seconds is not None,
    )
    assert accepted is (result.syn_retransmits is not None)


def test_a_certificate_is_remembered_between_handshakes() -> None:
    """Until the next one, and only while the port answers."""
    seen = port_verdicts.dialled(ROW, EXPORTER, Dial(PortState.OPEN, "", not_after=2e9), None, with_tls=True)
    later = port_verdicts.dialled(ROW, EXPORTER, Dial(PortState.OPEN, ""), seen, with_tls=False)
    gone = port_verdicts.dialled(ROW, EXPORTER, Dial(PortState.REFUSED, ""), later, with_tls=False)
    assert (2e9, 2e9, None) == (seen.not_after, later.not_after, gone.not_after)


@pytest.mark.parametrize(("not_after", "expected"), [(None, State.TLS), (2e9, State.OPEN)])
def test_a_handshake_that_fails(not_after: float | None, expected: State) -> None:
    """Nobody is served; but a server that showed its certificate and then missed ours serves those who have one."""
    dial = Dial(PortState.OPEN, "", tls_error="no common version", not_after=not_after)
    assert expected is port_verdicts.dialled(ROW, EXPORTER, dial, None, with_tls=True).state


def test_the_kernel_accepts_for_a_frozen_process() -> None:
    """What the host says of the queue outweighs that a connection was made; a port that failed stays as it was."""
    result = port_verdicts.dialled(ROW, EXPORTER, Dial(PortState.OPEN, ""), None, with_tls=False)
    stuck = Waiting(queue=2, listening=True)
    assert State.MUTE is port_verdicts.accepted_in_vain(result, stuck, stuck).state
    assert result == port_verdicts.accepted_in_vain(result, QUIET, stuck)
    refused = replace(result, state=State.REFUSED)
    assert refused == port_verdicts.accepted_in_vain(refused, stuck, stuck)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason.REFUSED, State.REFUSED),
        (Reason.UNREACHABLE, State.FILTERED),
        (Reason.RESET, State.RESET),
        (Reason.MUTE, State.MUTE),
        (Reason.TIMEOUT, State.MUTE),
        (Reason.DENIED, State.OPEN),
        (Reason.HOST_KEY, State.OPEN),
        (Reason.COMMAND, State.OPEN),
        (Reason.EXHAUSTED, State.OPEN),
        (Reason.UNPARSABLE, State.OPEN),
        (Reason.BUG, None),
        (Reason.OVERRUN, None),
    ],
)
def test_the_port_of_ssh(reason: Reason, expected: State | None) -> None:
    """Whoever turns us away has answered; what went wrong on our own side says nothing."""
    result = port_verdicts.by_session(ROW, ProbeFailed(reason, "why"))
    assert expected is (result.state if result else None)
    assert port_verdicts.by_session(ROW, ProbeFailed(reason, "no descriptor", ours=True)) is None


@pytest.mark.parametrize(
    ("login", "expected"), [(Login.AHEAD, State.MUTE), (Login.FRESH, State.OPEN), (Login.PAST, None)]
)
def test_silence_and_the_port_of_ssh(login: Login, expected: State | None) -> None:
    """Before the login it is the port's; after it only our shell's; on an old session nobody knows whose."""
    result = port_verdicts.by_session(ROW, ProbeFailed(Reason.TIMEOUT, "no answer", login=login))
    assert expected is (result.state if result else None)


def test_a_session_that_broke_and_the_port_of_ssh() -> None:
    """One that had answered was broken off by anything; one that never did, at the port."""
    old, new = (ProbeFailed(Reason.RESET, "it broke", login=login) for login in (Login.PAST, Login.AHEAD))
    assert port_verdicts.by_session(ROW, old) is None
    result = port_verdicts.by_session(ROW, new)
    assert result is not None
    assert State.RESET is result.state


def test_a_session_that_works() -> None:
    """The port is open, as seen by the exporter."""
    result = port_verdicts.by_session(ROW, None)
    assert result is not None
    assert (State.OPEN, EXPORTER) == (result.state, result.vantage)


@pytest.mark.parametrize(
    ("manner", "tunnelled", "expected"),
    [
        (Manner.PASSIVE, False, True),
        (Manner.SSH, False, True),
        (Manner.SPEAK, False, False),
        (Manner.CONNECT, True, False),
    ],
)
def test_who_needs_the_host_to_say_something(manner: Manner, *, tunnelled: bool, expected: bool) -> None:
    """Rows that nobody may dial."""
    assert expected is port_verdicts.needs_shell(replace(ROW, manner=manner, tunnelled=tunnelled))
