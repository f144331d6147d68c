"""The section agent_sessions as hosts run it, and sessions at both their ends as sockets tell of them."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.model import CloudKind, Host, Place, Role
from cs_exporter.parsers import ss
from cs_exporter.ports import SectionCall
from cs_exporter.probes.agents import sessions as agent_sessions
from cs_exporter.probes.agents.sessions import CLOUDSTACK_AGENT, SECTION, AgentDeclaration, AgentHeartbeatReading
from tests.probes.agents.agent_stand import AGENT, CAPTURES, MS1, capture, host, poll
from tests.transports.collector.running import SHELLS, ShellKind

NOW = 1000.0
BOTH = ["server", "agent", "server-frozen", "agent-unacknowledged", "server-oneline", "agent-oneline", "v6-scope"]


def section(path: Path, *arguments: str, shell: str = "sh", status: int = 0) -> subprocess.CompletedProcess[str]:
    """The section's body run on this machine, with `path` first among the folders of programs."""
    environment = {"PATH": f"{path}:{os.environ['PATH']}", "LC_ALL": "C", "CAPTURE_STATUS": str(status)}
    words = [*shell.split(), "-c", SECTION.body, "sh", *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


def saying(folder: Path, text: str) -> Path:
    """A folder with an `ss` that says that, and ends as it is told."""
    (folder / "said.txt").write_text(text, encoding="utf-8")
    (folder / "ss").write_text(f"#!/bin/sh\ncat {folder}/said.txt\nexit $CAPTURE_STATUS\n", encoding="utf-8")
    (folder / "ss").chmod(0o755)
    return folder


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("shell", SHELLS, ids=lambda kind: kind.name)
def test_what_the_host_leaves_out_is_not_needed(name: str, shell: ShellKind, tmp_path: Path) -> None:
    """In every shell the short lines give the same reading as ss's own, in a part of the bytes."""
    folder = saying(shell.directory(tmp_path), capture(name))
    done = section(folder, "s8250", "u8250", shell=" ".join((shell.program, *shell.arguments)))
    both = (CLOUDSTACK_AGENT,), (CLOUDSTACK_AGENT,)
    readings = [
        agent_sessions.read(ss.sockets(text), *both, NOW, lambda: None) for text in (capture(name), done.stdout)
    ]
    assert (0, "") == (done.returncode, done.stderr)
    assert readings[0] == readings[1]
    assert len(done.stdout) < 0.4 * len(capture(name))


def test_an_error_of_ss_is_no_host_without_sessions(tmp_path: Path) -> None:
    """Its status is the section's, and what it complains of comes along."""
    assert 7 == section(saying(tmp_path, ""), "s8250", status=7).returncode
    assert 0 == section(saying(tmp_path, ""), "s8250").returncode


@pytest.mark.parametrize("argument", ["", "s", "8250", "s8250;reboot", "x8250", "s123456", "u-1"])
def test_only_ports_are_asked(argument: str, tmp_path: Path) -> None:
    """What is no port does not reach ss; without any port nothing is asked."""
    done = section(saying(tmp_path, "asked\n"), argument)
    assert (2, "") == (done.returncode, done.stdout)


@pytest.fixture
def sessions() -> Iterator[int]:
    """A real port with two real sessions, one of which has spoken; the port."""
    with ExitStack() as opened:
        listening = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        for word in (b"ping", b""):
            opened.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(word)
            opened.enter_context(listening.accept()[0]).recv(len(word))
        yield port


def test_real_sockets(sessions: int, tmp_path: Path) -> None:
    """This machine's own ss and awk: both ends of both sessions, and that somebody listens."""
    agent = replace_port(sessions)
    done = section(tmp_path, f"s{sessions}", f"u{sessions}")
    found = agent_sessions.read(ss.sockets(done.stdout), [agent], [agent], NOW, lambda: None)
    assert ([True], 2, 2) == ([port.listening for port in found.ports], len(found.served), len(found.own))
    times = [*(one.heard for one in found.served), *(one.heard for one in found.own)]
    heard = [one for one in times if one is not None]
    assert 4 == len(heard)
    assert all(NOW - 60 < one <= NOW for one in heard)


def replace_port(port: int) -> AgentDeclaration:
    """CloudStack's agent on another port."""
    return CLOUDSTACK_AGENT.model_copy(update={"port": port})


def test_five_thousand_sessions_fit(tmp_path: Path) -> None:
    """With IPv6 addresses at their longest and every number large, they stay below what a section may say."""
    details = capture("server-agent-unacknowledged").splitlines()[3].replace("lastrcv:4560", "lastrcv:1234567")
    details = details.replace("rtt:0.02/0.018", "rtt:1234.567/1234.567").replace("retrans:1/5", "retrans:1/54321")
    address = "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:{:04x}]"
    head = f"ESTAB 0 0 {address.format(1)}:8250 {address}:40000\n"
    done = section(saying(tmp_path, "".join(f"{head.format(one)}{details}\n" for one in range(5000))), "s8250")
    assert 5000 == done.stdout.count("\n")
    assert len(done.stdout) < 1 << 20


def test_who_has_which_end() -> None:
    """By role; one host may have both."""
    agents = (
        CLOUDSTACK_AGENT,
        AgentDeclaration(name="nova", port=5672, runs_on=("hypervisor",), served_by=("message_bus",)),
    )
    one = Host("one", "192.0.2.1")
    for expected, roles in (
        (([CLOUDSTACK_AGENT], []), {Role.MANAGEMENT}),
        (([], [*agents]), {Role.HYPERVISOR}),
        (([], []), {Role.STORAGE}),
    ):
        assert expected == tuple(agent_sessions.ends(agents, replace(one, roles=frozenset(roles))))
    both = agent_sessions.ends(agents, replace(one, roles=frozenset({Role.MANAGEMENT, Role.HYPERVISOR})))
    assert SectionCall("agent_sessions", ("s8250", "u8250", "u5672")) == agent_sessions.call(*both)


async def test_heard_is_what_the_server_took() -> None:
    """Last received; while something is unread, nothing newer than when all was read. Unknown before that."""
    well = await poll(capture("server"), now=NOW)
    assert [NOW - 0.352, NOW - 9.356] == [one.heard for one in well.served]
    frozen = await poll(capture("server-frozen"), now=NOW + 15, before=well)
    assert [NOW - 0.352, NOW + 15 - 20.02] == [one.heard for one in frozen.served]
    assert [40, 0] == [one.unread for one in frozen.served]
    unknown = await poll(capture("server-frozen"), now=NOW)
    assert [None, NOW - 20.02] == [one.heard for one in unknown.served]
    still = await poll(capture("server-frozen"), now=NOW + 30, before=frozen)
    assert [[False, False], [True, False]] == [[one.left_unread for one in seen.served] for seen in (frozen, still)]


async def test_acknowledgements_alone_are_no_hearing() -> None:
    """A server that is cut off from its agent's words goes on acknowledging old ones: as long as no byte more is."""
    agent = agent_sessions.CLOUDSTACK_AGENT
    text = (
        "ESTAB 0 40 192.0.2.11:40000 192.0.2.1:8250 mss:1448 rtt:1/1 lastsnd:100 lastack:200 bytes_acked:72 unacked:1\n"
    )

    def at(now: float, text: str, before: AgentHeartbeatReading | None) -> AgentHeartbeatReading:
        return agent_sessions.read(ss.sockets(text), [], [agent], now, lambda: before)

    first = at(NOW, text, None)
    second = at(NOW + 30, text, first)
    third = at(NOW + 60, text.replace("bytes_acked:72", "bytes_acked:80"), second)
    assert [NOW - 0.2, NOW - 0.2, NOW + 59.8] == [one.own[0].heard for one in (first, second, third)]
    old = text.replace(" bytes_acked:72", "")
    assert NOW + 29.8 == at(NOW + 30, old, at(NOW, old, None)).own[0].heard


@pytest.mark.parametrize(
    ("name", "ago"),
    [
        ("server-agent-frozen", 4.508),
        ("server-agent-cut-off", 5.528),
        ("server-agent-unacknowledged", 4.56),  # it hears each word once: what is sent again is nothing new
        ("server-agent-unacknowledged-later", 7.572),
    ],
)
async def test_a_silent_agent_at_its_server(name: str, ago: float) -> None:
    """Whatever silences it, the server's last received grows."""
    assert pytest.approx(NOW - ago) == (await poll(capture(name), now=NOW)).served[0].heard


@pytest.mark.parametrize(
    ("name", "ago"),
    [
        ("agent", 0.368),  # all of it acknowledged: last sent
        ("agent-frozen", 4.5),
        ("agent-unacknowledged", 5.56),  # last acknowledged, though it has just sent again
        ("agent-cut-off", 5.52),  # nothing in flight, but the queue stands: lastsnd moves all the same
        ("agent-server-frozen", 0.504),  # its kernel does not know better
        ("uml-agent", 0.54),
    ],
)
def test_heard_at_the_agents_end(name: str, ago: float) -> None:
    """Never the last received: a frozen agent's kernel receives as well."""
    found = agent_sessions.read(ss.sockets(capture(name)), [], [CLOUDSTACK_AGENT], NOW, lambda: None)
    assert [pytest.approx(NOW - ago)] == [one.heard for one in found.own]
    assert ((), frozenset({AGENT})) == (found.served, found.uses)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("server", {"10.213.0.11"}),
        ("agent", {"10.213.0.12"}),
        ("v6-scope", {"2001:db8::5", "fe80::306c:a6ff:fe3f:f9ac"}),
    ],
)
async def test_the_hosts_own_addresses(name: str, addresses: set[str]) -> None:
    """Those of its sessions' near ends; loopback is everybody's."""
    both = host("all1", "192.0.2.7", Role.MANAGEMENT, Role.HYPERVISOR)
    assert addresses == (await poll(capture(name), both)).addresses


async def test_a_server_that_does_not_run() -> None:
    """Sessions may still stand; nobody listens. A backlog is counted."""
    reading = await poll("ESTAB 0 0 192.0.2.1:8250 192.0.2.11:40000 mss:1448\n", MS1)
    assert [(False, 0)] == [(port.listening, port.queued) for port in reading.ports]
    assert [None] == [one.heard for one in (await poll(NO_TIMES)).served]
    reading = await poll("LISTEN 3 50 *:8250 *:*\nLISTEN 2 50 192.0.2.1:8250 0.0.0.0:*\n")
    assert [(True, 5)] == [(port.listening, port.queued) for port in reading.ports]


NO_TIMES = "ESTAB 0 0 192.0.2.1:8250 192.0.2.11:40000\n\t cubic cwnd:10\n"


def test_the_captures_are_used() -> None:
    """A capture that no test reads would rot."""
    used = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[2].rglob("test_*.py"))
    assert [] == [path.stem for path in CAPTURES.glob("*.txt") if f'"{path.stem}"' not in used]


def test_other_ports_are_nobodys() -> None:
    """Sockets that were not asked for, and states that are none of ours, make no rows."""
    sockets = ss.sockets(capture("server"))
    moved = [replace(one, local_port=22) for one in sockets]
    closing = [replace(one, state="CLOSE-WAIT") for one in sockets]
    found = agent_sessions.read([*moved, *closing], [CLOUDSTACK_AGENT], [CLOUDSTACK_AGENT], NOW, lambda: None)
    assert ((), ()) == (found.served, found.own)


@pytest.mark.parametrize(
    ("hypervisor", "runs"),
    [("", True), ("KVM", True), ("kvm", True), ("LXC", True), ("VMware", False), ("XenServer", False)],
)
def test_hypervisors_that_have_no_agent(hypervisor: str, runs: bool) -> None:  # noqa: FBT001 (a column)
    """The cloud asks some kinds directly; its system VMs have an agent on any."""
    place = Place(hypervisor=hypervisor)
    one = Host("one", "192.0.2.1", roles=frozenset({Role.HYPERVISOR}), place=place)
    assert runs is CLOUDSTACK_AGENT.runs_at(one)
    assert CLOUDSTACK_AGENT.runs_at(replace(one, roles=frozenset({Role.CONSOLE_PROXY})))
    anywhere = AgentDeclaration(name="nova", port=5672, runs_on=("hypervisor",), served_by=("message_bus",))
    assert anywhere.runs_at(one)
    openstacks = replace(one, cloud_kind=CloudKind.OPENSTACK)
    assert (True, False) == (anywhere.runs_at(openstacks), CLOUDSTACK_AGENT.runs_at(openstacks))
