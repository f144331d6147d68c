"""Rows of captured answers of database servers, for tests of the parsers and of the probes on them.

Files are described in tests/captures/mysql/README.md.
"""

from __future__ import annotations

import json
from pathlib import Path

Rows = tuple[dict[str, str | None], ...]

CAPTURES = Path(__file__).parents[1] / "captures" / "mysql"


def rows(name: str) -> Rows:
    """The rows of a .json capture."""
    found: list[dict[str, str | None]] = json.loads((CAPTURES / f"{name}.json").read_text(encoding="utf-8"))
    return tuple(found)


def table(name: str) -> Rows:
    """The rows of a .tsv capture, which has the column names in its first line."""
    head, *lines = (line.split("\t") for line in (CAPTURES / f"{name}.tsv").read_text(encoding="utf-8").splitlines())
    return tuple(dict(zip(head, line, strict=True)) for line in lines)


def named(**values: object) -> Rows:
    """Rows of variables."""
    return tuple({"Variable_name": name, "Value": str(value)} for name, value in values.items())
