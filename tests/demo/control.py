"""How `make demo-break` and `make demo-heal` talk to the demo that runs: a line of JSON each way, over a unix socket.

Its name is abstract (unix(7)), so that no file is left behind however the demo ends, and a second demo can't take it.
Only root is heard.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, Self

NAME = "cs_exporter-demo"
ANSWER_DEADLINE, REQUEST_DEADLINE = 90.0, 2.0
LONGEST = 1 << 16

_CREDENTIALS = struct.Struct("3i")

Words = Mapping[str, Any]


class Nobody(Exception):
    """No demo runs."""


class Taken(Exception):
    """Another demo runs."""


class Control:
    """The demo's end."""

    def __init__(self, name: str = NAME) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._socket.bind(f"\0{name}")
        except OSError as error:
            self._socket.close()
            raise Taken from error
        self._socket.listen(4)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def serve(self, answer: Callable[[Words], Words], wait: float) -> None:
        """Answer one request, if there is one within `wait` seconds."""
        self._socket.settimeout(wait)
        try:
            asking, _ = self._socket.accept()
        except TimeoutError:
            return
        with closing(asking):
            asking.settimeout(REQUEST_DEADLINE)
            _, uid, _ = _CREDENTIALS.unpack(asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
            try:
                if uid == 0:
                    asking.send(json.dumps(answer(json.loads(asking.recv(LONGEST)))).encode())
            except (OSError, ValueError):
                return  # whoever asked has gone, or talks nonsense


def ask(name: str = NAME, **words: str) -> dict[str, Any]:
    """A request to the demo that runs, and its answer. Raises Nobody; OSError if it does not answer."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) as asking:
        asking.settimeout(ANSWER_DEADLINE)
        try:
            asking.connect(f"\0{name}")
        except ConnectionRefusedError:
            raise Nobody from None
        asking.send(json.dumps(words).encode())
        found: dict[str, Any] = json.loads(asking.recv(LONGEST))
        return found
