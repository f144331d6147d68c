"""Reads a Dockerfile as far as this project's uses its format, and what .dockerignore lets through to it.

So that a slip in either shows within a second, also where no image can be built.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its continued lines joined; stages are counted from 0, and -1 is before them."""

    name: str
    text: str
    stage: int

    @property
    def words(self) -> list[str]:
        """Its words, as a shell takes them apart; of the exec form, the list's items."""
        text = self.text.partition("CMD ")[2] if self.name == "HEALTHCHECK" else self.text
        items: list[str] = json.loads(text) if text.startswith("[") else shlex.split(text)
        return items


def instructions(text: str) -> list[Instruction]:
    """All instructions in their order; comments and empty lines are none."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found: list[Instruction] = []
    stage = -1
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, rest = line.partition(" ")
        stage += name == "FROM"
        found.append(Instruction(name, rest.strip(), stage))
    return found


def let_through(path: str, ignored: str) -> bool:
    """Whether a file or folder at the top of the checkout reaches the build: the last pattern that fits decides."""
    through = True
    for line in ignored.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and fnmatchcase(path, pattern.removeprefix("!")):
            through = pattern.startswith("!")
    return through
