"""Silence as the server judges it, and what a hypervisor's agent does beside its session: heartbeats in files."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.lab import faults
from tests.lab.agent_options import PROPERTIES
from tests.lab.agents import Agent, ManagementServer, pings_stuck, running
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.wait import HANGS, wait_until

pytestmark = pytest.mark.lab

EVERY, TIMEOUT, TICK = 0.2, 2.5, 0.2 / 6
DEADLINE = 15.0
NUMBER = 17
POOL = "/mnt/pool"

PING = "Ping from Routing host"
BEHIND = f"Found the following agents behind on ping: [{NUMBER}]"
ALERT = "is Alert, current status is Up"
ALIVE = "state determined is Up"
CONNECT = "create ConnectedAgentAttache for"


@pytest.fixture
def hosts(lab: Lab) -> Iterator[tuple[LabHost, LabHost]]:
    """A server's host and a hypervisor."""
    server, kvm = lab.add_hosts([HostSpec("silence-ms"), HostSpec("silence-kvm")])
    kvm.path(POOL).mkdir(parents=True)
    yield server, kvm
    for host in (server, kvm):
        lab.remove_host(host)


def stamps(log: str, words: str) -> list[float]:
    """When the log's lines with those words were written (s)."""
    lines = [line[:23] for line in log.splitlines() if words in line]
    return [datetime.strptime(line, "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp() for line in lines]


def until(program: Agent | ManagementServer, words: str, after: str = "") -> None:
    """Wait until the program's log has those words, behind the last of the others."""
    wait_until(
        lambda: words in program.log().rpartition(after)[2] if after else words in program.log(), DEADLINE, words
    )


def test_silence_is_noted_and_ends_in_alert(hosts: tuple[LabHost, LabHost]) -> None:
    """No sooner than it may be; the session is closed, and the agent comes back once it runs again."""
    server = ManagementServer(hosts[0], every=EVERY, timeout=TIMEOUT, check_health=3 * EVERY)
    agent = Agent(hosts[1], [hosts[0]], number=NUMBER)
    with running(server, agent):
        until(server, PING)
        with faults.frozen(agent):
            until(server, ALERT)
        until(server, PING, after=ALERT)
        log = server.log()
    last = max(stamp for stamp in stamps(log, PING) if stamp < stamps(log, BEHIND)[0])
    assert stamps(log, BEHIND)[0] - last > TIMEOUT * EVERY - TICK - 0.001
    assert stamps(log, ALERT)[0] - stamps(log, "Investigating why host")[0] > 3 * EVERY - 0.01
    assert ["timed out after 0.6", "Host disconnected, name: silence-kvm"] == re.findall(
        r"timed out after [\d.]+|Host disconnected, name: [\w-]+", log
    )
    assert 2 == len(stamps(log, CONNECT))
    assert f"Lost connection to host: {hosts[0].address}. Attempting reconnection while" in agent.log()


def test_a_closed_link_is_alert_at_once(hosts: tuple[LabHost, LabHost]) -> None:
    """An agent that is killed never was behind; another that is shut down is Disconnected and no alert."""
    server = ManagementServer(hosts[0], every=EVERY)
    agent = Agent(hosts[1], [hosts[0]], number=NUMBER)
    with running(server, agent):
        until(server, PING)
        agent.stop()
        until(server, ALERT)
        agent.start()
        until(server, PING, after=ALERT)
        agent.shut_down()
        until(server, "is disconnecting with event ShutdownRequested", after=ALERT)
        log = server.log()
    assert BEHIND not in log
    assert 1 == len(stamps(log, ALERT)) == len(stamps(log, "Host disconnected, "))


def test_stuck_pings(hosts: tuple[LabHost, LabHost]) -> None:
    """The server finds the agent behind again and again and alive each time; the session stands and goes on moving."""
    server, agent = ManagementServer(hosts[0], every=EVERY), Agent(hosts[1], [hosts[0]], number=NUMBER)
    with running(server, agent):
        until(server, PING)
        with pings_stuck(agent):
            wait_until(lambda: len(stamps(server.log(), ALIVE)) > 1, DEADLINE, "two investigations")
            pings = len(stamps(server.log(), PING))
            wait_until(lambda: len(stamps(server.log(), ALIVE)) > 3, DEADLINE, "two more")
            assert pings == len(stamps(server.log(), PING))
        wait_until(lambda: len(stamps(server.log(), PING)) > pings, DEADLINE, "pings again")
        log = server.log()
    assert ALERT not in log
    assert 1 == len(stamps(log, CONNECT))


def test_a_pause_too_long_ends_all_pings(hosts: tuple[LabHost, LabHost]) -> None:
    """Frozen for longer than its ping retries allow, an agent that runs again answers, and never pings: by design."""
    server = ManagementServer(hosts[0], every=EVERY)
    agent = Agent(hosts[1], [hosts[0]], number=NUMBER, longest_pause=3 * EVERY)
    with running(server, agent):
        until(server, PING)
        with faults.frozen(agent):
            frozen = time.monotonic()
            until(server, BEHIND)
            wait_until(lambda: time.monotonic() - frozen > 5 * EVERY, HANGS, "the pause to be too long")
        until(server, ALIVE)
        until(agent, "ERROR [cloud.agent.Agent] (UgentTask-1:[]) (logid:) Ping Interval has gone past 600")
        wait_until(lambda: len(stamps(server.log(), ALIVE)) > 2, DEADLINE, "more investigations")
        assert max(stamps(server.log(), PING)) < min(stamps(server.log(), ALIVE))


def test_heartbeats(hosts: tuple[LabHost, LabHost]) -> None:
    """The file has the host's time, stands still with the agent and not with its pings; a pool that is gone is told."""
    kvm, gone = hosts[1], "/mnt/6d1a-gone"
    agent = Agent(kvm, [hosts[0]], heartbeat=[gone, POOL], heartbeat_every=EVERY, properties={"guid": "a"})
    file = kvm.path(f"{POOL}/KVMHA/hb-{kvm.address}")

    def stamp() -> int:
        text = file.read_text() if file.exists() else ""
        return int(text) if text else 0

    with running(agent):
        wait_until(stamp, DEADLINE, "a heartbeat")
        assert 0 <= time.time() - stamp() < DEADLINE
        with faults.frozen(agent):
            last = wait_until(stamp, DEADLINE, "a whole one")
            wait_until(lambda: time.time() > last + 2.5, DEADLINE, "the next to be due")
            assert last == stamp()
        with pings_stuck(agent):
            wait_until(lambda: stamp() > last + 2, DEADLINE, "heartbeats again")
    assert "Write heartbeat for pool [6d1a-gone] failed: No such file or directory; try: 5 of 5." in agent.log()
    expected = {"kvm.heartbeat.update.frequency=200", f"host={hosts[0].address}@static", "guid=a"}
    assert expected < set(kvm.path(PROPERTIES).read_text().splitlines())
