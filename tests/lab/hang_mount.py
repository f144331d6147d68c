"""A mount in a lab host that can hang so hard that whoever touches it cannot be killed.

The test's side of `hangfs.py`, which runs as a process of its own so that it can be stopped like one.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.lab.control import PROJECT
from tests.lab.lab import Lab
from tests.lab.wait import HANGS, wait_until

SOURCE = "10.99.0.9:/export/primary"


class Place(Protocol):
    """What is mounted in: anything with a mount namespace, which is that of process `pid`; LabHost is one."""

    name: str
    pid: int
    lab: Lab


class HangMount:
    """The file system at `mount_point` of a host; its one file is `hello`. Healthy until `hang`."""

    def __init__(self, host: Place, mount_point: str = "/mnt/hang", source: str = SOURCE) -> None:
        self.host = host
        self.mount_point = mount_point
        code = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from tests.lab.hangfs import main; main()"
        self._log = host.lab.directory / f"{host.name}-hangfs.log"
        self._log.write_text("")
        arguments = [str(host.pid), mount_point, source]
        self._daemon = host.lab.supervisor.spawn([sys.executable, "-S", "-c", code, *arguments], "root", self._log)
        self._wait_for("mounted")

    def hang(self) -> None:
        """Answer nothing from now on."""
        self._daemon.send(signal.SIGUSR1)
        self._wait_for("hung")

    def free(self) -> None:
        """Answer all that waits, and go on."""
        self._daemon.send(signal.SIGUSR2)
        self._wait_for("free")

    def close(self) -> None:
        """Unmount; requests that wait fail, so that no process stays stuck."""
        self._daemon.stop(signal.SIGTERM)

    def _wait_for(self, word: str) -> None:
        wait_until(lambda: self._words()[-1:] == [word] or self._dead(), HANGS, f"hangfs to say {word}")

    def _words(self) -> list[str]:
        return self._log.read_text().split()

    def _dead(self) -> bool:
        if not self._daemon.alive():
            raise AssertionError(f"hangfs has ended: {Path(self._log).read_text()}")
        return False


@contextmanager
def hang_mount(host: Place, mount_point: str = "/mnt/hang", source: str = SOURCE) -> Iterator[HangMount]:
    """A healthy mount for the length of a with block; `hang` it there."""
    mount = HangMount(host, mount_point, source)
    try:
        yield mount
    finally:
        mount.close()
