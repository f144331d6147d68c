"""The lab's sshd starts over without being taken for a session of its own, whatever its clients do meanwhile."""

from __future__ import annotations

import errno
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.processes import kill_and_wait, signal_all
from tests.lab.sshd import CONFIG, PID_FILE
from tests.lab.wait import HANGS, wait_until

pytestmark = pytest.mark.lab


def read_by_somebody(pipe: Path) -> int | None:
    """The pipe's writing end, once its other end is open."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return None


@contextmanager
def starting_over(host: LabHost) -> Iterator[None]:
    """Its sshd has been told to, and reads its settings until the end of the block."""
    config = host.path(CONFIG)
    settings = config.read_text(encoding="utf-8")
    config.unlink()
    os.mkfifo(config, 0o600)
    signal_all(host.sshd.listeners(), signal.SIGHUP)
    pipe = wait_until(lambda: read_by_somebody(config), HANGS, "sshd to read its settings")
    assert pipe is not None
    try:
        yield
        os.write(pipe, settings.encode())
    finally:
        os.close(pipe)
        config.unlink()
        host.write(CONFIG, settings)
    wait_until(host.path(PID_FILE).exists, HANGS, "sshd to listen")


async def test_what_starts_over_is_no_session(lab: Lab) -> None:
    """Whoever ends all sessions then leaves the listener, which has no title yet, alone."""
    (host,) = lab.add_hosts([HostSpec("over")])
    try:
        (before,) = host.sshd.listeners()
        with starting_over(host):
            kill_and_wait(host.sshd.sessions)
            assert [before.pid] == [process.pid for process in host.sshd.listeners()]
        async with lab.connect(host) as connection:
            assert "fine\n" == (await connection.run("echo fine")).stdout
    finally:
        lab.remove_host(host)


async def test_a_reload_waits_for_no_client(lab: Lab) -> None:
    """Neither for one that says nothing, nor for one that has logged in and stays so."""
    host = lab.hosts["h1"]
    async with lab.connect(host) as connection:
        with socket.create_connection((host.address, host.port)):
            wait_until(lambda: any("accepted" in one.command for one in host.sshd.sessions()), HANGS, "it to be served")
            host.sshd.reload()
        assert "fine\n" == (await connection.run("echo fine")).stdout
