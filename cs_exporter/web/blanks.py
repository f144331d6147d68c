"""Fills in the commands of a symptom with what its labels say: who was woken copies a line, and does not edit it.

Labels come from hosts, one day from a hostile one: what a shell could take for more than a word is not filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cs_exporter.matrix.runbooks import BLANK, Command

_PLAIN = re.compile(r"[\w/.:][\w/.:@%+-]*", re.ASCII)
"""A word to every shell, bare or quoted, and an option to no program."""


def filled(command: Command, labels: Mapping[str, str]) -> Command:
    """The command with the labels' values in place of their names in capitals, as far as they are plain words."""
    known = {name.upper(): value for name, value in labels.items() if _PLAIN.fullmatch(value)}

    def value(found: re.Match[str]) -> str:
        return known.get(found[0], found[0])

    return Command(BLANK.sub(value, command.text), BLANK.sub(value, command.note))


def are_left(commands: Iterable[Command]) -> bool:
    """Whether something is still to be filled in."""
    return any(BLANK.search(f"{command.text} {command.note}") for command in commands)
