"""Reloads asked for faster than they can be done: none is lost, none is done twice, each sees its files whole."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cs_exporter.config import Config, ConfigError, load
from cs_exporter.service import Service, _serve
from cs_exporter.web.options import web_options
from tests.lab.wait import wait_until_async

SIGNALS = 50


class Files:
    """A configuration, a web configuration, and a gate at which whoever reads the first one waits."""

    def __init__(self, folder: Path) -> None:
        self.main, self.web = folder / "cs_exporter.yml", folder / "web.yml"
        self.main.write_text("hosts: [{name: here, connection: local}]\n")
        self.web.write_text("")
        self.options = web_options(("127.0.0.1:0",), self.web, "/metrics", "", None)
        self.gate = threading.Event()
        self.gate.set()
        self.reads = 0
        self.names: list[str] = []

    def load(self) -> Config:
        """Read the configuration once the gate is open."""
        self.reads += 1
        assert self.gate.wait(20)
        config = load(self.main)
        self.names.append(config.plans[0].members[0].name)
        return config


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    """With the gate open, and at the end open again; signals mean then what they meant before."""
    made = Files(tmp_path)
    yield made
    made.gate.set()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_a_reload_that_waits_reads_its_files_when_its_turn_comes(files: Files) -> None:
    """Not earlier: what was read before the reload before it had ended would be put in force after it."""
    service = Service(files.load, files.options)
    await service.start()
    try:
        files.gate.clear()
        first = asyncio.create_task(service.reload())
        await wait_until_async(lambda: files.reads == 2)
        second = asyncio.create_task(service.reload())
        await asyncio.sleep(0)
        files.web.write_text("basic_auth_users: nobody\n")
        files.gate.set()
        await first
        with pytest.raises(ConfigError, match="basic_auth_users"):
            await second
    finally:
        await service.stop()


async def test_many_signals_are_two_reloads(files: Files) -> None:
    """The one under way, and one that takes in what is there after the last signal."""
    started = asyncio.Event()
    running = asyncio.create_task(_serve(files.load, files.options, lambda _: started.set()))
    await started.wait()
    files.gate.clear()
    for turn in range(SIGNALS):
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.01)
        if turn == 0:
            await wait_until_async(lambda: files.reads == 2)
    files.main.write_text("hosts: [{name: there, connection: local}]\n")
    os.kill(os.getpid(), signal.SIGHUP)
    await asyncio.sleep(0.05)
    files.main.write_text("hosts: [{name: elsewhere, connection: local}]\n")
    files.gate.set()
    await wait_until_async(lambda: len(files.names) == 3)
    await asyncio.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert ["here", "elsewhere", "elsewhere"] == files.names
