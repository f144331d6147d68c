"""Counts the work of a hypervisor's poll: on a real host with a real sshd, by strace(1), the kernel and the exporter.

Counts and not times, because a machine's load changes times and an afternoon's carelessness changes counts.
"""

from __future__ import annotations

import json
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from cs_exporter.probes import PROBES
from tests.lab.agents import Agent, ManagementServer
from tests.lab.host import HostSpec
from tests.lab.hostroot import CSMON_UID
from tests.lab.lab import USER, Lab
from tests.lab.ntp import Chronyd
from tests.lab.wait import wait_until

POLLS, WARM_UP = 5, 3
"""Polls that count, and those before: some answers are learnt over the first few, and only confirmed later."""

READINGS = 9
"""A hypervisor's probes. All must have their reading, since a poll that fails is cheap."""

DEADLINE = 60.0
POOL = "/mnt/bench-pool"
CALM = 15
"""Looks in a row that find the same processes; there are fifty a second at most."""

BASE = 3600
"""Seconds of the base interval: so long that the daemon's own schedule starts nothing meanwhile."""

CALL = re.compile(r"(?P<thread>\d+) +(?P<at>\d+\.\d+) (?P<name>\w+)\((?P<rest>.*)")
AGAIN = re.compile(r"(?P<thread>\d+) .* = \? ERESTARTNOINTR ")
"""A call that a signal kept from it, as the end of another child does with a fork: the kernel makes it once more."""

FORKS = frozenset({"clone", "clone3", "fork", "vfork"})

Work = dict[str, float]
"""What a poll took, by the names of the budgets."""


@dataclass(frozen=True)
class Call:
    """A system call, as it began; `at` seconds since the epoch."""

    at: float
    name: str
    rest: str

    @property
    def forks(self) -> bool:
        """Whether it makes a process: a thread is none."""
        return self.name in FORKS and "CLONE_THREAD" not in self.rest


def calls(trace: str) -> list[Call]:
    """The calls in what `strace -f -ttt -o` wrote. One that another interrupts is there once, where it began."""
    found: list[Call] = []
    latest: dict[str, Call] = {}
    for line in trace.splitlines():
        begins, again = CALL.match(line), AGAIN.match(line)
        if begins is not None:
            latest[begins["thread"]] = Call(float(begins["at"]), begins["name"], begins["rest"])
            found.append(latest[begins["thread"]])
        if again is not None and again["thread"] in latest:
            found.remove(latest.pop(again["thread"]))
    return found


@dataclass(frozen=True)
class Poll:
    """A poll: what was counted at once, and when it began, had its readings, and left the host as it was."""

    counted: Work
    began: float
    ended: float
    settled: float

    def work(self, exporter: list[Call], host: list[Call]) -> Work:
        """All that it took, given the calls of both sides."""
        there = [call for call in host if self.began <= call.at <= self.settled]
        here = sum(self.began <= call.at <= self.ended for call in exporter)
        forks = sum(call.forks for call in there)
        return {**self.counted, "exporter_calls": here, "host_calls": len(there), "host_forks": forks}


class Stand:
    """A hypervisor that is well, in a lab of its own; `measure` polls it. To be used by `stand()`."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.host, self.neighbour, self.server = lab.hosts.values()
        self.file = directory / "cs_exporter.yml"
        self.file.write_text(json.dumps(self._configuration()), encoding="utf-8")  # JSON is YAML

    def measure(self, plant: str = "") -> Work:
        """The median poll, with that regression in it. Raises AssertionError where one has not all its readings."""
        own, theirs = self.file.with_suffix(".exporter"), self.file.with_suffix(".host")
        with _poller(self, plant, own) as process:
            at_rest = self._calm()
            with _watched(at_rest, theirs):
                polls = [self._poll(process, at_rest) for _ in range(WARM_UP + POLLS)][WARM_UP:]
        mine, others = calls(own.read_text()), calls(theirs.read_text())
        works = [poll.work(mine, others) for poll in polls]
        return {name: median(work[name] for work in works) for name in works[0]}

    def at_rest(self) -> list[int]:
        """The polling account's processes on the host, but for the watchdog's sleep, which comes and goes."""
        return sorted(one.pid for one in self.host.pids() if one.uid == CSMON_UID and one.name != "sleep")

    def _calm(self) -> list[int]:
        """Those, once the session before has ended and nothing is about to: what ends can't be traced."""
        looks: list[list[int]] = []

        def same() -> bool:
            looks.append(self.at_rest())
            return looks[-CALM:] == [looks[-1]] * CALM

        wait_until(same, DEADLINE, "the host to be at rest")
        return looks[-1]

    def _poll(self, process: subprocess.Popen[str], at_rest: list[int]) -> Poll:
        """Poll, and wait until the host is as it was before."""
        sent, received = self._wire("bytes_sent"), self._wire("bytes_received")
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        answer = _answer(process)
        wait_until(lambda: self.at_rest() == at_rest, DEADLINE, "the account's workers to end")
        settled = time.time()
        assert len(answer["read"]) == READINGS, answer
        wire = {"wire_in": self._wire("bytes_sent") - sent, "wire_out": self._wire("bytes_received") - received}
        return Poll({**answer["work"], **wire}, answer["began"], answer["ended"], settled)

    def _wire(self, what: str) -> int:
        """What the host's kernel has counted on SSH connections (ss(8), the words of `-i`)."""
        said = self.host.run(["ss", "-tniH", "state", "established", "sport = :22"], check=True).stdout
        return sum(map(int, re.findall(rf"\b{what}:(\d+)", said)))

    def _configuration(self) -> dict[str, Any]:
        """A hypervisor with a pool, a neighbour and a management server."""
        mounts = [{"mountpoint": POOL, "server": self.server.address, "export": "/export/primary"}]
        lab = self.lab
        ssh = {"user": USER, "key_file": str(lab.client_key_file), "known_hosts": str(lab.known_hosts_file)}
        return {
            "global": {"interval": BASE, "timeout": DEADLINE},
            "ssh": ssh,
            "probes": {spec.name: {"interval": BASE} for spec in PROBES},
            "hosts": [
                {"name": self.host.name, "address": self.host.address, "roles": ["hypervisor"], "mounts": mounts},
                {"name": self.neighbour.name, "address": self.neighbour.address, "roles": ["hypervisor"]},
                {"name": self.server.name, "address": self.server.address, "roles": ["management"]},
            ],
        }


@contextmanager
def stand(directory: Path) -> Iterator[Stand]:
    """Have all that a hypervisor's probes look at: clock daemon, agent with its session, pool with its heartbeat."""
    with Lab((HostSpec("hv1"), HostSpec("hv2"), HostSpec("ms1"))) as lab, ExitStack() as stack:
        made = Stand(lab, directory)
        host, server = made.host, made.server
        Chronyd(server).serve()
        Chronyd(host).follow(server.address)
        for program in (ManagementServer(server), Agent(host, [server])):
            program.start()
            stack.callback(program.stop)
        host.run(f"mkdir -p {POOL}/KVMHA && date +%s >{POOL}/KVMHA/hb-{host.address}", check=True)
        Chronyd(host).wait_synchronised()
        yield made


@contextmanager
def _poller(at: Stand, plant: str, trace: Path) -> Iterator[subprocess.Popen[str]]:
    """The process of `poller.py`, traced from its beginning."""
    module = [sys.executable, "-m", "tests.bench.poller", str(at.file), at.host.name, *filter(None, [plant])]
    argv = at.lab.enter(["strace", "-f", "-ttt", "-s", "0", "-o", str(trace), *module])
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert _answer(process) == {"ready": True}
            yield process
            process.communicate(timeout=DEADLINE)
        finally:
            process.kill()


@contextmanager
def _watched(pids: list[int], trace: Path) -> Iterator[None]:
    """Trace these processes and all that they start."""
    numbers = [word for pid in pids for word in ("-p", str(pid))]
    argv = ["strace", "-f", "-ttt", "-s", "0", "-o", str(trace), *numbers]
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: all(map(_traced, pids)), DEADLINE, "strace to be attached")
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def _traced(pid: int) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    stream = process.stdout
    assert stream is not None
    assert select.select([stream], [], [], DEADLINE)[0], "the poller says nothing"
    answer: dict[str, Any] = json.loads(stream.readline())
    return answer
