"""Ways in which a host fails under the transport, all at the same time on different hosts, and how each heals.

Those which the daemon's own test has (`tests/live/test_ssh_faults.py`) are not repeated here.
"""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

import pytest

from cs_exporter.model import Login, ProbeFailed, Reason
from cs_exporter.ports import SectionCall
from cs_exporter.transports.collector.session import END_GRACE
from tests.lab import fair, faults
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.processes import Process, kill_and_wait, signal_all
from tests.lab.wait import wait_until_async
from tests.transports.ssh.hosts import CONNECT_TIMEOUT, SHOW, Exporter, exporter

pytestmark = pytest.mark.lab

HEALTHY = "well"


@contextmanager
def starved(host: LabHost) -> Iterator[None]:
    """All unauthenticated connections that sshd allows are taken by clients that never log in."""
    with ExitStack() as held:
        for _ in range(2):
            one = held.enter_context(socket.create_connection((host.address, host.port), timeout=2))
            one.recv(16)
        yield


@contextmanager
def option(host: LabHost, line: str) -> Iterator[None]:
    """Sshd runs with one line of settings more; established sessions have ended."""
    path = host.path("/etc/ssh/sshd_config")
    settings = path.read_text()
    path.write_text(f"{line}\n{settings}")
    host.sshd.restart()
    try:
        yield
    finally:
        path.write_text(settings)
        host.sshd.restart()


@contextmanager
def no_room(host: LabHost) -> Iterator[None]:
    """MaxStartups of two, both taken."""
    with option(host, "MaxStartups 2:100:2"), starved(host):
        yield


REFUSING: dict[str, tuple[Callable[[LabHost], AbstractContextManager[object]], tuple[Reason, ...], str]] = {
    "unplugged": (faults.unplugged, (Reason.UNREACHABLE,), "port 22: "),
    "prohibited": (
        partial(faults.rejected, port=22, refusal="icmp admin-prohibited"),
        (Reason.UNREACHABLE,),
        "No route",
    ),
    "portless": (partial(faults.rejected, port=22, refusal="icmp port-unreachable"), (Reason.REFUSED,), "refused"),
    "stopped": (lambda host: faults.stopped(host.sshd), (Reason.REFUSED,), "refused"),
    "locked": (faults.account_locked, (Reason.DENIED,), "'csmon' is not let in"),
    "mute": (partial(faults.replaced_by, manner="mute"), (Reason.MUTE,), "never said a word"),
    "nonsense": (partial(faults.replaced_by, manner="garbage"), (Reason.UNPARSABLE,), "not an SSH server"),
    "lines": (partial(faults.replaced_by, manner="endless_lines"), (Reason.UNPARSABLE,), "not an SSH server"),
    "line": (partial(faults.replaced_by, manner="endless_line"), (Reason.UNPARSABLE,), "not an SSH server"),
    "crowded": (no_room, (Reason.EXHAUSTED, Reason.RESET), "MaxStartups"),
    "sessionless": (partial(option, line="MaxSessions 0"), (Reason.EXHAUSTED,), "MaxSessions"),
    "silent": (partial(faults.login_shell, script="exec cat >/dev/null"), (Reason.TIMEOUT,), "no hello from"),
    "babbling": (
        partial(faults.login_shell, script="echo no shell here >&2; exit 7"),
        (Reason.COMMAND,),
        "no shell here",
    ),
    "forging": (partial(faults.login_shell, script="printf '\\036what?\\n'; cat"), (Reason.UNPARSABLE,), "not a frame"),
}
"""Host -> the fault that keeps one out, the reason that it has, and part of the detail."""

BREAKING = ("frozen", "vanishing", "restarting", "flooding", "killed", "stuck", "half")
"""Hosts whose faults hit an established session."""


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Iterator[dict[str, LabHost]]:
    """A host for each fault, and a healthy one."""
    added = lab.add_hosts([HostSpec(name) for name in (HEALTHY, *REFUSING, *BREAKING)])
    yield {host.name: host for host in added}
    for host in added:
        lab.remove_host(host)


async def slowest(one: Exporter, until: asyncio.Task[object]) -> float:
    """The longest that the healthy host took, asked over and over until that task is done."""
    worst = 0.0
    while not until.done():
        began = fair.seconds()
        assert await one.works(HEALTHY)
        worst = max(worst, fair.seconds() - began)
        await asyncio.sleep(0.02)
    return worst


async def left(one: Exporter, hosts: list[LabHost]) -> None:
    """Close; then no process or file of the account is on any host."""
    await one.close()
    await wait_until_async(lambda: not [line for host in hosts for line in host.processes("csmon")], what="none left")
    assert [] == [line for host in hosts for line in host.files("csmon")]


async def test_what_keeps_one_out(lab: Lab, hosts: dict[str, LabHost]) -> None:
    """Each fault has its reason and detail, in the connection's time; the healthy host stays quick; all heal."""
    mine = [hosts[name] for name in (HEALTHY, *REFUSING)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with exporter(lab, *mine) as one:
        assert await one.works(HEALTHY)
        with ExitStack() as broken:
            for name, (fault, _, _) in REFUSING.items():
                broken.enter_context(fault(hosts[name]))
            began = fair.seconds()
            asked = asyncio.gather(*(one.failure(name) for name in REFUSING))
            worst = await slowest(one, asyncio.ensure_future(asyncio.shield(asked)))
            failures = dict(zip(REFUSING, await asked, strict=True))
            assert fair.seconds() - began < CONNECT_TIMEOUT + 2
        for name, (_, reasons, said) in REFUSING.items():
            failure = failures[name]
            assert failure is not None, name
            assert failure.reason in reasons, (name, failure)
            assert said in failure.detail, (name, failure)
            assert (Login.FRESH if name == "silent" else Login.AHEAD) is failure.login, (name, failure)
        assert worst < 1
        for name in REFUSING:
            await wait_until_async(partial(one.works, name), 5, f"{name} to heal")
        await left(one, mine)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def collectors(host: LabHost) -> list[Process]:
    """The collectors on a host, watchdogs and supervisors included."""
    return [process for process in host.pids() if process.command.startswith("sh -s")]


def kill_all(host: LabHost) -> None:
    """Kill all that the account runs, the collector first; sshd stays."""
    mine = collectors(host)
    signal_all(mine, signal.SIGKILL)
    kill_and_wait(lambda: [one for one in host.pids() if one.uid == mine[0].uid and one.name != "sshd"])


@contextmanager
def stuck(host: LabHost) -> Iterator[None]:
    """The collector itself does not run."""
    held = collectors(host)
    signal_all(held, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(held, signal.SIGCONT)


async def test_what_breaks_a_session(lab: Lab, hosts: dict[str, LabHost]) -> None:
    """A session that is lost says how, in its time; the next question makes a new one; nothing is left of the old."""
    mine = [hosts[name] for name in (HEALTHY, *BREAKING)]
    async with exporter(lab, *mine) as one:
        for name in (HEALTHY, *BREAKING):
            assert await one.works(name), name
        with ExitStack() as broken:
            hosts["frozen"].sshd.freeze(listener=False)
            broken.callback(hosts["frozen"].sshd.thaw)
            broken.enter_context(faults.dropped(hosts["vanishing"]))
            broken.enter_context(stuck(hosts["stuck"]))
            asked = {
                "frozen": one.failure("frozen"),
                "vanishing": one.failure("vanishing"),
                "stuck": one.failure("stuck"),
                "restarting": broken_by(one, hosts["restarting"], hosts["restarting"].sshd.restart),
                "flooding": one.failure("flooding", SectionCall("zeros")),
                "killed": broken_by(one, hosts["killed"], lambda: kill_all(hosts["killed"])),
                "half": broken_by(
                    one, hosts["half"], lambda: signal_all(hosts["half"].sshd.sessions(), signal.SIGKILL)
                ),
            }
            began = fair.seconds()
            all_asked = asyncio.gather(*asked.values())
            worst = await slowest(one, asyncio.ensure_future(asyncio.shield(all_asked)))
            failures = dict(zip(asked, await all_asked, strict=True))
            assert fair.seconds() - began < END_GRACE + 1
            again = await one.failure("vanishing")
            for name in ("frozen", "stuck"):
                await wait_until_async(partial(one.works, name), 5, f"{name}: a new session while the old one hangs")
        slow, gone = Reason.TIMEOUT, Reason.RESET
        expected = {"frozen": slow, "vanishing": slow, "stuck": slow, "restarting": gone, "killed": gone, "half": gone}
        assert {**expected, "flooding": Reason.UNPARSABLE} == {
            name: found.reason for name, found in failures.items() if found
        }
        assert {slow: Login.PAST, gone: Login.PAST, Reason.UNPARSABLE: Login.AHEAD} == {
            found.reason: found.login for found in failures.values() if found
        }
        assert again is not None
        assert Reason.UNREACHABLE is again.reason
        assert worst < 1
        for name in BREAKING:
            await wait_until_async(partial(one.works, name), 5, f"{name} to heal")
        # The vanished host never heard that its first session was over; its collector's watchdog is in test_ssh.py.
        hosts["vanishing"].sshd.stop()
        hosts["vanishing"].sshd.start()
        await left(one, mine)


async def broken_by(one: Exporter, host: LabHost, breaks: Callable[[], object]) -> ProbeFailed | None:
    """What a long question fails with when that happens in the middle of it."""
    asked = asyncio.create_task(one.failure(host.name, SectionCall("nap", ("60",), 60)))
    await wait_until_async(lambda: any("sleep 60" in line for line in host.processes("csmon")))
    await asyncio.to_thread(breaks)
    return await asked


async def test_large_packets_lost_on_the_way(lab: Lab, hosts: dict[str, LabHost]) -> None:
    """A black hole hits the key exchange of a new connection, and says so; an established one goes on."""
    host = hosts[HEALTHY]
    async with exporter(lab, host) as one, exporter(lab, host) as newcomer:
        assert await one.works(HEALTHY)
        with faults.small_path(host):
            failure = await newcomer.failure(HEALTHY)
            assert await one.works(HEALTHY)
        assert failure is not None
        assert (Reason.TIMEOUT, True) == (failure.reason, "path-MTU black hole" in failure.detail)
        await wait_until_async(partial(newcomer.works, HEALTHY), 5)
        assert (await one.shells[HEALTHY].ask(SHOW))[SHOW].text() == "<hello>\n"
