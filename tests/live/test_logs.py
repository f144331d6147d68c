"""Logs of real servers with real agents, in both layouts, followed over SSH while they grow, are rolled and are cut."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.probes.logs.reading import ManagementLogReading
from tests.lab import faults
from tests.lab.agents import SERVER_LOG, Agent, ManagementServer, running
from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.wait import wait_until_async
from tests.live.watch import INTERVAL, Address, Watch

pytestmark = pytest.mark.lab

DEADLINE = 30.0
AGENTS = ("one", "two")
BEHIND = "CsManagementAgentsBehind"


class Cloud:
    """Two servers, one of each layout, and an agent with a session at each."""

    def __init__(self, lab: Lab) -> None:
        names = ("old", "new", *AGENTS)
        self.hosts = {host.name: host for host in lab.add_hosts([HostSpec(name) for name in names])}
        self.servers = {
            "old": ManagementServer(self.hosts["old"], layout="4.19"),
            "new": ManagementServer(self.hosts["new"], layout="4.20"),
        }
        self.agents = {
            name: Agent(self.hosts[name], [self.hosts[server]])
            for name, server in zip(AGENTS, ("old", "new"), strict=True)
        }


@pytest.fixture
def cloud(lab: Lab) -> Iterator[Cloud]:
    """All of it at work."""
    made = Cloud(lab)
    with running(*made.servers.values(), *made.agents.values()):
        yield made
    for host in made.hosts.values():
        lab.remove_host(host)


class View:
    """What the daemon knows from the logs."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def log(self, server: str) -> ManagementLogReading:
        """The latest reading of a server's log."""
        entry = self.watch.daemon.board.entry("management_log", server)
        assert entry is not None
        assert isinstance(entry.reading, ManagementLogReading)
        return entry.reading

    def names(self, server: str) -> set[str]:
        """Who was heard in the latest look."""
        log = self.log(server)
        return {one.name for one in log.heard.values() if one.at == log.at}

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for it."""
        await wait_until_async(condition, DEADLINE, what)

    async def until_heard_anew(self, server: str, agent: str) -> None:
        """In a look that begins after this moment."""
        before = self.log(server).at
        await self.until(
            lambda: self.log(server).at > before + INTERVAL and agent in self.names(server), f"{agent} in the log"
        )


async def test_logs_of_both_layouts(tmp_path: Path, lab: Lab, cloud: Cloud) -> None:
    """Agents are heard by both, through all that happens to a log; a frozen one is told of, and then heard no more."""
    blocks: dict[Address, dict[str, Any]] = {cloud.hosts[name]: {"roles": ["management"]} for name in cloud.servers}
    async with Watch(tmp_path, lab, blocks) as watch:
        view = View(watch)
        await watch.swept()
        heard = (("old", "one"), ("new", "two"))
        for server, agent in heard:
            await view.until_heard_anew(server, agent)
        for program in cloud.servers.values():
            program.roll_log()
        for server, agent in heard:
            await view.until_heard_anew(server, agent)
        assert [0, 0] == [view.log(server).gaps for server in cloud.servers]
        for name in cloud.servers:
            log = cloud.hosts[name].path(SERVER_LOG)
            shutil.copy(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
        for server, agent in heard:
            await view.until_heard_anew(server, agent)
        assert {(name, BEHIND) for name in cloud.servers}.isdisjoint(watch.red_names())
        with faults.frozen(cloud.agents["two"]):
            await view.until(lambda: ("new", BEHIND) in watch.red_names(), "the log to tell")
            assert {cloud.agents["two"].number} == view.log("new").behind
            at = view.log("new").heard[cloud.agents["two"].number].at
            assert view.log("new").at - at > 2
        assert ("old", BEHIND) not in watch.red_names()
