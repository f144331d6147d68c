"""Collectors over SSH on real hosts: in and out again, keys, forced commands, and the pace of handshakes.

How hosts fail is in `test_ssh_faults.py`.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from cs_exporter.model import CollectorMode, ProbeFailed, Reason
from cs_exporter.ports import AnswerState, SectionCall
from cs_exporter.spec import Section
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.collector.session import CollectorSession
from cs_exporter.transports.collector.shell import HostShell
from cs_exporter.transports.ssh.pacer import SILENCE
from tests.lab import fair, faults
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.wait import wait_until_async
from tests.transports.collector.test_collector_end import hurried
from tests.transports.ssh.hosts import RETRY_CAP, SCRIPT, SECTIONS, SHOW, Exporter, exporter

GIVEN_UP = 60
INSTALLED = "/opt/cs_exporter/collector"
OLDER = assemble([*SECTIONS[:1], Section("old", "echo old")])


@pytest.fixture(scope="module")
def forced(lab: Lab) -> Iterator[LabHost]:
    """A host whose account can run nothing but an installed collector, an older one than ours."""
    (host,) = lab.add_hosts([HostSpec("forced", force_command=f"exec sh {INSTALLED}")])
    host.write(INSTALLED, OLDER.text)
    yield host
    lab.remove_host(host)


async def left(one: Exporter, *hosts: LabHost) -> None:
    """Close; then no process or file of the account is on any host."""
    await one.close()
    await wait_until_async(
        lambda: not [line for host in hosts for line in host.processes("csmon")], what="no process left"
    )
    assert [] == [line for host in hosts for line in host.files("csmon")]


@pytest.mark.lab
async def test_all_hosts_answer_and_nothing_is_left(lab: Lab) -> None:
    """Whatever their shell: one handshake each, the answer, a clock near ours, and no trace afterwards."""
    hosts = [lab.hosts[name] for name in ("h1", "h2", "h3", "h4", "h6")]
    async with exporter(lab, *hosts) as one:
        for _ in range(2):
            found = await asyncio.gather(*(shell.ask(SHOW) for shell in one.shells.values()))
            assert ["<hello>\n"] * len(hosts) == [answers[SHOW].text() for answers in found]
            assert max(abs(answers.clock.skew) for answers in found) < 0.5
        assert len(hosts) == one.counters.ssh_handshakes
        assert {SCRIPT.hash} == {
            shell.session.hello.hash for shell in one.shells.values() if shell.session and shell.session.hello
        }
        await left(one, *hosts)


@pytest.mark.lab
async def test_leaving_in_mid_answer_leaves_nothing(lab: Lab) -> None:
    """Closing while a worker sleeps and a section writes without end ends both on the host."""
    host = lab.hosts["h2"]
    async with exporter(lab, host) as one:
        shell = one.shells["h2"]
        nap = asyncio.create_task(shell.ask(SectionCall("nap", ("60",), 60)))
        await wait_until_async(lambda: any("sleep 60" in line for line in host.processes()))
        endless = asyncio.create_task(shell.ask(SectionCall("zeros")))
        # Seen by its bytes: the process may be gone again before anybody looks, cut off at the bound of an answer.
        before = one.counters.answer_bytes
        await wait_until_async(lambda: one.counters.answer_bytes > before + 10_000)
        await left(one, host)
        ended = await asyncio.gather(nap, endless, return_exceptions=True)
    assert all(isinstance(each, ProbeFailed | asyncio.CancelledError) for each in ended)


@pytest.mark.lab
async def test_a_login_that_is_given_up_closes_its_socket(lab: Lab) -> None:
    """At whatever moment: a reload gives up those of hosts that left, and an outage all of them again and again."""
    host = lab.hosts["h2"]
    async with exporter(lab, host) as one:
        gc.collect()
        before = descriptors()
        for moment in range(GIVEN_UP):
            login = asyncio.ensure_future(one.connector("h2", host.address)())
            await asyncio.wait({login}, timeout=moment * 0.001)
            login.cancel()
            [result] = await asyncio.gather(login, return_exceptions=True)
            if isinstance(result, CollectorSession):
                result.lost(ProbeFailed(Reason.RESET, "the test has seen enough"))
            await wait_until_async(lambda: descriptors() <= before, what=f"no descriptor left, {moment} ms after")
        await left(one, host)


def descriptors() -> int:
    """Files and sockets that this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.lab
async def test_a_session_that_the_network_lost_ends_by_itself(lab: Lab) -> None:
    """A host that never hears of our leaving is left by its collector's watchdog, and so by sshd."""
    host = lab.hosts["h1"]
    async with exporter(lab, host) as one:
        script = hurried(SCRIPT.text, 0.5)
        session = await one.connector("h1", host.address, script=script)()
        with faults.dropped(host):
            session.lost(ProbeFailed(Reason.RESET, "the cable was cut"))
            await wait_until_async(lambda: not any("sh -s" in line for line in host.processes()), 10)
        await left(one, host)


@pytest.mark.lab
async def test_a_forced_command_is_asked_and_sent_nothing(lab: Lab, forced: LabHost) -> None:
    """The installed collector answers; that it is another one than ours shows; what it does not know is unsupported."""
    async with exporter(lab) as one:
        shell = one.add(forced, one.target(mode=CollectorMode.FORCED))
        old, size = SectionCall("old"), SectionCall("size", ("/",), 1)
        found = await shell.ask(SHOW, old, size)
        assert ["<hello>\n", "old\n"] == [found[SHOW].text(), found[old].text()]
        assert AnswerState.UNSUPPORTED is found[size].state
        assert shell.session is not None
        assert shell.session.hello is not None
        assert (OLDER.hash, frozenset({"show", "old"})) == (shell.session.hello.hash, shell.session.hello.names)
        assert OLDER.hash != SCRIPT.hash
        assert one.counters.request_bytes < 100
        await left(one, forced)


@pytest.mark.lab
async def test_a_forced_command_is_the_only_one(lab: Lab, forced: LabHost) -> None:
    """With that key nothing else can be run, no file fetched and no port forwarded."""
    async with lab.connect(forced) as connection:
        done = await connection.run("id; touch /tmp/was-here", input="\n", check=False)
        assert "uid=" not in repr((done.stdout, done.stderr))
        assert not forced.path("/tmp/was-here").exists()  # noqa: S108 (a file of the host)
        with pytest.raises((asyncssh.Error, OSError)):
            await connection.start_sftp_client()
        with pytest.raises((asyncssh.Error, OSError)):
            await connection.open_connection("127.0.0.1", 22)


NAMELESS = """
import os
os.setresuid(54321, 0, 0)  # as if started by somebody without a name; a chroot has no name space of users to try it in
import asyncio, sys, time
from cs_exporter.model import Host, SshTarget
from cs_exporter.ports import Counters
from cs_exporter.transports.ssh.pacer import HandshakePacer
from cs_exporter.transports.ssh.connector import KeyFiles, SshConnector
host = Host("kvm1", "127.0.0.1", ssh=SshTarget(port=int(sys.argv[1]), verify_host_key=False))
try:
    asyncio.run(SshConnector(host, b"", KeyFiles(), HandshakePacer(1, 1.0), time, Counters())())
except Exception as error:
    print(error)
"""


@pytest.mark.lab
@pytest.mark.parametrize("environment", [{}, {"USER": ""}], ids=["nothing", "an empty name"])
def test_an_account_without_a_name_may_run_it(environment: dict[str, str]) -> None:
    """A container's user need be in no passwd file and have no home: the login goes as far as the host lets it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        port = str(listener.getsockname()[1])
        nameless = (sys.executable, "-c", NAMELESS, port)
        child = subprocess.Popen(nameless, stdout=subprocess.PIPE, env=environment)
        with listener.accept()[0] as peer:
            peer.sendall(b"SSH-2.0-none\r\n")
            peer.recv(4096)
        said, _ = child.communicate(timeout=20)
    assert "reset: 127.0.0.1 port" in said.decode()


HANGING = 24


@pytest.mark.lab
async def test_hosts_that_hang_starve_nobody(lab: Lab) -> None:
    """Two slots, and two dozen hosts that greet and then hang: a healthy host is let in long before they give up."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
        await reader.read()
        writer.close()

    async with exporter(lab, lab.hosts["h1"]) as one, await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        one.pacer.change(2, 1000.0)
        target = one.target(port=server.sockets[0].getsockname()[1], verify_host_key=False, connect_timeout=20)
        hung = [asyncio.create_task(one.connector(f"b{n}", "127.0.0.1", target)()) for n in range(HANGING)]
        await wait_until_async(lambda: one.counters.ssh_handshakes >= 2)
        one.shells["h1"] = HostShell(one.connector("h1", lab.hosts["h1"].address, one.target()), time, RETRY_CAP)
        began = fair.seconds()
        assert await one.works("h1")
        assert fair.seconds() - began < (HANGING / 2 + 2) * SILENCE
        for task in hung:
            task.cancel()
        await asyncio.gather(*hung, return_exceptions=True)
