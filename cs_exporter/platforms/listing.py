"""Statements whose whole answer is one row: a long list costs the client one text to split instead of a row each.

A thousand rows of eleven columns take the client's library several times as long as the same lines in one column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FIELD, LINE = "\x1f", "\x1e"
"""Unit and record separator of ASCII: no name has them."""

LONGEST = 1 << 24
"""Bytes of one answer; the server's max_allowed_packet may allow less, and what it cuts is noticed."""

PREPARE = f"SET SESSION group_concat_max_len = {LONGEST}"
"""What a session must be told before its first listing: by itself MySQL cuts at 1 KiB, MariaDB at 1 MiB."""

Record = list[str]
"""One line's fields; NULL is empty."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked: SQL expressions, all of FROM and what follows it, and how many lines are taken at most."""

    columns: tuple[str, ...]
    source: str
    limit: int

    @property
    def statement(self) -> str:
        """One SELECT without locks. The limit is exceeded by one line, so that it shows that there are more."""
        fields = ", ".join(f"COALESCE({column}, '')" for column in self.columns)
        return (
            "SELECT COUNT(*) AS number, GROUP_CONCAT(line SEPARATOR '') AS listed FROM "  # noqa: S608  # all ours
            f"(SELECT CONCAT(CONCAT_WS(CHAR(31 USING utf8mb4), {fields}), CHAR(30 USING utf8mb4)) AS line "
            f"FROM {self.source} LIMIT {self.limit + 1}) AS found"
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """The lines that came. `whole`: there are no others."""

    records: Sequence[Record]
    whole: bool


def listed(rows: Sequence[Mapping[str, str | None]], listing: Listing) -> Listed:
    """The answer to a listing's statement. Lines that are broken are left out, and then it is not whole."""
    if len(rows) != 1:
        return Listed((), whole=False)
    number = int(rows[0].get("number") or 0)
    lines = (rows[0].get("listed") or "").split(LINE)[:-1]
    width = len(listing.columns)
    split = [line.split(FIELD) for line in lines[: listing.limit]]
    records = [record for record in split if len(record) == width]
    return Listed(records, whole=len(records) == number)


def integer(text: str) -> int | None:
    """A number's value; None where there is none."""
    try:
        return int(text)
    except ValueError:
        return None


def quoted(name: str) -> str:
    """A schema's or table's name, as a statement may have it."""
    return f"`{name.replace('`', '``')}`"


def text(value: str) -> str:
    """A value as a literal, the same in every sql_mode; and a literal only, so that a column's index serves."""
    return f"_utf8mb4 0x{value.encode().hex()}" if value else "''"
