"""Durations as Prometheus users write them ("15s", "1m30s", "500ms"), to seconds.

On the ground floor because settings of every floor have durations.
"""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+)(ms|s|m|h|d)")
_WHOLE = re.compile(r"(?:\d+(?:ms|s|m|h|d))+")


def parse_duration(value: object) -> object:
    """Seconds as a float, from a number of seconds or a duration text.

    Raises ValueError for text that is neither. Other types pass through, for the caller's validator to refuse.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        if _WHOLE.fullmatch(text):
            return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
        return float(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{value[:60]!r} is not a duration; write it as 30s, 1m30s or 500ms") from None
