"""The sheet of the probe `port_reachability`: which ports answer, for the exporter and for the hosts that need them.

Three ways to look, each for what only it can tell: connections from here, connections from a host's own vantage through
its SSH session, and the host's word about ports that nobody may dial. What one way can't find out costs only its rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydantic import Field

from cs_exporter.model import Expected, Host, Manner, UnsupportedError
from cs_exporter.ports import Io
from cs_exporter.probes.ports.looks import LISTENERS, Dialling, HostWord, Look, ask_host
from cs_exporter.probes.ports.symptoms import SYMPTOMS
from cs_exporter.probes.ports.verdicts import (
    PortResult,
    State,
    Waiting,
    accepted_in_vain,
    by_session,
    needs_shell,
    passive,
    severity,
)
from cs_exporter.spec import Metric, Need, ProbeSettings, ProbeSpec, Sample, Seconds, gauge, rows

RECENT_INTERVALS, RECENT = 3, 180.0
"""Intervals, and seconds at least, after which a look is no longer the one before: runs between them failed.

The seconds are for a global.interval that is longer than the probe's, which it does not know.
"""


class PortReachabilitySettings(ProbeSettings):
    """Settings of the probe port_reachability."""

    deadline: Seconds = Field(default=3.0, gt=0, le=30, description="of one connection attempt")
    first_byte: Seconds = Field(
        default=3.0, gt=0, le=30, description="besides, for a port that is to say something or to shake hands by TLS"
    )
    shell_deadline: Seconds = Field(
        default=6.5, gt=0, le=60, description="of asking the host itself who listens; longer than ssh.connect_timeout"
    )
    tls_every: int = Field(default=10, ge=1, le=1000, description="runs between two looks at a TLS certificate")

    def longest_wait(self) -> float:
        """Nothing that is silent to its end takes longer: it is a verdict."""
        return max(2 * self.deadline, self.deadline + self.first_byte, self.shell_deadline)


@dataclass(frozen=True, slots=True)
class PortReachabilityReading:
    """What a host's run saw of its rows. `missing` says why rows are left out, or shown as they were seen before."""

    results: tuple[PortResult, ...] = ()
    missing: tuple[str, ...] = ()
    vantage_supported: bool | None = None  # whether the host connects for us; None where it was not asked to, or not in
    number: int = 0  # of the run
    sockets: Mapping[int, Waiting] = field(default_factory=dict)  # what the host said of its own ports


async def probe(host: Host, io: Io, settings: PortReachabilitySettings) -> PortReachabilityReading:
    """Look at all rows of a host, side by side. Raises ProbeFailed or UnsupportedError where nothing was found out."""
    before = _before(io, settings)
    earlier = {result.row: result for result in before.results}
    number = before.number + 1
    dialling = Dialling(earlier, number, settings.deadline, settings.first_byte, settings.tls_every)
    here = [row for row in host.ports if not row.tunnelled and not needs_shell(row)]
    there = [row for row in host.ports if row.tunnelled]
    word, near, far = await asyncio.gather(
        ask_host(host, io, settings.shell_deadline),
        dialling.from_here(io, here),
        dialling.from_host(io, there, host.name),
    )
    seen = [_weighed(look, word, before) for look in near]
    looks = [*_by_host(host, word, before), *seen, *far]
    now = io.clock.monotonic()
    results = tuple(replace(look, seen=now) for look in looks if isinstance(look, PortResult))
    kept = _kept(host, results, before, now - RECENT_INTERVALS * settings.interval)
    failures = [look for look in (word.session, word.failure, *looks) if isinstance(look, Exception)]
    if not results and failures:
        raise failures[0]
    missing = tuple(dict.fromkeys(map(str, failures)))
    return PortReachabilityReading((*results, *kept), missing, _vantage_supported(far), number, word.sockets)


def _kept(
    host: Host, found: Iterable[PortResult], before: PortReachabilityReading, since: float
) -> Iterator[PortResult]:
    """Rows of which this run found out nothing, as they were seen lately: a lost poll ends no series, red or not.

    `since`: the monotonic moment from which on they must have been seen; runs between may have failed as a whole.
    """
    seen = {result.row for result in found}
    lost = [result for result in before.results if result.row not in seen]
    if lost:
        wanted = frozenset(host.ports)
        yield from (result for result in lost if result.row in wanted and result.seen > since)


def _still(reading: PortReachabilityReading, host: Host) -> PortReachabilityReading:
    wanted = frozenset(host.ports)
    return replace(reading, results=tuple(result for result in reading.results if result.row in wanted))


def _before(io: Io, settings: PortReachabilitySettings) -> PortReachabilityReading:
    """The look before this one. Of one that is long ago only the number counts: who waits now came since then."""
    last = io.previous(PortReachabilityReading)
    if last is None:
        return PortReachabilityReading()
    age = io.clock.monotonic() - last.monotonic
    if age > max(RECENT_INTERVALS * settings.interval, RECENT):
        return PortReachabilityReading(number=last.reading.number)
    return last.reading


def _by_host(host: Host, word: HostWord, before: PortReachabilityReading) -> Iterator[Look]:
    """The rows that only the host itself, or the session to it, can tell of."""
    for row in host.ports:
        if not needs_shell(row):
            continue
        if row.manner is Manner.SSH:
            yield by_session(row, word.session) if word.asked else None
        elif row.port in word.sockets:
            yield passive(row, word.sockets[row.port], before.sockets.get(row.port))


def _weighed(look: Look, word: HostWord, before: PortReachabilityReading) -> Look:
    """A dial from here beside what the host says of the same port: that the kernel accepts proves little."""
    if not isinstance(look, PortResult) or look.row.port not in word.sockets:
        return look
    port = look.row.port
    return accepted_in_vain(look, word.sockets[port], before.sockets.get(port))


def _vantage_supported(far: list[Look]) -> bool | None:
    if any(isinstance(look, PortResult) for look in far):
        return True
    return False if any(isinstance(look, UnsupportedError) for look in far) else None


_LABELS = ("port", "port_name", "vantage")


def _labels(result: PortResult) -> tuple[str, ...]:
    return str(result.row.port), result.row.port_name, result.vantage


def _of_ports(
    name: str, help_text: str, value: Callable[[PortResult], float | None]
) -> Metric[PortReachabilityReading]:
    """A metric with a sample, about the destination, per row that has a value."""

    def read(reading: PortReachabilityReading) -> Iterable[Sample]:
        values = ((result, value(result)) for result in reading.results)
        return [
            Sample(float(number), _labels(result), result.row.host) for result, number in values if number is not None
        ]

    return rows(name, help_text, _LABELS, read)


def _of_expected(value: Callable[[PortResult], float | None]) -> Callable[[PortResult], float | None]:
    """Only of ports that are expected to be open: how slow another one is, or how old, is no finding."""
    return lambda result: value(result) if result.row.expected is Expected.OPEN else None


def _failing(reading: PortReachabilityReading) -> Iterable[Sample]:
    return [
        Sample(1, (*_labels(result), result.state.value, severity(result.row.impact).value), result.row.host)
        for result in reading.results
        if result.failing
    ]


METRICS: tuple[Metric[PortReachabilityReading], ...] = (
    _of_ports(
        "cs_port_up",
        "Whether the port answers, as seen from the vantage: by a connection, the host's own sockets or our session.",
        lambda result: result.state is State.OPEN,
    ),
    rows(
        "cs_port_failing",
        "1 while a port that is expected to be open is refused, filtered, reset, mute or without TLS, as seen from the "
        "vantage.",
        (*_LABELS, "state", "severity"),
        _failing,
    ),
    _of_ports(
        "cs_port_unexpected",
        "1 while a port that is expected to be closed accepts connections, as seen from the vantage.",
        lambda result: 1 if result.unexpected else None,
    ),
    _of_ports(
        "cs_port_connect_seconds",
        "Time to connect: from the exporter the kernel's own figure (tcpi_rtt), from a host by its SSH server.",
        _of_expected(lambda result: result.connect_seconds),
    ),
    _of_ports(
        "cs_port_syn_retransmits",
        "Connection requests that had to be repeated in the last look, by the exporter's kernel.",
        _of_expected(lambda result: result.syn_retransmits),
    ),
    _of_ports(
        "cs_port_syn_retransmitting",
        "1 while connection requests had to be repeated in the last look and in the one before, by the exporter's "
        "kernel.",
        _of_expected(lambda result: 1 if result.repeating else None),
    ),
    _of_ports(
        "cs_port_first_byte_seconds",
        "Time from speaking to the first byte of the answer, by the exporter.",
        lambda result: None if result.row.expected is Expected.CLOSED else result.first_byte_seconds,
    ),
    _of_ports(
        "cs_port_tls_not_after_timestamp_seconds",
        "End of validity of the TLS certificate that was last seen at the port, by the exporter.",
        _of_expected(lambda result: result.not_after),
    ),
    gauge(
        "cs_port_vantage_supported",
        "Whether the host lets its SSH server connect for us; by what it said when it was asked to.",
        lambda reading: reading.vantage_supported,
    ),
)

NEEDS = (
    Need(
        key="forwarding",
        lost="ports as the host itself sees them: only the exporter's own vantage is left",
        mend='in authorized_keys of the account: restrict,port-forwarding,permitopen="ADDRESS:PORT",... before the key',
        applies=lambda host: any(row.tunnelled for row in host.ports),
    ),
    Need(
        key="ss",
        lost="ports that may not be connected to (MySQL, agents, message bus), and listeners that accept no longer",
        mend="apt-get install iproute2, or dnf install iproute",
        check="command -v ss",
        applies=lambda host: any(map(needs_shell, host.ports)),
    ),
)

SPEC: ProbeSpec[PortReachabilitySettings, PortReachabilityReading] = ProbeSpec(
    name="port_reachability",
    question="Do the ports answer that the cloud needs?",
    settings=PortReachabilitySettings,
    reading=PortReachabilityReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(LISTENERS,),
    needs=NEEDS,
    applies=lambda host: bool(host.ports),
    still=_still,
    other_ways=True,
)
