"""What a port's state is, from what was seen of it: a dial, the host's own sockets, or our SSH session.

Pure. A row without a verdict was not found out, which is nobody's fault and nobody's state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from cs_exporter.model import Expected, Login, Manner, PortRow, ProbeFailed, Reason
from cs_exporter.parsers.listeners import Listener, Sessions
from cs_exporter.ports import Dial, PortState
from cs_exporter.spec import Severity

EXPORTER = "exporter"
"""The label `vantage` of what the exporter itself saw."""

CRITICAL_IMPACT, WARNING_IMPACT = 9, 6

SESSIONS_THAT_TELL = 3
"""Fewer sessions with unread bytes may be a long transfer on each of them."""


class State(StrEnum):
    """How a port answered."""

    OPEN = "open"
    REFUSED = "refused"
    FILTERED = "filtered"
    RESET = "reset"
    MUTE = "mute"
    TLS = "tls"  # accepts, and no TLS handshake comes to an end


@dataclass(frozen=True, slots=True)
class PortResult:
    """What was seen of one row. Seconds; `not_after` since the epoch, of the certificate last seen.

    `seen`: when, by the exporter's monotonic clock. `repeating`: requests had to be repeated look after look.
    """

    row: PortRow
    vantage: str
    state: State
    detail: str = ""
    connect_seconds: float | None = None
    syn_retransmits: int | None = None
    first_byte_seconds: float | None = None
    not_after: float | None = None
    seen: float = 0.0
    repeating: bool = False

    @property
    def failing(self) -> bool:
        """Whether it is expected to be open and is not; or, expected or not, accepts and has no word for who spoke.

        What refuses may belong elsewhere. What accepts is somebody's, and who is spoken to in his own language answers.
        """
        if self.row.expected is Expected.UNKNOWN:
            return self.state is State.MUTE and self.row.manner is Manner.SPEAK
        return self.row.expected is Expected.OPEN and self.state is not State.OPEN

    @property
    def unexpected(self) -> bool:
        """Whether it is expected to be closed and somebody accepts there."""
        return self.row.expected is Expected.CLOSED and self.state not in {State.REFUSED, State.FILTERED}


def severity(impact: int) -> Severity:
    """How bad it is when a port of this impact fails."""
    if impact >= CRITICAL_IMPACT:
        return Severity.CRITICAL
    return Severity.WARNING if impact >= WARNING_IMPACT else Severity.INFO


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits at one port of a host: connections to be accepted, and sessions with bytes nobody reads."""

    queue: int = 0
    full: bool = False
    all_unread: bool = False
    listening: bool = False
    only_loopback: bool = False

    def stuck_since(self, before: Waiting | None) -> str:
        """Why the process behind the port is taken for frozen; empty where nothing says so.

        A single look proves nothing but a full queue: whoever is busy has accepted all of them by the next one.
        """
        if self.full:
            return f"its queue is full: {self.queue} connections wait to be accepted"
        if before is not None and self.queue and self.queue >= before.queue > 0:
            return f"{self.queue} connections wait to be accepted, and as many or fewer did at the look before"
        if before is not None and self.all_unread and before.all_unread:
            return "of none of its sessions is anything read, as at the look before"
        return ""


def waiting(port: int, listeners: Iterable[Listener], sessions: Iterable[Sessions]) -> Waiting:
    """What a host's sockets say about one of its ports."""
    sockets = [listener for listener in listeners if listener.port == port]
    outside = [listener for listener in sockets if not listener.loopback]
    counted = next((found for found in sessions if found.port == port), Sessions(port, 0, 0))
    return Waiting(
        queue=sum(listener.queue for listener in sockets),
        full=any(listener.queue > listener.backlog for listener in sockets),
        all_unread=counted.unread == counted.number >= SESSIONS_THAT_TELL,
        listening=bool(sockets),
        only_loopback=bool(sockets) and not outside,
    )


def passive(row: PortRow, now: Waiting, before: Waiting | None) -> PortResult:
    """A row that is never dialled, by the sockets of its host, which is the vantage."""
    if not now.listening:
        return PortResult(row, row.host, State.REFUSED, "nobody listens there")
    if now.only_loopback and not row.address.startswith(("127.", "::1", "localhost")):
        return PortResult(row, row.host, State.REFUSED, "listens for the host itself only")
    stuck = now.stuck_since(before)
    return PortResult(row, row.host, State.MUTE if stuck else State.OPEN, stuck)


def dialled(row: PortRow, vantage: str, dial: Dial, earlier: PortResult | None, *, with_tls: bool) -> PortResult:
    """A row by a dial. `with_tls`: whether this one shook hands; else the certificate is the one seen before."""
    state = State(dial.state.value)
    if state is State.OPEN and dial.tls_error and dial.not_after is None:
        state = State.TLS
    accepted = dial.state not in {PortState.REFUSED, PortState.FILTERED}
    not_after = dial.not_after
    if not with_tls and state is State.OPEN and earlier is not None:
        not_after = earlier.not_after
    return PortResult(
        row,
        vantage,
        state,
        dial.tls_error if state is State.TLS and dial.tls_error else dial.detail,
        connect_seconds=dial.connect_seconds if accepted else None,
        syn_retransmits=dial.syn_retransmits if accepted else None,
        first_byte_seconds=dial.first_byte_seconds,
        not_after=not_after,
        repeating=bool(accepted and dial.syn_retransmits and earlier is not None and earlier.syn_retransmits),
    )


def accepted_in_vain(result: PortResult, now: Waiting, before: Waiting | None) -> PortResult:
    """A port that was open for a dial, where the host says that nobody fetches what the kernel accepts."""
    stuck = now.stuck_since(before) if now.listening and result.state is State.OPEN else ""
    return replace(result, state=State.MUTE, detail=stuck) if stuck else result


_BY_REASON = {
    Reason.REFUSED: State.REFUSED,
    Reason.UNREACHABLE: State.FILTERED,
    Reason.RESET: State.RESET,
    Reason.MUTE: State.MUTE,
    Reason.TIMEOUT: State.MUTE,
}

_NOTHING_SAID = frozenset((Reason.BUG, Reason.OVERRUN, Reason.NOT_READY))


def by_session(row: PortRow, failure: ProbeFailed | None) -> PortResult | None:
    """The port of SSH, by how asking the host went. Who was not let in has reached it; our own faults say nothing.

    Nor does the end of a session that has answered before, in silence or not: the host may be gone by now, or only our
    shell hangs, or was killed. The next attempt to connect will tell.
    """
    if failure is None:
        return PortResult(row, EXPORTER, State.OPEN, "we are logged in")
    if failure.login is Login.PAST:
        return None
    if failure.reason is Reason.TIMEOUT and failure.login is Login.FRESH:
        return PortResult(row, EXPORTER, State.OPEN, failure.detail)
    if failure.ours or failure.reason in _NOTHING_SAID:
        return None
    return PortResult(row, EXPORTER, _BY_REASON.get(failure.reason, State.OPEN), failure.detail)


def needs_shell(row: PortRow) -> bool:
    """Whether only asking the host itself gives a verdict."""
    return not row.tunnelled and row.manner in {Manner.PASSIVE, Manner.SSH}
