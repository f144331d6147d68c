"""The collector's word for a mount that is being touched already: `held <start in clock ticks> <uptime in seconds>`.

Both numbers come from the host's /proc (PID/stat, field 22; uptime), so their difference needs no clock of ours.
"""

from __future__ import annotations

import re

from cs_exporter.model import UnparsableError

TICKS_PER_SECOND = 100  # what Linux shows to processes, whatever its kernel counts in

_HELD = re.compile(r"held ([0-9]{1,18}) ([0-9]{1,12}(?:\.[0-9]{1,9})?)")


def seconds(text: str) -> float:
    """For how long the process that is on the mount has been running. Raises UnparsableError."""
    lines = text.strip().splitlines()
    match = _HELD.fullmatch(lines[-1]) if lines else None
    if match is None:
        raise UnparsableError(f"not a word of the guard: {text[:80]!r}")
    return max(0.0, float(match[2]) - int(match[1]) / TICKS_PER_SECOND)
