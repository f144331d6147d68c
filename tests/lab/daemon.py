"""A program that the lab's supervisor started on request: known by its pid, never this process's child.

So that it ends with the lab even when the test that wanted it is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.lab.processes import read
from tests.lab.wait import wait_until


@dataclass(frozen=True)
class Daemon:
    """A running program of the lab, and the file that has its output."""

    pid: int
    log: Path

    def alive(self) -> bool:
        """Whether it still runs."""
        return read(self.pid) is not None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; no error if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            if self.alive():
                os.kill(self.pid, number)

    def stop(self, number: signal.Signals = signal.SIGKILL, deadline: float = 5.0) -> None:
        """Signal it and wait until it is gone. Raises WaitedInVain."""
        self.send(number)
        wait_until(lambda: not self.alive(), deadline, f"process {self.pid} to end")
