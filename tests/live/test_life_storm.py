"""A hundred hosts that lose their connections at once: logins stay paced, nobody is left behind, nothing piles up."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncssh
import pytest

from cs_exporter.transports.ssh.connector import SshConnector
from cs_exporter.transports.ssh.pacer import SILENCE, silence_of
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.processes import Process, everywhere, read, signal_all
from tests.lab.wait import wait_until_async
from tests.live.guests import turned_away
from tests.live.watch import Watch

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

HOSTS, STORMS, DEADLINE = 100, 3, 60.0
AT_WORK, RATE = 4, 100
PROBE = "time_drift"

PATIENCE = 20
"""Seconds that a login may take: a hundred of them at once keep this machine's processors busy."""

LONGEST_TURN = 0.5
"""Seconds of processor time that the event loop may be at work between two looks at its timers; it takes a tenth."""

OBJECTS = 200
"""Per host: what a connection is made of is several times as many, so that one that was not freed is seen."""


class Crowd:
    """The hosts, seen from outside in one look at /proc."""

    def __init__(self, hosts: list[LabHost]) -> None:
        self.hosts = hosts
        self._names = {host._pid_namespace: host.name for host in hosts}

    def sessions(self) -> list[tuple[str, Process]]:
        """The processes of sshd that serve the account's connections, each with its host."""
        found = []
        for pid in everywhere():
            try:
                name = self._names.get(str(Path(f"/proc/{pid}/ns/pid").readlink()))
            except OSError:
                continue
            process = read(pid) if name else None
            if name and process and process.command.startswith("sshd: csmon@"):
                found.append((name, process))
        return found

    def one_each(self) -> bool:
        """Whether each host serves one connection."""
        return dict.fromkeys(self._names.values(), 1) == Counter(name for name, _ in self.sessions())


class Pace:
    """Every login that the exporter begins: when, and how many were at work at that moment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[float] = []
        self.most = 0
        self._under_way: set[socket.socket] = set()
        login = SshConnector._login

        async def counted(
            connector: SshConnector, sock: socket.socket, options: asyncssh.SSHClientConnectionOptions, ends: float
        ) -> asyncssh.SSHClientConnection:
            self.begun.append(time.monotonic())
            self._under_way.add(sock)
            # Whoever has heard nothing for that long waits, and costs nothing; half of it leaves room for the look.
            self.most = max(self.most, sum(silence_of(one) < SILENCE / 2 for one in self._under_way))
            try:
                return await login(connector, sock, options, ends)
            finally:
                self._under_way.discard(sock)

        monkeypatch.setattr(SshConnector, "_login", counted)

    def assert_kept(self) -> None:
        """Never ahead of the rate, and not many more at work than may be: some go on after a silence."""
        early = [n for n, moment in enumerate(self.begun) if moment - self.begun[0] < n / RATE - 0.05]
        assert [] == early
        assert self.most <= 2 * AT_WORK


@contextmanager
def unburdened() -> Iterator[None]:
    """What other tests have left in memory takes no part in collections: a look through it is a long turn by itself.

    The second collection is for the collector's own account of how much there is, by which it decides when to look.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
    try:
        yield
    finally:
        gc.unfreeze()


@asynccontextmanager
async def turns() -> AsyncIterator[Callable[[], float]]:
    """Gives a function that tells the longest processor time between two looks of the event loop at its timers."""
    longest = 0.0

    async def look() -> None:
        nonlocal longest
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.01)
            now = time.thread_time()
            longest, before = max(longest, now - before), now

    looking = asyncio.create_task(look())
    yield lambda: longest
    looking.cancel()


@contextmanager
def unreachable(lab: Lab) -> Iterator[None]:
    """Nothing passes between the exporter and any host, and nobody is told."""
    hub = lab.network.hub
    hub.ip("link set p-test nomaster")
    try:
        yield
    finally:
        hub.ip("link set p-test master lan")


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """A lab of its own: its hosts want more addresses than the common one has left."""
    with unburdened(), Lab([HostSpec(f"s{number}") for number in range(HOSTS)]) as lab:
        yield Crowd(list(lab.hosts.values()))


class Storm:
    """The daemon that watches them all."""

    def __init__(self, crowd: Crowd, watch: Watch) -> None:
        self.crowd = crowd
        self.watch = watch

    @property
    def connections(self) -> int:
        """How many it has."""
        return self.watch.daemon.snapshot().health.ssh_connections

    @property
    def logins(self) -> int:
        """How many it has begun."""
        return self.watch.daemon.board.health.counters.ssh_handshakes

    async def back(self) -> int:
        """Wait until each host is well and serves one connection; give how many objects there are then."""

        def well() -> bool:
            return self.connections == HOSTS and all(self.watch.works(PROBE, host.name) for host in self.crowd.hosts)

        async def served() -> bool:
            return await asyncio.to_thread(self.crowd.one_each)

        await wait_until_async(well, DEADLINE, "all hosts to be well")
        await wait_until_async(served, DEADLINE, "one connection on each host")
        gc.collect()
        return len(gc.get_objects())

    async def kill(self) -> None:
        """End all sessions at once; each host is logged in to once more, and no more than once."""
        before = self.logins
        signal_all([process for _, process in await asyncio.to_thread(self.crowd.sessions)], signal.SIGKILL)
        await wait_until_async(lambda: self.connections == 0 or self.logins > before, DEADLINE, "the storm to begin")
        await self.back()
        assert HOSTS == self.logins - before

    async def cut_off(self) -> None:
        """Let no host be reached until each of them is known to be out of reach, then all again."""
        with unreachable(self.crowd.hosts[0].lab):
            await wait_until_async(self._all_fail, DEADLINE, "all hosts to be out of reach")
        await self.back()

    def _all_fail(self) -> bool:
        return all(self.watch.failure(PROBE, host.name) for host in self.crowd.hosts)


async def test_storms(tmp_path: Path, crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """All sessions are killed again and again, and then nobody can be reached: each time all return, in good order."""
    pace = Pace(monkeypatch)
    ssh = {"max_handshakes": AT_WORK, "handshakes_per_second": RATE, "connect_timeout": PATIENCE}
    watch = Watch(tmp_path, crowd.hosts[0].lab, {host: {} for host in crowd.hosts}, ssh=ssh)
    async with watch, turns() as longest:
        storm = Storm(crowd, watch)
        await storm.back()
        await storm.kill()
        before = await storm.back()
        for _ in range(STORMS):
            await storm.kill()
        await storm.cut_off()
        assert await storm.back() < before + OBJECTS * HOSTS
        assert longest() < LONGEST_TURN
    pace.assert_kept()
    assert not any(map(turned_away, crowd.hosts))
