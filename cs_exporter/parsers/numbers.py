"""Numbers as programs print them, read strictly: Python's own float() and int() accept nan, 1_000 and other scripts.

Shared by the parsers of several formats, so that all refuse the same nonsense with the same words.
"""

from __future__ import annotations

import re

from cs_exporter.model import UnparsableError

_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_OCTAL = re.compile(r"[0-7]{1,10}")


def decimal(text: str, what: str) -> float:
    """A finite number. Raises UnparsableError, which names `what`."""
    if not _DECIMAL.fullmatch(text):
        raise UnparsableError(f"{what}: not a number: {text[:60]!r}")
    return float(text)


def whole(text: str, what: str) -> int:
    """A whole number. Raises UnparsableError, which names `what`."""
    if not _WHOLE.fullmatch(text):
        raise UnparsableError(f"{what}: not a whole number: {text[:60]!r}")
    return int(text)


def octal(text: str, what: str) -> int:
    """A number that is written in octal. Raises UnparsableError, which names `what`."""
    if not _OCTAL.fullmatch(text):
        raise UnparsableError(f"{what}: not an octal number: {text[:60]!r}")
    return int(text, 8)
