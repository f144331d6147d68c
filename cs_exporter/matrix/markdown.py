"""The little Markdown that generated pages are made of: code, tables, links.

Cells and code hold texts of any kind, expressions with bars and backticks among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

HEAD = "<!-- Made by cs-exporter matrix write from the probes' sheets: change those, or render your own. -->\n"
"""The first line of every generated page."""


def code(text: str) -> str:
    """As a span of code, whatever backticks are in it."""
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def link(text: str, target: str) -> str:
    """A link."""
    return f"[{text}]({target})"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already. Ends in a newline."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
