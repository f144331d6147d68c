"""What is done at a port once it has accepted: a TLS handshake, a word of ours, the peer's first byte.

The same for every way of getting there: it knows only a `Wire`, which is a socket of ours or a channel through a host.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Clock, Dial, PortState, Talk
from cs_exporter.transports.dial.tls import TlsError, TlsLine, Wire
from cs_exporter.transports.reasons import from_os_error

FIRST_BYTES = 64
LEAST_SILENCE = 0.25
"""Of the deadline: a silence shorter than that says nothing of the peer, whose turn came too late."""

_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Span:
    """The time of one attempt: until loop time `ends`, of `deadline` seconds. `what` names the attempt in errors.

    `clock` measures: the time of an event loop may be no finer than a millisecond.
    """

    what: str
    deadline: float
    ends: float
    clock: Clock

    def silence(self, since: float) -> None:
        """Raises ProbeFailed(timeout) where too little time was left since then for silence to be an answer."""
        waited = asyncio.get_running_loop().time() - since
        if waited < LEAST_SILENCE * self.deadline:
            detail = f"{self.what}: only {waited:.2f} s of {self.deadline:g} s were left to wait for an answer"
            raise ProbeFailed(Reason.TIMEOUT, detail, ours=True)


async def talked(wire: Wire, talk: Talk, span: Span) -> Dial:
    """What the peer does after it has accepted. Raises ProbeFailed for what is no doing of its own."""
    if talk.tls:
        line = TlsLine(wire, talk.server_name)
        return await _judged(partial(_through_tls, line, talk, span), span)
    return await _judged(partial(_exchanged, wire, talk, span), span)


async def _judged(look: Callable[[], Awaitable[Dial]], span: Span) -> Dial:
    """What was seen; silence and a broken connection are answers, too."""
    began = asyncio.get_running_loop().time()
    try:
        return await look()
    except TimeoutError:
        span.silence(began)
        return Dial(PortState.MUTE, "accepted the connection and never said a word")
    except OSError as error:
        failure = from_os_error(error, span.what)
        if failure.ours:
            raise failure from error
        how = error.strerror or "gone"
        return Dial(PortState.RESET, f"accepted the connection and broke it before its first word: {how}")


async def _through_tls(line: TlsLine, talk: Talk, span: Span) -> Dial:
    shown = await line.handshake(span.ends)
    if not shown.finished:
        said = f"TLS: {shown.error}" if shown.error else "TLS as far as it goes without a certificate of our own"
        return Dial(PortState.OPEN, f"accepted; {said}", not_after=shown.not_after, tls_error=shown.error)
    try:
        dial = await _judged(partial(_exchanged, line, talk, span), span)
    except TlsError as error:
        dial = Dial(PortState.OPEN, f"accepted; TLS: {error}", tls_error=str(error))
    line.farewell()
    return replace(dial, not_after=shown.not_after, tls_error=dial.tls_error or shown.error)


async def _exchanged(line: Wire, talk: Talk, span: Span) -> Dial:
    began = span.clock.monotonic()
    if talk.send:
        line.write(talk.send)
    if not talk.listen:
        return Dial(PortState.OPEN, "accepted the connection")
    said = await line.read(span.ends)
    if not said:
        return Dial(PortState.RESET, "accepted the connection and closed it before its first word")
    first = said[:FIRST_BYTES]
    seconds = span.clock.monotonic() - began
    return Dial(PortState.OPEN, f"says {first[:_SHOWN]!r}", first_byte_seconds=seconds, first_bytes=first)
