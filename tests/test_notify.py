"""What the service manager is told, on real datagram sockets: by the module, and by the whole service as a process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cs_exporter.config import load
from cs_exporter.notify import ServiceManager
from cs_exporter.service import Service
from cs_exporter.web.options import web_options
from tests.lab import fair
from tests.lab.wait import wait_until, wait_until_async
from tests.test_service import LOCAL, Running


class Manager:
    """The other end: a service manager's socket, and all that was said to it."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1))
        self._socket.settimeout(0.0)
        self.environment = {"NOTIFY_SOCKET": address}
        self._heard: list[str] = []

    def is_busy(self) -> None:
        """Its queue is full, of what others say, until it is heard."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as others, suppress(BlockingIOError):
            others.settimeout(0.0)
            while True:
                others.sendto(b"X_FROM=another", self._socket.getsockname())

    def heard(self) -> list[str]:
        """Every message so far, its lines joined by a blank."""
        while True:
            try:
                self._heard.append(self._socket.recv(4096).decode().replace("\n", " "))
            except BlockingIOError:
                return self._heard

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    """A manager at an address of either kind."""
    made = Manager(f"@cs-exporter-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify"))
    yield made
    made.close()


@contextmanager
def told(
    environment: dict[str, str], alive: Callable[[], bool] = lambda: True, status: Callable[[], str] = lambda: "2 hosts"
) -> Iterator[ServiceManager]:
    """The daemon's side, ended at the end."""
    made = ServiceManager(environment, alive, status)
    try:
        yield made
    finally:
        made.stopping()


async def test_a_life(manager: Manager) -> None:
    """Ready with a status, reloading with the time it began, ready again, stopping; nobody inherits the environment."""
    environment = {**manager.environment, "HOME": "/"}
    with told(environment) as service:
        assert {"HOME": "/"} == environment
        service.ready()
        before = time.monotonic_ns() // 1000
        with service.reloading():
            pass
    ready, reloading, *rest = manager.heard()
    assert "READY=1 STATUS=2 hosts" == ready
    began = int(reloading.removeprefix("RELOADING=1 MONOTONIC_USEC="))
    assert before <= began <= time.monotonic_ns() // 1000
    assert ["READY=1", "STOPPING=1"] == rest


def test_a_reload_that_fails_is_over_too(manager: Manager) -> None:
    """A manager that is not told so would wait for it, and then kill the daemon."""
    service = ServiceManager({**manager.environment}, lambda: True, lambda: "the file has a mistake")
    with pytest.raises(ValueError, match="wrong"), service.reloading():
        raise ValueError("wrong")
    assert "READY=1 STATUS=the file has a mistake" == manager.heard()[-1]


async def test_the_watchdog_is_answered_while_the_daemon_is_alive(manager: Manager) -> None:
    """Often enough; not at all while the daemon says that it is dead; and again afterwards."""
    alive = True
    with told({**manager.environment, "WATCHDOG_USEC": "200000"}, lambda: alive) as service:
        service.ready()
        await wait_until_async(lambda: _answers(manager) >= 5, 5)
        alive, before = False, _answers(manager)
        await asyncio.sleep(0.2)
        assert before == _answers(manager)
        alive = True
        await wait_until_async(lambda: _answers(manager) >= before + 2, 5)


def _answers(manager: Manager) -> int:
    return sum("WATCHDOG=1" in line for line in manager.heard())


@pytest.mark.parametrize(
    ("pid", "answered"), [(str(os.getpid()), True), ("", True), ("1", False)], ids=["ours", "nobody's", "another's"]
)
async def test_a_watchdog_of_another_process_is_its_own(manager: Manager, pid: str, answered: bool) -> None:  # noqa: FBT001
    """A child that inherited the variables must not answer for its parent."""
    with told({**manager.environment, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": pid}) as service:
        service.ready()
    assert answered == any("WATCHDOG=1" in line for line in manager.heard())


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "x"}],
    ids=["none", "empty", "of another kind", "gone"],
)
async def test_without_a_manager_nothing_happens(environment: dict[str, str]) -> None:
    """Started by hand, or by a manager that can't be told: the daemon runs all the same."""
    with told(environment) as service:
        service.ready()
        with service.reloading():
            pass
    assert not environment


async def test_a_manager_that_reads_no_more_stops_nothing(manager: Manager) -> None:
    """Its full queue costs the message, not the event loop."""
    with told({**manager.environment}) as service:
        began = fair.seconds()
        for _ in range(2000):
            with service.reloading():
                pass
        assert fair.seconds() - began < 10
    assert len(manager.heard()) < 4000


async def test_what_a_busy_manager_did_not_take_is_owed(manager: Manager) -> None:
    """Ready and the status are told with the first pulse that it takes, and once; the same after a reload."""
    status = "2 hosts"
    environment = {**manager.environment, "WATCHDOG_USEC": "200000"}
    with capture_logs() as logs, told(environment, status=lambda: status) as service:
        manager.is_busy()
        service.ready()
        await _first_taken(manager, "READY=1 WATCHDOG=1 STATUS=2 hosts")
        status = "3 hosts"
        manager.is_busy()
        with service.reloading():
            pass
        await _first_taken(manager, "READY=1 WATCHDOG=1 STATUS=3 hosts")
    assert ["READY=1", "RELOADING=1"] == [entry["what"] for entry in logs]


async def _first_taken(manager: Manager, expected: str) -> None:
    before = len(manager.heard())
    await wait_until_async(lambda: len(manager.heard()) >= before + 3, 15)
    first, *others = manager.heard()[before:]
    assert expected == first
    assert {"WATCHDOG=1"} == set(others)


async def test_one_bad_look_is_not_worth_an_error(manager: Manager) -> None:
    """A machine that was suspended is late once; death lasts, and is told once."""
    looks = [True, False, True, False, False, False, True]
    told_before: list[int] = []

    def alive() -> bool:
        told_before.append(len(logs))
        return looks[min(len(told_before), len(looks)) - 1]

    with capture_logs() as logs, told({**manager.environment, "WATCHDOG_USEC": "80000"}, alive) as service:
        service.ready()
        await wait_until_async(lambda: len(told_before) >= len(looks), 15)
    assert [0, 0, 0, 0, 0, 1, 1] == told_before[: len(looks)]


def test_the_service_tells_its_manager(manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole daemon: ready once it listens, its hosts, the watchdog, a reload, a bad reload, the end."""
    for name, value in {**manager.environment, "WATCHDOG_USEC": "400000"}.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "cs_exporter.yml"
    file.write_text(LOCAL)
    running = Running(tmp_path, f"--config.file={file}")
    try:
        wait_until(lambda: any("STATUS=1 host, 0 with failing runs" in line for line in manager.heard()), 15, "status")
        assert manager.heard()[0].startswith("READY=1 WATCHDOG=1 STATUS=")
        wait_until(lambda: _answers(manager) > 5, 15, "the watchdog's answers")
        _environment_is_clean(running.process.pid)
        file.write_text("hots: []")
        running.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any("has a mistake" in line for line in manager.heard()), 15, "the bad reload")
        assert any(line.startswith("RELOADING=1 MONOTONIC_USEC=") for line in manager.heard())
        running.process.send_signal(signal.SIGTERM)
        assert 0 == running.process.wait(timeout=10)
        assert "STOPPING=1" == manager.heard()[-1]
    finally:
        running.end()


async def test_a_daemon_that_asks_nobody_answers_no_watchdog(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It still serves pages, but its schedule has stood still for half a minute: only a restart helps its hosts."""
    for name, value in {**manager.environment, "WATCHDOG_USEC": "400000"}.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "cs_exporter.yml"
    file.write_text(LOCAL)
    service = Service(lambda: load(file), web_options(("127.0.0.1:0",), None, "/metrics", "", None))
    await service.start()
    try:
        await wait_until_async(lambda: _answers(manager) >= 3, 15)
        for slot, job in service._scheduler._jobs.items():
            job.remove()
            service._scheduler._turned[slot] -= 31
        await asyncio.sleep(0)
        before = _answers(manager)
        await asyncio.sleep(0.2)
        await asyncio.sleep(0.2)
        assert before == _answers(manager)
    finally:
        await service.stop()


def _environment_is_clean(pid: int) -> None:
    """No collector of this machine that the daemon starts can speak in its name."""
    children = wait_until(lambda: Path(f"/proc/{pid}/task/{pid}/children").read_text().split(), 15, "a child")
    for child in children:
        assert b"NOTIFY_SOCKET" not in Path(f"/proc/{child}/environ").read_bytes()


def test_a_watchdog_that_loses_patience_leaves_word(tmp_path: Path) -> None:
    """SIGABRT, by which it ends a daemon, shows in the log where the daemon stood."""
    (tmp_path / "cs_exporter.yml").write_text(LOCAL)
    running = Running(tmp_path, f"--config.file={tmp_path / 'cs_exporter.yml'}", wrapper=("prlimit", "--core=0"))
    try:
        running.process.send_signal(signal.SIGABRT)
        assert -signal.SIGABRT == running.process.wait(timeout=10)
        assert "Fatal Python error: Aborted" in running.log_file.read_text()
        assert "service.py" in running.log_file.read_text()
    finally:
        running.end()
