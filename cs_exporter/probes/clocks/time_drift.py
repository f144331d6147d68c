"""The sheet of the probe `time_drift`: whether a host's clock is right, by its NTP client and by the exporter's clock.

Two witnesses, because either can be wrong alone: a client goes on saying "Normal" after its servers are lost or the
clock was set behind its back, and the exporter's clock may itself be the wrong one (see clock_fleet).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pydantic import Field

from cs_exporter.model import Host, ProbeFailed
from cs_exporter.ports import Answer, AnswerState, ClockSample, Io, SectionCall, Shell
from cs_exporter.probes.clocks.client import SECTION, ClientView, TimeSource, interpret, is_false_reading
from cs_exporter.probes.clocks.symptoms import SYMPTOMS
from cs_exporter.spec import Metric, ProbeSettings, ProbeSpec, Sample, Seconds, gauge, rows

MORE_EXCHANGES = 2
"""Short clock exchanges besides the one that comes with the answer: the best of three is used."""


class TimeDriftSettings(ProbeSettings):
    """Settings of the probe `time_drift`."""

    interval: Seconds = Field(default=60.0, gt=0, description="rounded up to a multiple of global.interval")
    section_limit: int = Field(default=4, ge=1, le=60, description="seconds the host's NTP client is given to answer")
    max_skew_uncertainty: Seconds = Field(
        default=1.0,
        gt=0,
        description="a skew that is measured less exactly than this, and is no clear case, is not shown",
    )

    def longest_wait(self) -> float:
        """A client that says nothing is a verdict too."""
        return self.section_limit


@dataclass(frozen=True, slots=True)
class TimeDriftReading:
    """The two witnesses. Seconds; None: not known. Without any NTP client the skew is still there."""

    client: ClientView | None  # None: the host's collector does not know the question
    last_sync: float | None  # since the epoch, by the EXPORTER's clock
    skew: float | None  # host minus exporter; None where the path is too slow to tell
    skew_uncertainty: float


async def probe(host: Host, io: Io, settings: TimeDriftSettings) -> TimeDriftReading:  # noqa: ARG001 (asked by way of io)
    """Ask the host's NTP client, then compare clocks.

    A client that does not answer in time is MUTE: whether the clock is synchronised is not known then, which is
    neither "yes" (its last word may be hours old) nor "no" (chronyd steers on while its host is too busy to answer).
    The reading says so as its source, with a symptom of its own, and the skew goes on being measured.

    Raises ProbeFailed where the host can't be asked, and UnparsableError where its client's answer makes no sense.
    """
    call = SectionCall(SECTION.name, limit=settings.section_limit)
    answers = await io.shell.ask(call)
    best = await _best(io.shell, answers.clock)
    client = _view(answers[call], answers.clock.host_time)
    last_sync = None
    if client is not None and client.last_sync is not None:
        last_sync = client.last_sync - best.skew
    return TimeDriftReading(client, last_sync, _credible(best, settings.max_skew_uncertainty), best.uncertainty)


async def _best(shell: Shell, first: ClockSample) -> ClockSample:
    """The most exact of three exchanges: what delays one (a busy host, a full queue) sits on one side of it only."""
    best = first
    for _ in range(MORE_EXCHANGES):
        try:
            another = await shell.clock()
        except ProbeFailed:
            break  # the first one is a reading all the same
        best = min(best, another, key=lambda sample: sample.uncertainty)
    return best


def _credible(sample: ClockSample, max_uncertainty: float) -> float | None:
    """The skew, where it is exact or so large that at least half of it is beyond doubt: a slow path fakes no skew."""
    known = sample.uncertainty <= max(max_uncertainty, abs(sample.skew) / 2)
    return sample.skew if known else None


def _view(answer: Answer, host_time: float) -> ClientView | None:
    if answer.state is AnswerState.UNSUPPORTED:
        return None
    if answer.state is AnswerState.LATE:
        return ClientView(TimeSource.MUTE)
    view = interpret(answer.text(), host_time)
    if view.offset is not None and is_false_reading(view.offset):
        return replace(view, offset=None, error_bound=None)
    return view


def _told(value: Callable[[ClientView], float | None]) -> Callable[[TimeDriftReading], float | None]:
    return lambda reading: None if reading.client is None else value(reading.client)


def _source(reading: TimeDriftReading) -> Iterable[Sample]:
    return () if reading.client is None else (Sample(1.0, (reading.client.source.value,)),)


METRICS: tuple[Metric[TimeDriftReading], ...] = (
    gauge(
        "cs_clock_offset_seconds",
        "Host minus true time by its own NTP client, positive = ahead (chronyc tracking: system time; timesync-status "
        "and ntpq rv: offset; adjtimex: offset left to slew).",
        _told(lambda client: client.offset),
    ),
    gauge(
        "cs_clock_error_bound_seconds",
        "The most the host's clock can be wrong by its own NTP client: offset + root dispersion + root delay / 2 "
        "(chronyc tracking, ntpq rv), offset + root distance + delay / 2 (timesync-status).",
        _told(lambda client: client.error_bound),
    ),
    gauge(
        "cs_clock_synchronised",
        "1 if the NTP client has the time and still hears a server that it follows (chronyc tracking and sources, ntpq "
        "rv and peers; timesyncd by its last synchronisation; adjtimex: STA_UNSYNC), else 0.",
        _told(lambda client: client.synchronised),
    ),
    gauge(
        "cs_clock_last_sync_timestamp_seconds",
        "When the NTP client last took in an answer, by the exporter's clock (chronyc tracking and ntpq rv: reference "
        "time; mtime of /run/systemd/timesync/synchronized).",
        lambda reading: reading.last_sync,
    ),
    gauge(
        "cs_clock_stratum",
        "Servers between the host's clock and a reference clock, + 1 (by chronyc tracking, ntpq rv, timesync-status).",
        _told(lambda client: client.stratum),
    ),
    gauge(
        "cs_clock_sources_reachable",
        "Time sources that answered one of their last 8 polls, counted up to 20 (chronyc sources, ntpq peers); 1 or 0 "
        "for systemd-timesyncd.",
        _told(lambda client: client.sources_reachable),
    ),
    rows(
        "cs_clock_source_info",
        "Who told of the host's clock: chrony, timesyncd, ntpd, kernel (adjtimex), none, or mute (no answer in time).",
        ("source",),
        _source,
    ),
    gauge(
        "cs_clock_skew_seconds",
        "Host minus exporter, by the best of 3 short exchanges; absent where its uncertainty is above the limit in the "
        "settings and above half of it.",
        lambda reading: reading.skew,
    ),
    gauge(
        "cs_clock_skew_uncertainty_seconds",
        "The skew lies within +- this: half the round trip by the exporter, and half of the host clock's resolution.",
        lambda reading: reading.skew_uncertainty,
    ),
)

SPEC: ProbeSpec[TimeDriftSettings, TimeDriftReading] = ProbeSpec(
    name="time_drift",
    question="Is the host's clock right, by its own NTP client and against the exporter's?",
    settings=TimeDriftSettings,
    reading=TimeDriftReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(SECTION,),
)
