"""Agents' sessions with their management servers, as ss(8) shows both ends: who sent what when, and what got lost.

An agent pings every 60 s and answers what its server asks about as often; sends again what is lost; moves when told to.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from random import Random

PERIOD = 60.0
"""Seconds between two pings, and between two questions of the server."""

SENT_AGAIN = 1 / 50
"""Share of messages whose first segment is lost."""

TIMEOUT = 0.204
"""Seconds until what was lost is sent again (the least that Linux waits)."""

LOST_AGAIN = 1 / 100
UNREAD = 1e-5
"""Chance that a look at a server's session finds bytes that it has received and not read yet."""


@dataclass
class Session:
    """One TCP connection. True time; `end` None: it stands."""

    server: str  # its name
    port: int  # at the agent's end
    begin: float
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Data of an agent: when it was first sent, and when its server received it."""

    sent: float
    received: float
    again: int = 0
    ping: bool = False


@dataclass
class Agent:
    """One host's agent. `silent_from`: it stands still since then, while its kernel keeps the session.

    `mute_from`: its task that pings is stuck since then, and it answers what its server asks.
    """

    rng: Random
    round_trip: float
    begin: float
    sessions: list[Session]
    silent_from: float = float("inf")
    mute_from: float = float("inf")
    messages: list[Message] = field(default_factory=list)
    _sent: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        ping, asked = self.rng.uniform(0, PERIOD), self.rng.uniform(0, PERIOD)
        times = [
            (self.begin + phase + PERIOD * number + self.rng.gauss(0, 0.3), phase == ping)
            for phase in (ping, asked)
            for number in range(-2, 70)
        ]
        for sent, is_ping in sorted(times):
            self._send(sent, ping=is_ping)

    def _send(self, sent: float, *, ping: bool = False) -> None:
        again = 0
        while self.rng.random() < (SENT_AGAIN if again == 0 else LOST_AGAIN):
            again += 1
        late = TIMEOUT * (2**again - 1)
        place = bisect_right(self._sent, sent)
        self._sent.insert(place, sent)
        self.messages.insert(place, Message(sent, sent + late + self.round_trip / 2, again, ping))

    def reconnect(self, at: float, away: float, server: str) -> None:
        """The session ends at `at`; after `away` seconds there is one with `server`, which begins with a startup."""
        last = self.sessions[-1]
        last.end = at
        self.sessions.append(Session(server, last.port + 7, at + away))
        self._send(at + away + 0.05)
        self._send(at + away + 0.3)

    def session(self, now: float) -> Session | None:
        """The one that stands now."""
        last = next((one for one in reversed(self.sessions) if one.begin <= now), None)
        return last if last is not None and (last.end is None or now < last.end) else None

    def _said(self, session: Session, now: float) -> list[Message]:
        """What it has sent over that session."""
        end = min(now, self.silent_from)
        found = self.messages[bisect_right(self._sent, session.begin) : bisect_right(self._sent, end)]
        if self.mute_from < end:
            found = [one for one in found if not one.ping or one.sent < self.mute_from]
        return found or [Message(session.begin, session.begin)]

    def pinged(self, server: str, since: float, now: float) -> bool:
        """Whether that server took in a ping of it within that time."""
        sessions = (one for one in self.sessions if one.server == server and one.begin <= now)
        return any(
            message.ping and since < message.received <= min(now, session.end or now)
            for session in sessions
            for message in self._said(session, now)
        )

    def at_server(self, now: float, server_address: str, address: str) -> str:
        """The server's end of the session that stands."""
        session = self.session(now)
        assert session is not None
        heard = [one for one in self._said(session, now) if one.received <= now]
        last = heard[-1].received if heard else session.begin
        unread = 17 if self.rng.random() < UNREAD else 0
        return (
            f"ESTAB {unread} 0 [::ffff:{server_address}]:8250 [::ffff:{address}]:{session.port} "
            f"rtt:{self._rtt():.3f}/0.018 mss:1448{_age('lastrcv', now - last)}\n"
        )

    def at_agent(self, now: float, server_address: str, address: str) -> str:
        """The agent's own end, if a session stands."""
        session = self.session(now)
        if session is None:
            return ""
        said = self._said(session, now)
        last, total = said[-1], sum(one.again for one in said)
        acked = last.received + self.round_trip / 2 <= now
        more = "" if acked else " unacked:1"
        sending_again = not acked and last.again > 0 and now >= last.sent + TIMEOUT
        if total:
            more += f" retrans:{int(sending_again)}/{total}"
        answered = last.received + self.round_trip / 2 if acked else last.sent - 1.0
        return (
            f"ESTAB 0 0 {address}:{session.port} {server_address}:8250 rtt:{self._rtt():.3f}/0.143 mss:1448 "
            f"bytes_acked:{71 * (len(said) - (not acked))}{_age('lastsnd', now - last.sent)}"
            f"{_age('lastack', now - answered)}{more}\n"
        )

    def _rtt(self) -> float:
        return (self.round_trip + 1e-5) * 1000 * self.rng.lognormvariate(0, 0.2)


def _age(name: str, seconds: float) -> str:
    """What is zero is left out."""
    milliseconds = int(seconds * 1000)
    return f" {name}:{milliseconds}" if milliseconds > 0 else ""
