"""The kernel's own state of the clock: `adjtimex --print` (Debian's package) and busybox `adjtimex`. See adjtimex(2).

The last witness where no NTP client answers. Both print raw fields of struct timex; busybox calls the offset "us"
even where the kernel counts it in nanoseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.numbers import whole

# The `status` bits of linux/timex.h.
_STA_PLL = 0x0001
_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000

_FIELD = re.compile(r"^(?:-[a-z])?\s*(offset|maxerror|esterror|status):[ \t]*(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What the last program that steered the clock left in the kernel. Seconds."""

    synchronised: bool  # not STA_UNSYNC, which a client clears, and the kernel sets 16 s of `max_error` later
    offset: float | None  # what is still to be slewed, positive where the clock is AHEAD; None: not the kernel's work
    max_error: float  # grows by 0.5 ms a second between two corrections, whatever the clock does
    estimated_error: float


def clock(text: str) -> KernelClock:
    """The state of the kernel's clock. Raises UnparsableError."""
    fields = dict(_FIELD.findall(text))
    missing = {"offset", "maxerror", "esterror", "status"} - fields.keys()
    if missing:
        raise UnparsableError(f"adjtimex shows no {', '.join(sorted(missing))}: {text[:120]!r}")
    status = whole(fields["status"], "adjtimex, status")
    unit = 1e-9 if status & _STA_NANO else 1e-6
    return KernelClock(
        synchronised=not status & _STA_UNSYNC,
        # The kernel keeps what it has to add to the clock.
        offset=0.0 - whole(fields["offset"], "adjtimex, offset") * unit if status & _STA_PLL else None,
        max_error=whole(fields["maxerror"], "adjtimex, maxerror") / 1e6,
        estimated_error=whole(fields["esterror"], "adjtimex, esterror") / 1e6,
    )
