"""The clock for promises of time: a pause of the machine costs nothing, and all else counts."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.lab import fair
from tests.lab.wait import wait_until

PROJECT = Path(__file__).parents[2]
PAUSE = 0.5
MEASURES = """
import sys, time
from tests.lab import fair
began, fairly = time.monotonic(), fair.seconds()
print("begun", flush=True)
sys.stdin.readline()
print(time.monotonic() - began - (fair.seconds() - fairly))
"""


def test_a_pause_does_not_count() -> None:
    """All of a process is stopped for a while, as it is with its machine."""
    argv = [sys.executable, "-c", MEASURES]
    with subprocess.Popen(argv, cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as measuring:
        assert measuring.stdout is not None
        assert "begun\n" == measuring.stdout.readline()
        measuring.send_signal(signal.SIGSTOP)
        wait_until(lambda: _stopped(measuring.pid), what="it to stop")
        threading.Event().wait(PAUSE)
        measuring.send_signal(signal.SIGCONT)
        lost, _ = measuring.communicate("\n")
    assert float(lost) > PAUSE - 2 * fair.HELD_UP


def _stopped(pid: int) -> bool:
    return "State:\tT" in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")


def test_what_is_slept_and_what_is_computed_counts() -> None:
    """Neither is anybody else's doing. Others may have the processors too, so each is tried some times."""
    for action in (lambda: threading.Event().wait(PAUSE), _compute):
        assert any(_took(action) > PAUSE - fair.HELD_UP for _ in range(5))


def _took(action: Callable[[], object]) -> float:
    began = fair.seconds()
    action()
    return fair.seconds() - began


def _compute() -> None:
    end = time.monotonic() + PAUSE
    while time.monotonic() < end:
        pass
