"""A hypervisor's two NFS mounts, their counters in the kernel, and the heartbeat files that its agent writes there.

The texts are those captured of a real host; the counters go on with time, as busy guests or idle ones move them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache
from random import Random

from tests.probes.nfs import nfs_stand
from tests.probes.nfs.nfs_stand import FIRST, SECOND
from tests.simulation.carrier import Said

MEDIAN, SPREAD = 0.003, 0.9
"""Seconds, and the logarithm's deviation, of what statfs takes."""

SPIKE, SPIKE_SECONDS = 1 / 500, 0.5
WRITTEN_EVERY = 60.0
_HELD, _KILLED = 200, 137
_BOOTED = 1_000_000.0


@dataclass
class Mount:
    """One mount. True time; `rate`: requests a second; `hung_from`: nothing has come back since then."""

    rng: Random
    point: str
    begin: float
    rate: float
    hung_from: float = float("inf")
    writes: list[float] = field(default_factory=list)
    own: int = 0  # statfs and reads of ours
    child: float | None = None  # since when a child of ours has been stuck on it

    def stats(self, now: float) -> tuple[int, int, int]:
        """Requests sent, answers received, milliseconds of all round trips."""
        moving = min(now, self.hung_from) - self.begin
        answered = 1000 + int(self.rate * moving) + self.own
        waiting = self.rng.choice((0, 0, 0, 1)) + int(self.rate / 100 * self.rng.random())
        if now > self.hung_from:
            waiting = 5 + int(min(50.0, now - self.hung_from))
        return answered + waiting, answered, int(answered * 2)

    def touch(self, now: float, output: str, status: int = 0) -> Said:
        """A command that touches the mount, under the collector's guard."""
        if now < self.hung_from:
            self.own += 1
            seconds = self.rng.lognormvariate(0.0, SPREAD) * MEDIAN
            spike = SPIKE_SECONDS * self.rng.uniform(0.3, 1.0) if self.rng.random() < SPIKE else 0.0
            return Said(output, status, round(seconds + spike + 0.002, 3))
        if self.child is None:
            self.child = now
            return Said("", _KILLED, 4.0)
        began, up = self.child - self.begin + _BOOTED, now - self.begin + _BOOTED
        return Said(f"held {began * 100:.0f} {up:.2f}\n", _HELD, 0.002)


@dataclass
class Mounts:
    """Both mounts of a hypervisor, and the thread of its agent that writes to one after the other."""

    rng: Random
    begin: float
    idle: bool
    mounts: dict[str, Mount] = field(init=False)

    def __post_init__(self) -> None:
        rate = 0.0 if self.idle else self.rng.uniform(1, 300)
        self.mounts = {
            FIRST: Mount(self.rng, FIRST, self.begin, rate),
            SECOND: Mount(self.rng, SECOND, self.begin, self.rng.choice((0.0, rate / 10))),
        }
        first = self.begin - WRITTEN_EVERY - self.rng.uniform(0, WRITTEN_EVERY)
        self._write(first)

    def _write(self, first: float, until: float | None = None) -> None:
        """A sleep of 60 s follows each round of writes, which take a moment each."""
        at, end = first, self.begin + 4200 if until is None else until
        while at < end:
            for mount in self.mounts.values():
                at += self.rng.lognormvariate(0.0, SPREAD) * 0.02
                mount.writes.append(at)
            at += WRITTEN_EVERY

    def restart(self, at: float, again: float) -> None:
        """The agent ends at `at` and begins to write anew at `again`."""
        for mount in self.mounts.values():
            mount.writes = [write for write in mount.writes if write < at]
        self._write(again)

    def hang(self, point: str, at: float) -> None:
        """A mount stands still from `at` on, and with it the agent's thread, which writes to none any more."""
        self.mounts[point].hung_from = at
        for mount in self.mounts.values():
            mount.writes = [write for write in mount.writes if write < at]

    def stamp(self, point: str, now: float) -> float:
        """True time of the last write."""
        writes = self.mounts[point].writes
        return writes[bisect_right(writes, now) - 1]

    def proc(self, now: float) -> str:
        """What the section nfs_proc says."""
        lines = [_info(point) for point in self.mounts]
        return "".join(_stats(mount, *mount.stats(now)) for mount in self.mounts.values()) + "".join(lines)


@cache
def _captured(name: str, marker: str) -> str:
    lines = nfs_stand.capture("healthy", name).splitlines(keepends=True)
    [line] = [line for line in lines if f" {marker} " in line]
    return line.replace(nfs_stand.address_of("healthy"), "10.1.0.31")


def _info(point: str) -> str:
    return _captured("mountinfo", point)


def _stats(mount: Mount, sent: int, answered: int, round_trips: int) -> str:
    return (
        f"{_captured('mountstats', mount.point)}"
        "\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)\n"
        f"\txprt:\ttcp 717 1 2 0 0 {sent} {answered} 0 {sent * 2} 0 4 5 0\n"
        "\tper-op statistics\n"
        f"\t       WRITE: {answered} {answered} 0 {answered * 4096} {answered * 136} 10 {round_trips} {round_trips} 0\n"
    )
