"""What an account may do on the whole server: SHOW GRANTS, of MariaDB and MySQL, roles that are in force included.

MariaDB's rows hold the account's password as a hash: only the names of privileges leave this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.mysql_status import Row

_GLOBAL = re.compile(r"GRANT ([A-Z_, ]+) ON \*\.\* TO ", re.IGNORECASE)
EVERYTHING = "ALL PRIVILEGES"
RESERVED = ("SUPER", "CONNECTION ADMIN", EVERYTHING)
"""Privileges whose holder is let into a full server, once."""


def privileges(rows: Iterable[Row]) -> frozenset[str]:
    """Names of global privileges in upper case, with blanks where MySQL writes underscores.

    Raises UnparsableError where a row is not a single text.
    """
    found: set[str] = set()
    for row in rows:
        texts = [*row.values()]
        if len(texts) != 1 or texts[0] is None:
            raise UnparsableError(f"no row of grants: {len(texts)} columns")
        if granted := _GLOBAL.match(texts[0]):
            found |= {name.strip().upper().replace("_", " ") for name in granted.group(1).split(",")}
    return frozenset(found - {"USAGE", ""})


def has(granted: frozenset[str], *names: str) -> bool:
    """Whether one of these is among the privileges, by itself or with all."""
    return EVERYTHING in granted or not granted.isdisjoint(names)
