"""Fields of the API's rows: texts that may be missing, dates in the account's own zone, ticks that are read as dates.

Formats as ApiServer and DateUtil of CloudStack write them.
"""

from __future__ import annotations

import datetime as dt

from cs_exporter.ports import ApiRow

TICK = 1.024
"""Seconds: host.last_ping counts milliseconds divided by 1024."""

RAW_PRECISION = 1000 * TICK
"""Seconds to which lastpinged is known where it shows ticks as milliseconds, because the date has whole seconds."""

_RAW_YEAR = 1970


def text(row: ApiRow, name: str) -> str:
    """A field as text; empty where it is missing."""
    value = row.get(name)
    return "" if value is None else str(value)


def flag(row: ApiRow, name: str) -> bool:
    """A field that is true or false; false where it is missing."""
    return text(row, name).lower() == "true"


def moment(row: ApiRow, name: str) -> float | None:
    """A date ("2026-04-09T03:41:52+0530") in seconds since the epoch; None where it is missing, or none."""
    try:
        shown = dt.datetime.fromisoformat(text(row, name))
    except ValueError:
        return None
    return shown.timestamp() if shown.tzinfo else None


def connected(row: ApiRow) -> float | None:
    """Seconds since the epoch at which `lastpinged` was written.

    Versions before 4.23 show the ticks of the database as if they were milliseconds, a date of January 1970.
    """
    shown = moment(row, "lastpinged")
    if shown is None:
        return None
    return shown * RAW_PRECISION if is_raw(shown) else shown


def is_raw(shown: float) -> bool:
    """Whether a date is ticks: in any zone, they are of the year 1970."""
    return dt.datetime.fromtimestamp(shown, dt.UTC).year == _RAW_YEAR
