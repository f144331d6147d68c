"""NTP clients of simulated hosts: chronyd, systemd-timesyncd and ntpsec, whose servers now and then do not answer.

What they say is what was captured of the real ones, with times, offsets and registers of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random

from tests.probes.clocks import time_stand

LOST = 0.02
"""Share of polls that no server answers."""

_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970, RFC 5905


@dataclass
class Source:
    """A time server as its client sees it. Seconds; `last`: true time of its last answer, `error`: that answer's."""

    rng: Random
    poll: float
    noise: float  # standard deviation of its answers' offset
    next: float
    last: float
    error: float
    again: float | None = None  # seconds after which a poll that was lost is repeated; None: as ever
    reach: int = 0o377
    offset: float = field(init=False)

    def __post_init__(self) -> None:
        self.offset = self.error

    def follow(self, now: float, drifted: float) -> None:
        """Poll up to `now`, true time; `drifted`: what the host's clock is wrong by, beyond the noise."""
        while self.next <= now:
            answered = self.rng.random() >= LOST
            self.reach = (self.reach << 1 | answered) & 0o377
            if answered:
                self.last, self.error = self.next, self.rng.gauss(0.0, self.noise)
                self.offset = drifted + self.error
            pause = self.poll if answered or self.again is None else self.again
            self.next += pause * self.rng.uniform(0.98, 1.02)


@dataclass
class Ntp:
    """A host's clock and its client. `kind`: chrony, timesyncd or ntpsec; `drift`: seconds a second, since `since`."""

    rng: Random
    kind: str
    round_trip: float
    begin: float
    drift: float = 0.0
    since: float = 0.0
    sources: list[Source] = field(init=False)

    def __post_init__(self) -> None:
        poll = float(self.rng.choice((64, 128, 256, 512, 1024)))
        if self.kind == "timesyncd":
            poll = float(self.rng.choice((64, 256, 2048)))
        again = 15.0 if self.kind == "timesyncd" else None
        noise = self.rng.choice((2e-5, 5e-5, 2e-4)) + self.round_trip / 10
        self.sources = [
            Source(self.rng, poll, noise, self.begin + left, self.begin + left - poll, self.rng.gauss(0, noise), again)
            for left in (self.rng.uniform(0, poll) for _ in range(1 if self.kind == "timesyncd" else 3))
        ]

    def wrong_by(self, now: float) -> float:
        """Seconds that the host's clock is ahead of true time."""
        return self._drifted(now) + self.sources[0].error / 2

    def says(self, now: float) -> str:
        """The section's answer at `now`, true time."""
        for source in self.sources:
            source.follow(now, self._drifted(now))
        return {"chrony": self._chrony, "timesyncd": self._timesyncd, "ntpsec": self._ntpsec}[self.kind](now)

    def _drifted(self, now: float) -> float:
        return self.drift * max(0.0, now - self.since) if self.drift else 0.0

    def _chrony(self, now: float) -> str:
        first = self.sources[0]
        dispersion = 0.0001 + 1e-5 * (now - first.last)
        tracking = (
            f"0A630066,10.99.0.102,3,{first.last:.9f},{-first.offset:.9f},0.000001000,0.000050000,-5.798,0.099,26.900,"
            f"{self.round_trip + 0.0005:.9f},{dispersion:.9f},{first.poll:.1f},Normal\n"
        )
        lines = [
            f"^,{state},10.99.0.{number},2,{first.poll:.0f},{source.reach:o},{max(0.0, now - source.last):.0f},"
            f"{source.offset:.9f},{source.offset:.9f},{source.noise:.9f}\n"
            for (state, source), number in zip(zip("*++", self.sources, strict=True), (102, 103, 104), strict=True)
        ]
        return f"chrony\n-- tracking\n{tracking}-- sources\n{''.join(lines)}"

    def _timesyncd(self, now: float) -> str:
        del now
        [source] = self.sources
        text = time_stand.timesyncd("synced", source.last)
        text = text.replace("Offset: -35us", f"Offset: {-source.offset * 1e6:.0f}us")
        text = text.replace("Delay: 173us", f"Delay: {(self.round_trip + 2e-4) * 1e6:.0f}us")
        return re.sub(r"Poll interval: \S+", f"Poll interval: {source.poll:.0f}s", text)

    def _ntpsec(self, now: float) -> str:
        first = self.sources[0]
        stamp = first.last + _NTP_EPOCH
        text = time_stand.ntpd("ntpsec_synced")
        text = re.sub(r"reftime=\S+", f"reftime={int(stamp):08x}.{int(stamp % 1 * 2**32):08x}", text)
        text = re.sub(r"(?<=[, ])offset=[-0-9.]+", f"offset={first.offset * 1e3:.6f}", text)
        text = re.sub(r"rootdisp=[0-9.]+", f"rootdisp={1 + (now - first.last) * 0.015:.3f}", text)
        return re.sub(r"^\*(.*?)  377 ", rf"*\1  {first.reach:o} ", text, flags=re.MULTILINE)
