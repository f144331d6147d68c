"""Agents and servers of the lab: sessions stand, move with their server's end, and faults do to them what they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab import faults
from tests.lab.agent_programs import PORT
from tests.lab.agents import Agent, ManagementServer, cut_off, running, unacknowledged
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.wait import HANGS, wait_until

pytestmark = pytest.mark.lab

EVERY = 0.1


@pytest.fixture
def hosts(lab: Lab) -> Iterator[list[LabHost]]:
    """Two servers and a hypervisor."""
    added = lab.add_hosts([HostSpec(name) for name in ("agents-ms1", "agents-ms2", "agents-kvm")])
    yield added
    for host in added:
        lab.remove_host(host)


def peers(host: LabHost) -> list[str]:
    """The addresses that the host has established sessions with, on the agents' port of those."""
    lines = (line.split() for line in host.sockets())
    return [line[5].rpartition(":")[0] for line in lines if line[1] == "ESTAB" and line[5].endswith(f":{PORT}")]


def unsent(host: LabHost) -> int:
    """Bytes that the host's agent has sent in vain so far."""
    lines = (line.split() for line in host.sockets())
    return sum(int(line[3]) for line in lines if line[1] == "ESTAB" and line[5].endswith(f":{PORT}"))


def unread(host: LabHost) -> int:
    """Bytes that the host's server has not read."""
    lines = (line.split() for line in host.sockets())
    return sum(int(line[2]) for line in lines if line[1] == "ESTAB" and line[4].endswith(f":{PORT}"))


def test_a_session_stands_and_moves(hosts: list[LabHost]) -> None:
    """To the next server when its own ends, and back in turn."""
    first, second, kvm = hosts
    servers, agent = [ManagementServer(host) for host in (first, second)], Agent(kvm, [first, second], EVERY)
    with running(*servers, agent):
        wait_until(lambda: [first.address] == peers(kvm), HANGS, "a session with the first server")
        with faults.stopped(servers[0]):
            wait_until(lambda: [second.address] == peers(kvm), HANGS, "a session with the second server")
            with faults.stopped(servers[1]):
                wait_until(lambda: [] == peers(kvm), HANGS, "no session at all")
        wait_until(lambda: peers(kvm), HANGS, "a session again")


def test_faults_of_a_session(hosts: list[LabHost]) -> None:
    """A frozen server reads nothing; where packets vanish, the agent's words stay with it. All heal."""
    first, _, kvm = hosts
    server, agent = ManagementServer(first), Agent(kvm, [first], EVERY)
    with running(server, agent):
        # An agent whose server is frozen before it has answered the first command says nothing more.
        wait_until(lambda: "Startup Response Received" in agent.log(), HANGS, "a session")
        with faults.frozen(server):
            wait_until(lambda: unread(first) > 0, HANGS, "words that nobody reads")
        for fault in (cut_off(kvm, first), unacknowledged(kvm)):
            wait_until(lambda: unsent(kvm) == 0 == unread(first), HANGS, "all to be well")
            with fault:
                wait_until(lambda: unsent(kvm) > 0, HANGS, "words that do not arrive")
