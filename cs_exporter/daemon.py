"""The daemon: puts board, scheduler, shells and configuration together.

A new configuration is applied as a difference: what it leaves alone keeps its connection, readings and history.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import structlog

from cs_exporter import needs
from cs_exporter.board import FLEET, Board, Snapshot
from cs_exporter.config import Config, ConfigError, shown
from cs_exporter.derive import Deriver
from cs_exporter.discovery.clouds import Discovery
from cs_exporter.discovery.store import Store
from cs_exporter.discovery.urgency import census_called_for
from cs_exporter.history import History
from cs_exporter.inventory import ENDPOINT, InventoryChange, build_inventory, difference
from cs_exporter.model import Census, Failure, Host, Inventory, Outcome, Reason, Role, Unsupported
from cs_exporter.ports import Clock, Last, R
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.runner import run_once
from cs_exporter.scheduling import Scheduler
from cs_exporter.spec import AnySpec, longest_run
from cs_exporter.transports.collector.script import CollectorScript, assemble
from cs_exporter.transports.pool import Pace
from cs_exporter.transports.world import World

log = structlog.get_logger(__name__)

PATIENCE = 2.0
"""Seconds that runs are given to end when the daemon stops or its schedule changes."""


def collector() -> CollectorScript:
    """The collector with the sections of all probes, and that of the checklist."""
    return assemble((*(section for spec in PROBES for section in spec.sections), needs.section(PROBES)))


def pace_of(config: Config) -> Pace:
    """How this configuration wants hosts to be connected to."""
    return Pace(config.ssh.max_handshakes, config.ssh.handshakes_per_second, config.ssh.retry_max)


_SHEETS = {spec.name: spec for spec in PROBES}


class Daemon:
    """Watches the hosts of a configuration, and of the clouds that it names.

    `load` reads it (again), and may raise ConfigError. `storage`: an existing folder for what survives a restart.
    """

    def __init__(self, load: Callable[[], Config], clock: Clock = time, storage: Path | None = None) -> None:
        self._load = load
        self._clock = clock
        self.config = load()
        self.probes, self.derived = PROBES, DERIVED
        self._discovery = Discovery(None if storage is None else Store(storage), clock)
        self._discovery.follow(self.config.sources)
        self.board = Board(build_inventory(self.config, self._discovery.censuses(self.config.sources)))
        self.history = History()
        counters = self.board.health.counters
        self._world = World(collector(), pace_of(self.config), clock, counters)
        self._deriver = Deriver(DERIVED, self.board, clock, self._land)
        self._scheduler = self._new_scheduler()
        self._awaited: set[tuple[str, str]] = set()
        self._reloading = asyncio.Lock()
        self._told = False  # a cloud has said something that is not in the inventory yet
        self._following: asyncio.Task[None] | None = None
        self._ending = False

    async def start(self) -> None:
        """Begin the first sweep."""
        self._await_first(self.board.inventory)
        self._scheduler.start(self.board.inventory)
        self._loaded()

    async def stop(self) -> None:
        """End every run and connection, within a few seconds."""
        self._ending = True
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        await self._scheduler.stop(PATIENCE)
        self._deriver.close()
        await self._world.close()

    def snapshot(self) -> Snapshot:
        """The board and the exporter's health as they are now."""
        health = self.board.health
        health.scheduler_lag = self._scheduler.lag
        health.ssh_connections = self._world.shells.connections()
        health.collector_mismatches = self._world.shells.mismatches()
        health.discovery = self._discovery.standings()
        return self.board.snapshot(self._clock.monotonic(), self._clock.time())

    @property
    def polls(self) -> bool:
        """Whether runs are still being started: a daemon that only answers scrapes is dead for its hosts."""
        return not self._scheduler.stalled

    def shown_config(self) -> str:
        """The configuration in force as YAML, secrets hidden."""
        return shown(self.config)

    @property
    def series_limit(self) -> int:
        """Series one host may have on /metrics."""
        return self.config.global_.series_limit

    async def run_probe(self, probe: str, host: str, timeout: float) -> Outcome:  # noqa: ASYNC109 (the caller's patience)
        """One run now, or the one under way; after `timeout` seconds a failure, while the run itself goes on."""
        spec, asked = next(spec for spec in PROBES if spec.name == probe), self.board.inventory.hosts[host]
        started, began = self._clock.time(), self._clock.monotonic()
        result: Failure | Unsupported
        try:
            if spec in self._scheduler.asked(asked):
                async with asyncio.timeout(timeout):
                    return await self._scheduler.run_now(spec, asked)
            result = Unsupported("this host is not asked that: the probe is disabled, or for other roles")
        except TimeoutError:
            result = Failure(Reason.TIMEOUT, f"no answer within the caller's {timeout:g} s")
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is None or caller.cancelling():
                raise
            result = Failure(Reason.NOT_READY, "the run was given up: the configuration has just been changed")
        finished = self._clock.monotonic()
        return Outcome(probe, host, started, finished, finished - began, result)

    async def reload(self) -> None:
        """Read the configuration again and apply the difference. Raises ConfigError, and then nothing has changed.

        Hosts of clouds are kept; those that are held because too many were missing at once are let go.
        """
        async with self._reloading:
            held = self._discovery.held()  # answers that come while this goes on have not been seen by anybody
            try:
                config = await asyncio.to_thread(self._load)
                change = await self._difference(config, self._discovery.censuses(config.sources, held))
            except ConfigError:
                self.board.health.config_reload_successful = False
                raise
            self._discovery.accept(held)
            self._discovery.follow(config.sources)
            await self._apply(config, change)
            self._loaded()
            await self._discovery.save()

    async def _follow(self) -> None:
        """Watch the hosts that clouds have now. What they say meanwhile is applied after that, in one go."""
        is_new = True
        while is_new:
            async with self._reloading:
                if self._told:
                    self._told = False
                    change = await self._difference(self.config, self._discovery.censuses(self.config.sources))
                    if change.added or change.removed or change.changed:
                        await self._apply(self.config, change)
                await self._discovery.save()
            is_new = self._told
        self._end_first_sweep()

    async def _difference(self, config: Config, censuses: Mapping[str, Census]) -> InventoryChange:
        """Under the lock only: what it is compared with must be what it is applied to."""
        before = self.board.inventory
        lines: list[str] = []
        change = await asyncio.to_thread(lambda: difference(before, build_inventory(config, censuses, lines.append)))
        self._discovery.complain(lines)
        return change

    async def _apply(self, config: Config, change: InventoryChange) -> None:
        before, self.config = self.config, config
        self._world.shells.repace(pace_of(config))
        # A host with another way in may be another machine: nothing that is known of the old one is true of it.
        moved = [
            name for name in change.changed
            if _way_in(self.board.inventory.hosts[name]) != _way_in(change.inventory.hosts[name])
        ]  # fmt: skip
        for name in (*change.removed, *moved):
            self._forget(name)
        self.board.replace_inventory(change.inventory)
        if _schedule(before) == _schedule(config):
            self._scheduler.add([change.inventory.hosts[name] for name in (*change.added, *change.changed)])
        else:
            await self._scheduler.stop(PATIENCE)
            self._scheduler = self._new_scheduler()
            self._scheduler.start(change.inventory)
        self._forget_unasked(change)
        for name in change.changed:
            for spec in PROBES:
                self._keep_to_inventory(spec.name, name)
        self._deriver.again()
        log.info("inventory applied", added=len(change.added), removed=len(change.removed), changed=len(change.changed))

    def _forget(self, name: str) -> None:
        self._scheduler.remove([name])
        self._world.drop([name])
        self.history.forget(name)
        for spec in PROBES:
            self.board.forget(spec.name, name)

    def _forget_unasked(self, change: InventoryChange) -> None:
        for name in change.changed:
            asked = {spec.name for spec in self._scheduler.asked(change.inventory.hosts[name])}
            for spec in PROBES:
                if spec.name not in asked:
                    self.board.forget(spec.name, name)
        if not self.board.health.first_sweep_done:
            self._awaited |= self._asked(change.inventory.hosts[name] for name in change.added)
            self._awaited = {(probe, name) for probe, name in self._awaited if self._is_asked(probe, name)}
            self._end_first_sweep()

    def _end_first_sweep(self) -> None:
        """It has ended once all have been asked, those included whom a cloud has named meanwhile."""
        if not self._awaited and not self._told:
            self.board.health.first_sweep_done = True

    def _asked(self, hosts: Iterable[Host]) -> set[tuple[str, str]]:
        return {(spec.name, host.name) for host in hosts for spec in self._scheduler.asked(host)}

    def _loaded(self) -> None:
        self.board.health.config_reload_successful = True
        self.board.health.config_reload_timestamp = self._clock.time()

    def _new_scheduler(self) -> Scheduler:
        interval, pace = _schedule(self.config)
        return Scheduler(PROBES, interval, pace, self._clock, self._run, self._land)

    async def _run(self, spec: AnySpec, host: Host) -> Outcome:
        def previous(kind: type[R], /) -> Last[R] | None:
            entry = self.board.entry(spec.name, host.name)
            if entry is None or not isinstance(entry.reading, kind):
                return None
            return Last(entry.reading, entry.reading_monotonic)

        limit = longest_run(host.settings[spec.name], self.config.global_.timeout, self.config.global_.interval)
        return await run_once(spec, host, self._world.io(host, previous), limit)

    def _land(self, outcome: Outcome, interval: float) -> None:
        if outcome.host != FLEET and not self._is_asked(outcome.probe, outcome.host):
            return  # it was begun before a reload
        before = self.board.entry(outcome.probe, outcome.host)
        entry = self.board.land(outcome, interval)
        self._keep_to_inventory(outcome.probe, outcome.host)
        self.history.record(outcome)
        self._deriver.landed(outcome.probe, interval)
        if isinstance(outcome.reading, Census):
            self._hear(outcome.host.removeprefix(ENDPOINT), outcome.reading)
        census = census_called_for(before and before.reading, outcome.reading)
        if census is not None:
            self._scheduler.hurry(_SHEETS[census], self.board.inventory.hosts[outcome.host])
        if entry.failure is not None and (before is None or before.failure != entry.failure):
            failure = entry.failure
            log.warning(
                "probe failed", probe=outcome.probe, host=outcome.host, reason=failure.reason, detail=failure.detail
            )
        elif entry.failure is None and before is not None and before.failure is not None:
            log.info("probe works again", probe=outcome.probe, host=outcome.host)
        self._awaited.discard((outcome.probe, outcome.host))
        self._end_first_sweep()

    def _hear(self, source: str, census: Census) -> None:
        """A cloud has said who belongs to it: what that changes is applied as a reload is, one at a time."""
        if self._ending:
            return
        self._told |= self._discovery.take(source, census)
        is_idle = self._following is None or self._following.done()
        if is_idle and (self._told or self._discovery.is_outdated):
            self._following = asyncio.get_running_loop().create_task(self._follow())

    def _keep_to_inventory(self, probe: str, name: str) -> None:
        """No row of a host's reading may tell of a machine that a reload has taken away; its run may be from before."""
        host = self.board.inventory.get(name)
        if host is not None:
            self.board.amend(probe, name, lambda reading: _SHEETS[probe].still(reading, host))

    def _is_asked(self, probe: str, name: str) -> bool:
        host = self.board.inventory.get(name)
        return host is not None and any(spec.name == probe for spec in self._scheduler.asked(host))

    def _await_first(self, inventory: Inventory) -> None:
        self._awaited = self._asked(inventory)
        self.board.health.first_sweep_done = not self._awaited


def _way_in(host: Host) -> tuple[object, ...]:
    mysql = host.mysql if Role.DATABASE in host.roles or host.cloud is not None else None
    return host.connection, host.address, host.ssh.port, mysql, host.cloud


def _schedule(config: Config) -> tuple[float, float]:
    """What a scheduler can't change while it runs: the base interval, and hosts per second of a sweep."""
    return config.global_.interval, config.ssh.handshakes_per_second
