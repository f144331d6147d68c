"""Looking at a host's rows: dials from the exporter, dials from the host, one question to the host; all side by side.

Each way may fail by itself, and then only its own rows are without a verdict.
"""

from __future__ import annotations

import asyncio
import ipaddress
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cs_exporter.model import Host, Manner, PortRow, ProbeFailed, Reason, UnparsableError, UnsupportedError
from cs_exporter.parsers import listeners
from cs_exporter.ports import Dialer, Io, SectionCall, Talk
from cs_exporter.probes.ports import table as port_table
from cs_exporter.probes.ports.verdicts import EXPORTER, PortResult, State, Waiting, dialled, needs_shell, waiting
from cs_exporter.spec import Section

TUNNELS_AT_ONCE = 8
"""Connections that a host is asked to make for us at the same time."""

# Of the host's sockets those of the ports given; of ports given as PORT+ also how many sessions they have, and how many
# of these with bytes that nobody has read.
LISTENERS = Section(
    name="listeners",
    body="""ports_listening='' ports_kept=''
	for port_given; do
		case ${port_given%+} in '' | *[!0-9]*) continue ;; esac
		ports_listening="${ports_listening:+$ports_listening or }sport = :${port_given%+}"
		case $port_given in *+) ports_kept="${ports_kept:+$ports_kept or }sport = :${port_given%+}" ;; esac
	done
	[ -z "$ports_listening" ] || {
		ss -tlnH "( $ports_listening )" && {
			[ -z "$ports_kept" ] || ss -tnH state established "( $ports_kept )" | awk '
				{ count = split($3, part, ":"); port = part[count]; sessions[port]++; if ($1 > 0) unread[port]++ }
				END { for (port in sessions) print "sessions", port, sessions[port], unread[port] + 0 }'
		}
	}""",
    tool="ss",
)


Look = PortResult | ProbeFailed | UnsupportedError | None
"""A row's result, or why there is none; None where it was not its turn and it had none before."""


@dataclass(frozen=True, slots=True)
class HostWord:
    """What the host itself said, or why it could not be asked. `sockets`: by port."""

    sockets: Mapping[int, Waiting] = field(default_factory=dict)
    failure: ProbeFailed | UnsupportedError | None = None  # of the sockets
    session: ProbeFailed | None = None  # of the SSH session
    asked: bool = False  # the session itself was tried, and came to an end


async def ask_host(host: Host, io: Io, deadline: float) -> HostWord:
    """Ask the host who listens on its own rows' ports, where a row can't be judged without it; never raises those."""
    own = [row for row in host.ports if not row.tunnelled]
    if not any(map(needs_shell, own)):
        return HostWord()
    call = SectionCall(LISTENERS.name, tuple(sorted({_argument(row) for row in own})))
    try:
        async with asyncio.timeout(deadline):
            answers = await io.shell.ask(call)
    except TimeoutError:
        return HostWord(failure=ProbeFailed(Reason.TIMEOUT, f"the host was not asked within {deadline:g} s"))
    except ProbeFailed as failure:
        return HostWord(failure=failure, session=failure, asked=True)
    try:
        found = listeners.parse(answers[call].text())
    except (ProbeFailed, UnsupportedError) as failure:
        return HostWord(failure=failure, asked=True)
    except UnparsableError as error:
        return HostWord(failure=ProbeFailed(Reason.UNPARSABLE, str(error)), asked=True)
    return HostWord({row.port: waiting(row.port, *found) for row in own}, asked=True)


def _argument(row: PortRow) -> str:
    spec = port_table.named(row.port_name)
    return f"{row.port}+" if spec is not None and spec.kept else str(row.port)


@dataclass(frozen=True, slots=True)
class Dialling:
    """How rows are dialled in one run. `earlier`: what the run before saw; `number`: of the run, counting up.

    `deadline` in seconds for connecting, and `first_byte` besides for rows that are to say something.
    """

    earlier: Mapping[PortRow, PortResult]
    number: int
    deadline: float
    first_byte: float
    tls_every: int

    async def from_here(self, io: Io, rows: Sequence[PortRow]) -> list[Look]:
        """All at once."""
        return list(await asyncio.gather(*(self._dial(io.tcp, row, EXPORTER) for row in rows)))

    async def from_host(self, io: Io, rows: Sequence[PortRow], vantage: str) -> list[Look]:
        """A few at a time, and begun within the first deadline only; those that then wait have their turn next time.

        Rows that had none stand as they were seen a run before.
        """
        ends = io.clock.monotonic() + 2 * self.deadline
        free = asyncio.Semaphore(TUNNELS_AT_ONCE)

        async def look(row: PortRow) -> Look:
            async with free:
                if io.clock.monotonic() + self.deadline > ends:
                    return self.earlier.get(row)
                return await self._dial(io.tunnel, row, vantage)

        first = self.number * TUNNELS_AT_ONCE % len(rows) if rows else 0
        turns = [*rows[first:], *rows[:first]]
        return list(await asyncio.gather(*map(look, turns)))

    async def _dial(self, dialer: Dialer, row: PortRow, vantage: str) -> Look:
        earlier = self.earlier.get(row)
        with_tls = row.tls and self._shakes_hands(row, earlier)
        talk = _talk(row, with_tls=with_tls)
        deadline = self.deadline + (self.first_byte if talk.listen or talk.tls else 0)
        try:
            dial = await dialer.dial(row.address, row.port, talk, deadline)
        except (ProbeFailed, UnsupportedError) as failure:
            return failure
        return dialled(row, vantage, dial, earlier, with_tls=with_tls)

    def _shakes_hands(self, row: PortRow, earlier: PortResult | None) -> bool:
        """Every so often, each row in a run of its own; and always until it has worked.

        A port that accepts and is mute would else be well again as soon as nothing is said to it.
        """
        if earlier is None or earlier.state is not State.OPEN:
            return True
        spread = zlib.crc32(f"{row.host} {row.port}".encode("utf-8", "surrogateescape"))
        return (self.number + spread) % self.tls_every == 0


def _talk(row: PortRow, *, with_tls: bool) -> Talk:
    if row.tls and not with_tls:
        return Talk()
    speaks = row.manner is Manner.SPEAK
    name = None if _is_number(row.address) else row.address
    return Talk(row.send if speaks else b"", listen=speaks, tls=with_tls, server_name=name if with_tls else None)


def _is_number(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
