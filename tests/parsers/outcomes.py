"""What a parser did with an input, as a value: its result or its UnparsableError; anything else is a mistake and rises.

For property tests, which must accept both and nothing besides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cs_exporter.model import UnparsableError

Given = TypeVar("Given")
Result = TypeVar("Result")


def outcome(parse: Callable[[Given], Result], given: Given) -> Result | UnparsableError:
    """The result, or the error where the parser refused."""
    try:
        return parse(given)
    except UnparsableError as error:
        return error
