"""What systemd-timesyncd says of the clock: `timedatectl timesync-status`, made for people. See timedatectl(1).

Its spans of time have units (1.234ms, 2min 3s), and its offset is that of the last answer BEFORE the clock was
corrected by it: after a step it goes on showing the whole step until the next answer, up to 34 minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.numbers import whole

STEP = 0.4
"""Seconds beyond which timesyncd steps the clock rather than slewing it; the step is made at once."""

_UNITS = {
    "us": 1e-6,
    "μs": 1e-6,  # Greek mu, as newer systemd writes it
    "µs": 1e-6,  # the micro sign
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
    "month": 2_629_800.0,
    "y": 31_557_600.0,
}
_PART = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(us|μs|µs|ms|s|min|h|d|w|month|y)")
_WHOLE_SPAN = re.compile(rf"{_PART.pattern}(?: {_PART.pattern})*")
_UNSYNCHRONISED = "not synchronized"
_LEAPS = frozenset(
    {
        "normal",
        "last minute of the day has 61 seconds",
        "last minute of the day has 59 seconds",
        _UNSYNCHRONISED,
    }
)


@dataclass(frozen=True, slots=True)
class TimesyncAnswer:
    """The last answer of the server. Seconds."""

    offset: float  # host minus server: positive where the host's clock was AHEAD when the answer came
    root_distance: float  # of the server, from true time
    delay: float  # round trip to the server
    leap: str
    stratum: int  # of the server

    @property
    def trustworthy(self) -> bool:
        """Whether the server itself knew the time."""
        return self.leap != _UNSYNCHRONISED

    @property
    def error_bound(self) -> float:
        """The most the clock was wrong by, if the server is right."""
        return abs(self.offset) + self.root_distance + self.delay / 2


@dataclass(frozen=True, slots=True)
class TimesyncStatus:
    """Whom it asks now and how often (seconds), how many answers it got, and the last one; None where there is none."""

    server: str
    poll_interval: float
    packets: int
    answer: TimesyncAnswer | None


def span(text: str, what: str) -> float:
    """A span of time as systemd writes it, in seconds: `0`, `35us`, `+1.234ms`, `-1.5s`, `2min 3s`.

    Raises UnparsableError, which names `what`.
    """
    sign = -1.0 if text.startswith("-") else 1.0
    unsigned = text[1:] if text[:1] in {"+", "-"} else text
    if unsigned == "0":
        return 0.0
    if not _WHOLE_SPAN.fullmatch(unsigned):
        raise UnparsableError(f"{what}: not a span of time: {text[:60]!r}")
    return sign * sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(unsigned))


def status(text: str) -> TimesyncStatus:
    """All of `timedatectl timesync-status`. Raises UnparsableError.

    systemd leaves the answer out where its times make no sense; `Packet count` is then missing too.
    """
    fields = {key.strip(): value.strip() for key, colon, value in _split(text) if colon}
    if "Server" not in fields or "Poll interval" not in fields:
        raise UnparsableError(f"not timedatectl's timesync-status: {text[:120]!r}")
    poll_interval, _, _ = fields["Poll interval"].partition(" (")
    packets = whole(fields.get("Packet count", "0"), "timesync-status, packet count")
    answer = _answer(fields) if "Leap" in fields else None
    return TimesyncStatus(
        server=fields["Server"],
        poll_interval=span(poll_interval, "timesync-status, poll interval"),
        packets=packets,
        answer=answer,
    )


def _split(text: str) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in text.split("\n")]


def _answer(fields: dict[str, str]) -> TimesyncAnswer:
    missing = {"Stratum", "Root distance", "Offset", "Delay"} - fields.keys()
    if missing:
        raise UnparsableError(f"timesync-status has no {', '.join(sorted(missing))}")
    if fields["Leap"] not in _LEAPS:
        raise UnparsableError(f"timesync-status, leap: {fields['Leap'][:60]!r}")
    distance, _, _ = fields["Root distance"].partition(" (")
    return TimesyncAnswer(
        # systemd follows RFC 5905, section 8: server minus host.
        offset=0.0 - span(fields["Offset"], "timesync-status, offset"),
        root_distance=span(distance, "timesync-status, root distance"),
        delay=span(fields["Delay"], "timesync-status, delay"),
        leap=fields["Leap"],
        stratum=whole(fields["Stratum"], "timesync-status, stratum"),
    )
