"""What the demo prints, in the width that the terminal has.

What goes to a file or a pipe is not wrapped, since it is searched for line by line.
"""

from __future__ import annotations

import contextlib
import os
import sys
import textwrap
import time
from collections.abc import Iterable
from typing import TextIO

NARROWEST = 60
INDENT = "          "
"""As wide as the time before a line."""


def say(text: str) -> None:
    """A line with the time, and what of it does not fit beneath."""
    write([wrapped(f"{time.strftime('%H:%M:%S')}  {text}", INDENT)])


def wrapped(text: str, indent: str, output: TextIO | None = None) -> str:
    """The text in as many lines as `output`, which is standard output, needs; all but the first are indented."""
    try:
        columns = os.get_terminal_size((output or sys.stdout).fileno()).columns
    except OSError:
        return text
    width = max(columns, NARROWEST)
    return textwrap.fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def write(lines: Iterable[str]) -> None:
    """Lines for the terminal, at once. One that was closed hears nothing, and hinders nothing."""
    with contextlib.suppress(OSError):
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
