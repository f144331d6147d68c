"""known_hosts files: read line by line, so that a bad one takes no other down, and looked into once for each host.

Every hashed line costs two digests for each name that is looked for: with thousands of them that takes tens of
milliseconds, too long for the event loop and too long for every login.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncssh

DEFAULT_PORT = 22
MOST_FOUND = 50_000
"""Hosts that are remembered."""

MOST_TOLD = 3

Keys = Sequence[asyncssh.SSHKey]
Trusted = tuple[Keys, Keys, Keys]
"""Host keys, keys of certificate authorities, revoked keys: all that asyncssh takes, certificates aside."""


@dataclass(frozen=True)
class BadLine:
    """A line that is not in the format of sshd(8), and why."""

    number: int
    why: str


class KnownHosts:
    """The keys of one file's text."""

    def __init__(self, text: str) -> None:
        self._known = asyncssh.SSHKnownHosts()
        self._found: dict[tuple[str, str, str, int], Trusted] = {}
        bad = []
        for number, line in enumerate(text.splitlines(), 1):
            try:
                self._known.load(line)
            except ValueError as error:
                bad.append(BadLine(number, str(error).partition(":")[0].lower()))
        self.bad = tuple(bad)

    def found(self, name: str, address: str, peer: str, port: int) -> Trusted | None:
        """What `trusted` has found before."""
        return self._found.get((name, address, peer, port))

    def trusted(self, name: str, address: str, peer: str, port: int) -> Trusted:
        """What is known for a host's name in the inventory, its address there and the peer's number. Slow: in a thread.

        Keys of port 22 stand without a port; those of another one may (sshd(8)).
        """
        found = self.found(name, address, peer, port)
        if found is None:
            not_default = None if port == DEFAULT_PORT else port
            by_address = self._known.match(address, peer, not_default)
            by_name = self._known.match(name, "", not_default)
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            found = self._found[name, address, peer, port] = (
                [*by_address[0], *by_name[0]],
                [*by_address[1], *by_name[1]],
                [*by_address[2], *by_name[2]],
            )
        return found

    def problem(self) -> str:
        """The bad lines, in a few words; empty where there is none."""
        told = ", ".join(f"line {one.number} ({one.why})" for one in self.bad[:MOST_TOLD])
        return told + (f" and {len(self.bad) - MOST_TOLD} more" if len(self.bad) > MOST_TOLD else "")


def read_known_hosts(path: str) -> KnownHosts:
    """Read a file. Raises OSError; what is not text is a bad line like another."""
    return KnownHosts(Path(path).read_text("utf-8", errors="replace"))
