"""The daemon with its web server, from start to signal: what `cs-exporter run` does.

Apart from the daemon, which knows no signals and no ports and is therefore tested without either.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from cs_exporter.config import Config, ConfigError
from cs_exporter.daemon import Daemon
from cs_exporter.inventory import InventoryChange
from cs_exporter.notify import ServiceManager
from cs_exporter.web.options import WebOptions
from cs_exporter.web.server import WebServer

log = structlog.get_logger(__name__)

ENOUGH_RELOADS = 2
"""By signal, at a time: the one under way, and one that will read whatever is there by then."""

OWN_DESCRIPTORS = 100
"""Descriptors for all but the hosts: listeners, scrapes, files, look-ups. Each host takes one."""

STDERR = 2
"""The last of the three descriptors that every program has."""


class Service(Daemon):
    """A daemon that others can ask over HTTP."""

    def __init__(self, load: Callable[[], Config], options: WebOptions, storage: Path | None = None) -> None:
        super().__init__(load, storage=storage)
        self._web = WebServer(self, options)
        self._manager = ServiceManager(os.environ, lambda: self.polls, self._status)
        self._one_reload = asyncio.Lock()

    async def start(self) -> None:
        """Listen first: a port in use must not start a sweep. Raises ConfigError."""
        await self._web.start()
        await super().start()
        self._count_descriptors()
        self._manager.ready()

    async def stop(self) -> None:
        """Stop asking and stop answering, both within a few seconds."""
        self._manager.stopping()
        await asyncio.gather(super().stop(), self._web.stop())

    @property
    def url(self) -> str:
        """Where to look, as seen from this machine."""
        host, _, port = self._web.addresses[0].rpartition(":")
        return f"{self._web.scheme}://{'localhost' if host in ('0.0.0.0', '[::]') else host}:{port}"  # noqa: S104

    async def reload(self) -> None:
        """See Daemon; the web server's file is read again too. Raises ConfigError, after logging it."""
        async with self._one_reload:  # whoever waits takes all files as they are when its turn comes
            with self._manager.reloading():
                await self._reload()

    async def _reload(self) -> None:
        try:
            security = self._web.read_security()
            await super().reload()
        except ConfigError as error:
            self.board.health.config_reload_successful = False
            log.error(  # noqa: TRY400 (the mistake is the user's: its line says all)
                "the configuration was not reloaded; the one before stays in force", error=str(error)
            )
            raise
        await self._web.apply(security)

    async def _apply(self, config: Config, change: InventoryChange) -> None:
        await super()._apply(config, change)
        self._count_descriptors()

    def _status(self) -> str:
        """One line about the daemon."""
        health, hosts = self.board.health, sum(host.cloud is None for host in self.board.inventory)
        parts = [f"{hosts} host{'' if hosts == 1 else 's'}, {self.board.failing_hosts()} with failing runs"]
        if not health.first_sweep_done:
            parts.append("the first sweep is under way")
        if not health.config_reload_successful:
            parts.append("the configuration's file has a mistake, and the one before is in force")
        return "; ".join(parts)

    def _count_descriptors(self) -> None:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        needed = len(self.board.inventory) + OWN_DESCRIPTORS
        if limit != resource.RLIM_INFINITY and needed > limit:
            log.warning(
                "too few open files are allowed for so many hosts: some will fail as exhausted; raise the limit"
                " (LimitNOFILE of the systemd unit, ulimit -Hn)",
                limit=limit,
                needed=needed,
            )

    async def reload_on_signal(self) -> None:
        """There is nobody to tell but the log."""
        with suppress(ConfigError):
            await self.reload()


def serve(
    load: Callable[[], Config],
    options: WebOptions,
    announce: Callable[[Service], None],
    storage: Path | None = None,
) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reloads. Raises ConfigError for what can't be started."""
    _occupy_standard_descriptors()
    faulthandler.enable(STDERR)  # a watchdog's SIGABRT then leaves word of where everything stood
    _allow_descriptors()
    with asyncio.Runner(loop_factory=_quickest_loop) as runner:
        runner.run(_serve(load, options, announce, storage))


def _occupy_standard_descriptors() -> None:
    """Where somebody has closed them (`2>&-`), they lead nowhere: libuv aborts at a socket that has one's number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= STDERR:
        os.set_inheritable(number, True)  # noqa: FBT003 (it has no name)
    os.close(number)


def _allow_descriptors() -> None:
    """Raise the soft limit of open files to the hard one: 1,024 is what programs with select(2) need, not this one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _quickest_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 (not made for every platform)
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve(
    load: Callable[[], Config],
    options: WebOptions,
    announce: Callable[[Service], None],
    storage: Path | None = None,
) -> None:
    service = Service(load, options, storage)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        if len(reloads) >= ENOUGH_RELOADS:
            return
        task = loop.create_task(service.reload_on_signal())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    try:
        await service.start()
        announce(service)
        await ended.wait()
    finally:
        log.info("stopping")
        await service.stop()
