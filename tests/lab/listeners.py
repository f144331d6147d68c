"""A small server on a port of a lab host: answers like a web server, with TLS or without, and can be frozen or ended.

Stands in for services whose port alone matters; its manners are those of `peers.MANNERS`.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.lab import peers
from tests.lab.daemon import Daemon
from tests.lab.host import LabHost
from tests.lab.processes import Process, freeze_and_wait, read
from tests.lab.wait import HANGS, wait_until


class Listener:
    """One such server. `certificate`: files of a certificate and its key, for TLS; another one counts from `start`."""

    def __init__(
        self, host: LabHost, port: int, manner: str = "web_server", certificate: tuple[Path, Path] | None = None
    ) -> None:
        self.certificate = certificate
        self._host = host
        self._port = port
        self._manner = manner
        self._daemon: Daemon | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        argv = [sys.executable, "-S", str(Path(peers.__file__)), self._manner, self._host.address, str(self._port)]
        argv += [str(file) for file in self.certificate or ()]
        self._daemon = self._host.spawn(argv, f"listener-{self._port}")
        wait_until(lambda: self._host.listens(self._port), HANGS, f"port {self._port} of {self._host.name} to listen")

    def stop(self) -> None:
        """End it: its machine refuses connections from then on."""
        if self._daemon is not None:
            self._daemon.stop()

    def freeze(self) -> None:
        """Stop it from running: the kernel goes on accepting for it."""
        freeze_and_wait(self._processes)

    def thaw(self) -> None:
        """Let it run again."""
        if self._daemon is not None:
            self._daemon.send(signal.SIGCONT)

    def _processes(self) -> list[Process]:
        found = read(self._daemon.pid) if self._daemon else None
        return [] if found is None else [found]
