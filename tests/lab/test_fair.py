"""The clock for promises of time: a pause of the machine costs nothing, all else counts, and it never goes back."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

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
took = time.monotonic() - began
print(took, took - (fair.seconds() - fairly))
"""


def test_a_pause_does_not_count() -> None:
    """All of a process is stopped for a while, as it is with its machine; no more than that is lost."""
    argv = [sys.executable, "-c", MEASURES]
    with subprocess.Popen(argv, cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as measuring:
        assert measuring.stdout is not None
        assert "begun\n" == measuring.stdout.readline()
        measuring.send_signal(signal.SIGSTOP)
        wait_until(lambda: _stopped(measuring.pid), what="it to stop")
        threading.Event().wait(PAUSE)
        measuring.send_signal(signal.SIGCONT)
        took, lost = map(float, measuring.communicate("\n")[0].split())
    assert PAUSE - 2 * (fair.NAP + fair.HELD_UP) < lost < took


def _stopped(pid: int) -> bool:
    return "State:\tT" in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")


def _compute() -> None:
    end = time.monotonic() + PAUSE
    while time.monotonic() < end:
        pass


def _compute_in_many_threads() -> None:
    threads = [threading.Thread(target=_compute) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _hold_the_interpreter() -> None:
    sum(range(30_000_000))


def _collect() -> None:
    kept = [[number] for number in range(3_000_000)]
    gc.collect()
    assert kept


@pytest.mark.parametrize(
    "action",
    [lambda: threading.Event().wait(PAUSE), _compute, _compute_in_many_threads, _hold_the_interpreter, _collect],
    ids=["sleeps", "computes", "in many threads", "holds the interpreter", "collects"],
)
def test_what_this_process_does_counts(action: Callable[[], object]) -> None:
    """Whether it sleeps or computes, and lets no other thread run meanwhile. Others' load makes it try again."""

    def counts() -> bool:
        began, fairly = time.monotonic(), fair.seconds()
        action()
        return fair.seconds() - fairly > 0.8 * (time.monotonic() - began)

    assert any(counts() for _ in range(5))


def test_it_never_goes_back() -> None:
    """Not even while threads that hold the interpreter make its naps late."""
    busy = threading.Thread(target=_compute_in_many_threads)
    busy.start()
    seen = []
    while busy.is_alive():
        seen.append(fair.seconds())
    assert len(seen) > 2
    assert min(later - earlier for earlier, later in pairwise(seen)) > -0.001
