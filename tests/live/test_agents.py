"""Agents and servers that are frozen, killed, cut off, lossy, moved or unreachable for us, as the daemon sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.board import FLEET
from cs_exporter.probes.agents.countdown_metrics import AgentCountdownReading
from cs_exporter.probes.agents.evidence import Source
from cs_exporter.probes.agents.rows import AgentRow
from cs_exporter.probes.agents.symptoms import COUNTDOWN_SYMPTOMS, SERVER_SYMPTOMS
from cs_exporter.probes.logs import agent_log, management_log
from tests.lab import faults
from tests.lab.agents import Agent, ManagementServer, cut_off, lossy, pings_stuck, unacknowledged
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.wait import wait_until_async
from tests.live.watch import INTERVAL, Address, Watch

pytestmark = pytest.mark.lab

AGENT, LIMIT = "cloudstack-agent", 9
DEADLINE = 30.0
SERVERS = ("ms1", "ms2", "ms3")
HOSTS = ("well", "frozen", "killed", "cut", "deaf", "lossy", "moved", "unread", "dark", "stuck")
SILENT = {"CsHostAlertImminent", "CsHostAlertImminentCritical"}
GREEN: dict[str, set[str]] = {"ms1": {"CsAgentSessionsUnmapped", "CsAgentPingsUnmapped"}}
"""A host that nobody watches has an agent at ms1, all the time."""

EXPECTED: dict[str, set[str]] = {
    **GREEN,
    "frozen": SILENT,
    "killed": {*SILENT, "CsAgentSessionGone"},
    "cut": {*SILENT, "CsAgentRetransmitting"},
    "deaf": {*SILENT, "CsAgentRetransmitting"},
    "unread": SILENT,
    "stuck": {*SILENT, "CsAgentPingsStopped"},
    "ms2": {"CsManagementAgentPortClosed"},
    "ms3": {"CsManagementAgentsUnread"},
}
"""Host, named by its fault -> its symptoms; `moved` was at ms2, which is killed, `unread` at ms3, which is frozen."""

OF_LOGS = {symptom.name for sheet in (agent_log.SPEC, management_log.SPEC) for symptom in sheet.symptoms}
"""What programs write stays true for minutes after it is mended: tests/live/test_logs.py looks at that."""

PROBES = {"agent_heartbeat": {"interval": INTERVAL, "limit": LIMIT, "ping_interval": 1}}
NAMES = {symptom.name for symptom in (*COUNTDOWN_SYMPTOMS, *SERVER_SYMPTOMS)}
LIMITS = {
    "CsHostAlertImminent": 3.2,
    "CsHostAlertImminentCritical": 2.5,
}  # of 9 s; healthy agents are heard each second


class Cloud:
    """Three management servers, and a host with an agent for each fault."""

    def __init__(self, hosts: Mapping[str, LabHost]) -> None:
        self.hosts = hosts
        self.servers = {name: ManagementServer(hosts[name]) for name in SERVERS}
        at = {"moved": ("ms2", "ms1"), "unread": ("ms3",)}
        self.agents = {
            name: Agent(hosts[name], [hosts[server] for server in at.get(name, ("ms1",))])
            for name in (*HOSTS, "stranger")
        }

    def start(self) -> None:
        """Run all of it; no error for what runs already."""
        for program in (*self.servers.values(), *self.agents.values()):
            program.start()

    def watched(self) -> dict[Address, dict[str, Any]]:
        """The hosts' blocks."""
        blocks: dict[Address, dict[str, Any]] = {self.hosts[name]: {"roles": ["management"]} for name in SERVERS}
        return blocks | {self.hosts[name]: {"roles": ["hypervisor"], "limits": LIMITS} for name in HOSTS}

    def unreachable(self, *names: str) -> ExitStack:
        """Nobody can log in to these hosts; agents and servers are well."""
        stack = ExitStack()
        for name in names:
            stack.enter_context(faults.dropped(self.hosts[name], 22))
        return stack


@pytest.fixture
def cloud(lab: Lab) -> Iterator[Cloud]:
    """All of them at work."""
    hosts = {host.name: host for host in lab.add_hosts([HostSpec(name) for name in (*SERVERS, *HOSTS, "stranger")])}
    made = Cloud(hosts)
    made.start()
    yield made
    for host in hosts.values():
        lab.remove_host(host)


class View:
    """What the daemon says of agents, and the flapping row of the lossy host apart."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.seen: set[tuple[str, str]] = set()

    def red(self) -> dict[str, set[str]]:
        """Host -> its symptoms about agents, logs aside; `seen` gathers all there ever were."""
        now = {(host, name) for host, name in self.watch.red_names() if name in NAMES}
        self.seen |= now
        found: dict[str, set[str]] = {}
        for host, name in now:
            if host != "lossy":
                found.setdefault(host, set()).add(name)
        return found

    def row(self, name: str) -> AgentRow:
        """What is believed of a host's agent."""
        reading = self.watch.reading("agent_countdown", FLEET, AgentCountdownReading)
        assert reading is not None
        return reading.rows[name, AGENT]

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for it."""
        await wait_until_async(condition, DEADLINE, what)

    async def until_red(self, expected: dict[str, set[str]], what: str) -> None:
        """Wait for exactly these."""
        await wait_until_async(lambda: expected == self.red(), DEADLINE, f"{what}: {expected}")


async def test_each_is_told_apart_and_heals(tmp_path: Path, lab: Lab, cloud: Cloud) -> None:
    """Every fault at once, each on its own host or server: the right rows red, all else green, and all heal."""
    async with Watch(tmp_path, lab, cloud.watched(), probes=PROBES) as watch:
        view = View(watch)
        await watch.swept()
        await view.until_red(GREEN, "well")
        before = view.row("lossy").retransmits or 0
        with ExitStack() as broken:
            broken.enter_context(faults.frozen(cloud.agents["frozen"]))
            broken.enter_context(faults.frozen(cloud.servers["ms3"]))
            broken.enter_context(faults.stopped(cloud.agents["killed"]))
            broken.enter_context(faults.stopped(cloud.servers["ms2"]))
            broken.enter_context(cut_off(cloud.hosts["cut"], cloud.hosts["ms1"]))
            broken.enter_context(unacknowledged(cloud.hosts["deaf"]))
            broken.enter_context(pings_stuck(cloud.agents["stuck"]))
            broken.enter_context(lossy(cloud.hosts["lossy"], cloud.hosts["ms1"]))
            await view.until_red(EXPECTED, "broken")
            await view.until(lambda: (view.row("lossy").retransmits or 0) > before, "packets to be sent again")
        assert {one for one in view.seen if one[0] == "lossy"} <= {("lossy", "CsAgentRetransmitting")}
        assert ("ms1", True) == (view.row("moved").server, view.row("moved").connected)
        assert [] == [one for one in view.seen if one[0] in {"well", "moved"}]
        await view.until_red(GREEN, "healed")


async def test_our_own_blindness(tmp_path: Path, lab: Lab, cloud: Cloud) -> None:
    """Servers that can't be asked page nobody, however long; a new start sees at once who is gone."""
    async with Watch(tmp_path, lab, cloud.watched(), probes=PROBES) as watch:
        view = View(watch)
        await watch.swept()
        await view.until_red(GREEN, "well")
        view.seen.clear()
        with cloud.unreachable(*SERVERS, "dark"), faults.stopped(cloud.agents["killed"]):
            await view.until_red({}, "blind, and one killed")
            entry = watch.daemon.board.entry("agent_heartbeat", "ms1")
            assert entry is not None
            until = entry.reading_monotonic + LIMIT + 2 * INTERVAL
            await view.until(lambda: watch.daemon.snapshot().monotonic > until, "the limit to pass")
            assert {} == view.red()
            assert (None, None, {}) == (view.row("dark").connected, view.row("dark").evidence, view.row("dark").heard)
            assert (None, None) == (view.row("well").connected, view.row("well").evidence)
            assert Source.AGENT in view.row("well").heard
        await view.until_red(GREEN, "healed")
        assert {"ms1", "killed"} >= {host for host, _ in view.seen}
    cloud.agents["killed"].stop()
    async with Watch(tmp_path, lab, cloud.watched(), probes=PROBES) as watch:
        view = View(watch)
        await watch.swept()
        await wait_until_async(
            lambda: {**GREEN, "killed": {"CsAgentSessionGone"}} == view.red(), INTERVAL, "the truth of a new start"
        )
        assert (False, Source.UNSEEN) == (view.row("killed").connected, view.row("killed").evidence)


async def test_a_restart_of_all_servers(tmp_path: Path, lab: Lab, cloud: Cloud) -> None:
    """They are the one cause, for longer than the limit; then the agents return, and no host was ever paged."""
    async with Watch(tmp_path, lab, cloud.watched(), probes=PROBES) as watch:
        view = View(watch)
        await watch.swept()
        await view.until_red(GREEN, "well")
        with ExitStack() as down:
            for server in cloud.servers.values():
                down.enter_context(faults.stopped(server))
            closed = {name: {"CsManagementAgentPortClosed"} for name in SERVERS}
            await view.until_red(closed, "down")
            # While the last of them still ran, the first one's agents had a session with none: for less than any hold
            assert {name for host, name in view.seen if host in HOSTS} <= {"CsAgentSessionGone"}
            view.seen.clear()
            until = watch.daemon.snapshot().monotonic + LIMIT
            await view.until(lambda: view.red() and watch.daemon.snapshot().monotonic > until, "the limit to pass")
            assert closed == view.red()
        await view.until_red(GREEN, "healed")
        await view.until(lambda: all(view.row(name).connected for name in HOSTS), "all agents to return")
        assert {*SERVERS} == {host for host, _ in view.seen}
