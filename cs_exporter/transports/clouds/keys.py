"""The keys of an account at a cloud's API, as their files have them now: whoever changes a key restarts nothing.

Read at each call; a file that can't be read is our own trouble and not the cloud's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cs_exporter.model import ApiTarget, ProbeFailed, Reason

_LONGEST = 4096
_HIDDEN = "***"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """A pair of keys. Has no text of its own, so that none gets into a log."""

    key: str
    secret: str

    def hide(self, text: str) -> str:
        """The text without them."""
        return text.replace(self.secret, _HIDDEN).replace(self.key, _HIDDEN)


def read_keys(target: ApiTarget) -> Keys:
    """The first line of each file, without blanks around it. Raises ProbeFailed(COMMAND)."""
    return Keys(_first_line(target.key_file), _first_line(target.secret_file))


def _first_line(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            line = file.readline(_LONGEST).decode("ascii").strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "the first line is no key: it has more than ASCII"
        raise ProbeFailed(Reason.COMMAND, f"{path}: {why}", ours=True) from error
    if not line:
        raise ProbeFailed(Reason.COMMAND, f"{path}: the first line is empty; it has to be the key", ours=True)
    return line
