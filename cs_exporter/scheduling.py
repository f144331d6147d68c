"""When: the only importer of apscheduler. One job per slot of the interval starts the runs of that slot's hosts.

A host's probes start in the same turn of the loop, so that one request carries them all; what is under way, what has
overrun and how it ends is kept here, per host.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import zlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from cs_exporter.model import Connection, Host, Inventory, Outcome
from cs_exporter.ports import Clock
from cs_exporter.runner import overrun, sparing_others
from cs_exporter.spec import AnySpec, whole_interval

log = structlog.get_logger(__name__)

SLOT = 0.5
"""Seconds of one slot: short enough for an even load, long enough to share a wake-up."""

OVERRUN = 0.95
"""Of its interval: a run that has been under way for longer has overrun."""

STEP_CHECK = 1.0
"""Seconds between looks at the wall clock: APScheduler waits by it, and a step backwards would stop it for as long."""

STEP = 0.25
"""Seconds by which the wall clock may be off before the slots are put right; small steps add up to one."""

EARLY = 0.3
"""Seconds by which a slot may begin too early and still count for the interval that begins then: a little over STEP."""

STALLED = 2.0
"""Base intervals without the start of a run that was due, in any one slot or of all hosts: it works no longer."""

STALLED_FLOOR = 10.0
"""Seconds that this takes at least: with a short interval, a machine under load is late without being dead."""

Run = Callable[[AnySpec, Host], Awaitable[Outcome]]
Land = Callable[[Outcome, float], None]


class Scheduler:
    """Starts runs. `run` makes an outcome, `land` takes it in; `pace` is how many hosts per second a sweep begins."""

    def __init__(
        self, specs: tuple[AnySpec, ...], base: float, pace: float, clock: Clock, run: Run, land: Land
    ) -> None:
        self._specs = specs
        self._base = base
        self._pace = pace
        self._clock = clock
        self._run = run
        self._land = land
        self._slots = max(1, round(base / SLOT))
        self._members: dict[int, dict[str, Host]] = {slot: {} for slot in range(self._slots)}
        self._unswept: set[str] = set()
        self._ticks: dict[int, int] = {}  # slot -> the interval, counted from the start, that it last began
        self._under_way: dict[tuple[str, str], asyncio.Task[Outcome]] = {}
        self._runs: set[asyncio.Task[Outcome]] = set()  # those, and the cancelled ones that have not ended yet
        self._began: dict[tuple[str, str], float] = {}
        self._sweeps: set[asyncio.Task[None]] = set()
        self._jobs: dict[int, Job] = {}
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._epoch = 0.0  # monotonic time of the start
        self._offset = 0.0  # wall clock minus monotonic clock, as the jobs' times assume it
        self._watch: asyncio.TimerHandle | None = None
        self._turned = dict.fromkeys(range(self._slots), clock.monotonic())  # slot -> when it last began
        self._stuck_since: float | None = None  # since then, no run has ended, and each that was due was an overrun
        self.lag = 0.0

    @property
    def stalled(self) -> bool:
        """Whether it has ceased to start runs, so that only a restart can help. Before its start it is young."""
        since = min(self._turned.values())
        if self._stuck_since is not None:
            since = min(since, self._stuck_since)
        return self._clock.monotonic() - since > max(STALLED * self._base, STALLED_FLOOR)

    def start(self, inventory: Inventory) -> None:
        """Begin: a first sweep over all hosts at once, paced, then every host in its slot."""
        now, self._epoch = datetime.now(UTC), self._clock.monotonic()
        for slot in range(self._slots):
            first = now + timedelta(seconds=self._base * (slot / self._slots))
            trigger = IntervalTrigger(seconds=self._base, start_date=first, timezone=UTC)
            self._jobs[slot] = self._scheduler.add_job(
                self._begin_slot, trigger, args=(slot,), next_run_time=first,
                coalesce=True, misfire_grace_time=None, max_instances=2,
            )  # fmt: skip
        self._scheduler.start()
        self._offset = self._clock.time() - self._clock.monotonic()
        self._watch_clock()
        self.add(inventory)

    def add(self, hosts: Iterable[Host]) -> None:
        """Watch more hosts, from now on; a host that is watched already is replaced in place."""
        new = []
        for host in hosts:
            members = self._slot_of(host.name)
            if host.name not in members:
                self._unswept.add(host.name)
                new.append(host.name)
            members[host.name] = host
        if new:
            task = asyncio.get_running_loop().create_task(self._sweep(new))
            self._sweeps.add(task)
            task.add_done_callback(self._sweeps.discard)

    def remove(self, names: Iterable[str]) -> None:
        """Watch these hosts no longer; their runs are cancelled and land nowhere."""
        gone = set(names)
        for members in self._members.values():
            for name in gone & members.keys():
                del members[name]
        self._unswept -= gone
        for key in [key for key in self._under_way if key[0] in gone]:
            self._stuck_since = None
            del self._began[key]
            self._under_way.pop(key).cancel()

    def interval(self, spec: AnySpec, host: Host) -> float:
        """Seconds between two runs of a probe on a host."""
        return whole_interval(host.settings[spec.name].interval, self._base)

    def asked(self, host: Host) -> list[AnySpec]:
        """The probes that a host is asked; where nobody logs in, those that need no word of its own."""
        return [
            spec
            for spec in self._specs
            if host.settings[spec.name].enabled
            and spec.applies(host)
            and not (host.connection is Connection.NONE and spec.needs_its_word)
        ]

    async def run_now(self, spec: AnySpec, host: Host) -> Outcome:
        """One run now; joins the one under way, if there is one. Cancelling the caller does not cancel the run."""
        task = self._under_way.get((host.name, spec.name)) or self._begin(spec, host)
        return await asyncio.shield(task)

    def hurry(self, spec: AnySpec, host: Host) -> None:
        """Begin a run now, out of turn, if the host is asked that and no such run is under way."""
        if (host.name, spec.name) not in self._under_way and spec in self.asked(host):
            self._begin(spec, host)

    async def stop(self, patience: float) -> None:
        """Start nothing more; cancel what is under way and wait for it, at most `patience` seconds."""
        if self._watch is not None:
            self._watch.cancel()
        if self._scheduler.running:
            self._scheduler.pause()
            await asyncio.sleep(0)  # a slot that has begun ends in this turn; APScheduler would log its cancellation
            self._scheduler.shutdown(wait=False)
        tasks: list[asyncio.Task[Outcome] | asyncio.Task[None]] = [*self._runs, *self._sweeps]
        for task in tasks:
            task.cancel()
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=patience)
            if stuck:
                log.warning("runs did not end when they were cancelled", count=len(stuck))

    def _slot_of(self, name: str) -> dict[str, Host]:
        return self._members[zlib.crc32(name.encode()) % self._slots]

    async def _sweep(self, names: list[str]) -> None:
        for name in names:
            if name in self._unswept:
                self._unswept.discard(name)
                with sparing_others(name):
                    host = self._slot_of(name)[name]  # as it is now: it may have been replaced meanwhile
                    for spec in self.asked(host):
                        self._start(spec, host)
                await asyncio.sleep(1 / self._pace)

    async def _begin_slot(self, slot: int) -> None:
        """Start what is due in this slot and return; APScheduler would run a plain function in a thread."""
        elapsed = self._clock.monotonic() - self._epoch - self._base * (slot / self._slots)
        tick = math.floor((elapsed + min(EARLY, self._base / 2)) / self._base)
        if tick <= self._ticks.get(slot, -1):  # a step of the wall clock has begun it once more
            self._follow_clock()
            return
        self._ticks[slot] = tick
        self.lag = max(0.0, elapsed - tick * self._base)
        self._turned[slot] = self._clock.monotonic()
        for host in tuple(self._members[slot].values()):
            if host.name not in self._unswept:
                with sparing_others(host.name):
                    self._start_due(host, tick)

    def _start_due(self, host: Host, tick: int) -> None:
        # One phase per host, not per probe: probes with different intervals then share their requests.
        phase = zlib.crc32(host.name.encode()) // self._slots
        for spec in self.asked(host):
            if (tick + phase) % round(self.interval(spec, host) / self._base) == 0:
                self._start(spec, host)

    def _start(self, spec: AnySpec, host: Host) -> None:
        key = (host.name, spec.name)
        if key in self._under_way:
            running_for, interval = self._clock.monotonic() - self._began[key], self.interval(spec, host)
            # A run out of turn (the first sweep's, or one on request) that is still young stands in for this one.
            if running_for > OVERRUN * interval:
                if self._stuck_since is None:
                    self._stuck_since = self._clock.monotonic()
                self._land(overrun(spec, host, self._clock, running_for), interval)
            return
        self._stuck_since = None
        self._begin(spec, host)

    def _begin(self, spec: AnySpec, host: Host) -> asyncio.Task[Outcome]:
        key = (host.name, spec.name)
        task = asyncio.ensure_future(self._run(spec, host))
        self._under_way[key], self._began[key] = task, self._clock.monotonic()
        self._runs.add(task)
        task.add_done_callback(lambda done: self._ended(key, done, self.interval(spec, host)))
        return task

    def _ended(self, key: tuple[str, str], task: asyncio.Task[Outcome], interval: float) -> None:
        self._runs.discard(task)
        if self._under_way.get(key) is not task:  # its host has been removed
            return
        del self._under_way[key], self._began[key]
        self._stuck_since = None
        if not task.cancelled():
            self._land(task.result(), interval)

    def _watch_clock(self) -> None:
        self._follow_clock()
        self._watch = asyncio.get_running_loop().call_later(STEP_CHECK, self._watch_clock)

    def _follow_clock(self) -> None:
        """APScheduler's times are wall clock times: put them right when the wall clock was stepped."""
        offset = self._clock.time() - self._clock.monotonic()
        if abs(offset - self._offset) > STEP:
            log.warning("this machine's clock was stepped", seconds=round(offset - self._offset, 3))
            self._realign()
            self._offset = offset

    def _realign(self) -> None:
        now, elapsed = datetime.now(UTC), self._clock.monotonic() - self._epoch
        for slot, job in self._jobs.items():
            until = -(elapsed - self._base * (slot / self._slots)) % self._base
            with contextlib.suppress(LookupError):
                job.modify(next_run_time=now + timedelta(seconds=until))
