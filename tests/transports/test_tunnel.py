"""Ports seen from a host, through its SSH connection: the same states, nothing left there, and nobody else held up."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import Counters, PortState, Talk
from cs_exporter.transports.local import LocalConnector
from cs_exporter.transports.shell import HostShell
from cs_exporter.transports.tunnel import HostTunnel
from tests.lab import faults, peers
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.netns import TEST
from tests.lab.wait import wait_until, wait_until_async
from tests.transports.hosts import FORCED, SCRIPT, Exporter, exporter
from tests.transports.test_dial_socket import block
from tests.transports.test_ssh_socket import says
from tests.transports.tls_peer import serving, tls_server

pytestmark = pytest.mark.lab

CONNECT, LISTEN = Talk(), Talk(b"\r\n", listen=True)
PORTS = {"mute": 8001, "web_server": 8002, "hang_up": 8004}
NOBODY = 8005
SILENT = range(8101, 8117)


@pytest.fixture(scope="module")
def there(lab: Lab) -> Iterator[LabHost]:
    """The destination: a host on which peers of every manner listen."""
    (made,) = lab.add_hosts([HostSpec("there")])
    for manner, port in PORTS.items():
        made.spawn([sys.executable, "-S", peers.__file__, manner, made.address, str(port)], manner)
    wait_until(lambda: all(map(made.listens, PORTS.values())), what="the peers to listen")
    yield made
    lab.remove_host(made)


@pytest.fixture(scope="module")
def here(lab: Lab, there: LabHost) -> Iterator[dict[str, LabHost]]:
    """Hosts to look from: one that forwards, one that does not, and one that forwards to one destination only."""
    only = HostSpec("only", force_command="sh /etc/collector", permit_open=[f"{there.address}:8001"])
    no = HostSpec("no", sshd_options=["AllowTcpForwarding no"])
    made = lab.add_hosts([HostSpec("from"), no, only])
    made[2].write("/etc/collector", SCRIPT.text)
    yield {host.name: host for host in made}
    for host in made:
        lab.remove_host(host)


@asynccontextmanager
async def tunnels(lab: Lab, host: LabHost) -> AsyncIterator[tuple[Exporter, HostTunnel]]:
    """The way through a host, as an exporter has it that is there only for that."""
    async with exporter(lab) as one:
        shell = one.add(host, one.target(mode=FORCED) if host.spec.force_command else None)
        yield one, HostTunnel(shell, time, one.counters)


def sockets(host: LabHost, port: int | None = None) -> list[str]:
    """The connections of a host's own making, to that port if it is given."""
    lines = [line.split() for line in host.sockets()]
    made = [
        " ".join(line) for line in lines if line[0] == "tcp" and not line[4].endswith(":22") and line[1] != "LISTEN"
    ]
    found = [line for line in made if not line.split()[5].endswith(":*")]
    return [line for line in found if port is None or line.split()[5].endswith(f":{port}")]


@pytest.mark.parametrize(
    ("port", "talk", "state", "said"),
    [
        (8001, CONNECT, PortState.OPEN, "accepted"),
        (22, Talk(listen=True), PortState.OPEN, "SSH-2.0"),
        (NOBODY, CONNECT, PortState.REFUSED, "nobody listens, seen from the host"),
        (PORTS["web_server"], LISTEN, PortState.OPEN, "HTTP/1.1 400"),
        (PORTS["mute"], replace(LISTEN, tls=True), PortState.MUTE, "never said a word"),
        (PORTS["mute"], LISTEN, PortState.MUTE, "never said a word"),
        (PORTS["hang_up"], LISTEN, PortState.RESET, "before its first word"),
    ],
)
async def test_peers(
    lab: Lab, here: dict[str, LabHost], there: LabHost, port: int, talk: Talk, state: PortState, said: str
) -> None:
    """The states that the exporter sees itself, with the time it took; nothing stays behind on either host."""
    async with tunnels(lab, here["from"]) as (one, tunnel):
        dial = await tunnel.dial(there.address, port, talk, 0.8)
        assert (state, True) == (dial.state, said in dial.detail), dial
        assert (state is not PortState.REFUSED) is (dial.connect_seconds is not None)
        assert (dial.connect_seconds or 0) < 0.5
        assert 1 == one.counters.ssh_handshakes
        await wait_until_async(lambda: not sockets(here["from"], port) or "WAIT" in sockets(here["from"], port)[0])


@pytest.mark.parametrize(
    ("refusal", "state", "said"),
    [
        ("tcp reset", PortState.REFUSED, "refused"),
        ("icmp port-unreachable", PortState.REFUSED, "refused"),
        ("icmp admin-prohibited", PortState.FILTERED, "No route to host, seen from the host"),
    ],
)
async def test_rejections(
    lab: Lab, here: dict[str, LabHost], there: LabHost, refusal: faults.Refusal, state: PortState, said: str
) -> None:
    """What the host's kernel was told, as far as its SSH server passes it on."""
    with faults.rejected(there, 8001, refusal):
        async with tunnels(lab, here["from"]) as (_, tunnel):
            dial = await tunnel.dial(there.address, 8001, CONNECT, 1.5)
    assert (state, True) == (dial.state, said in dial.detail), dial


async def test_forbidden(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """Where the host forwards nothing, or not to there, the line says what to allow; what is allowed works."""
    async with tunnels(lab, here["no"]) as (_, tunnel):
        with pytest.raises(UnsupportedError, match="AllowTcpForwarding local"):
            await tunnel.dial(there.address, 8001, CONNECT, 2)
    async with tunnels(lab, here["only"]) as (_, tunnel):
        with pytest.raises(UnsupportedError, match=f'permitopen="{there.address}:8002"'):
            await tunnel.dial(there.address, 8002, CONNECT, 2)
        assert PortState.OPEN is (await tunnel.dial(there.address, 8001, CONNECT, 2)).state


async def test_the_exporters_own_machine() -> None:
    """It is not asked over SSH; its vantage is the exporter's."""
    shell = HostShell(LocalConnector(SCRIPT.text.encode(), time, Counters()), time, 1.0)
    with pytest.raises(UnsupportedError, match="not asked over SSH"):
        await HostTunnel(shell, time, Counters()).dial("127.0.0.1", 22, CONNECT, 5)
    await shell.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls(lab: Lab, here: dict[str, LabHost], tmp_path: Path, version: ssl.TLSVersion) -> None:
    """An expired certificate and the first byte behind it are seen through a host as well."""
    context, address = serving(tmp_path, 1e9, version=version), lab.network.lan.address(TEST)
    async with tls_server(context, says(b"hello"), address) as port, tunnels(lab, here["from"]) as (_, tunnel):
        dial = await tunnel.dial(address, port, Talk(b"hello?", listen=True, tls=True, server_name="kvm1"), 3)
        assert (PortState.OPEN, b"hello", 1e9, None) == (dial.state, dial.first_bytes, dial.not_after, dial.tls_error)
        assert dial.connect_seconds is not None


async def test_no_name_reaches_the_host(lab: Lab, here: dict[str, LabHost]) -> None:
    """Its SSH server would look it up, and answer nobody meanwhile: names are ours to find."""
    async with tunnels(lab, here["from"]) as (one, tunnel):
        with pytest.raises(ProbeFailed) as caught:
            await tunnel.dial("no-such-host.invalid", 22, CONNECT, 3)
        assert (Reason.UNREACHABLE, True, 0) == (caught.value.reason, caught.value.ours, one.counters.tunnels)


def asking(host: LabHost) -> list[str]:
    """The connection requests of a host that have no answer."""
    return host.run(["ss", "-Htn", "state", "syn-sent"], check=True).stdout.splitlines()


async def test_asked_for_until_the_host_gives_up(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """A silent destination has one request, however often it is looked at or given up; it heals, or ends, by itself."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel):
        assert await one.works("from")
        with faults.dropped(there, 8001):
            given_up = asyncio.create_task(tunnel.dial(there.address, 8001, CONNECT, 30))
            await wait_until_async(lambda: asking(host))
            given_up.cancel()
            first = await tunnel.dial(there.address, 8001, CONNECT, 0.8)
            again = await asyncio.gather(*(tunnel.dial(there.address, 8001, CONNECT, 0.8) for _ in range(3)))
            assert {PortState.FILTERED} == {dial.state for dial in (first, *again)}
            assert "no answer to the host's connection request since" in again[0].detail
            assert (1, 1, True) == (one.counters.tunnels, len(asking(host)), await one.works("from"))
            began = time.monotonic()
            await tunnel.dial(there.address, 8001, CONNECT, 0.8)
            assert time.monotonic() - began < 0.6
        await wait_until_async(lambda: not asking(host), 20, "the next repetition to be answered")
        await wait_until_async(lambda: not [line for line in sockets(host, 8001) if "ESTAB" in line], what="none kept")
        assert PortState.OPEN is (await tunnel.dial(there.address, 8001, CONNECT, 2)).state
        assert 2 == one.counters.tunnels


@contextmanager
def hasty(host: LabHost) -> Iterator[None]:
    """The host's kernel gives a connection request up after about three seconds."""
    keys = ("net.ipv4.tcp_syn_retries", "net.ipv4.tcp_syn_linear_timeouts")  # the second one is Linux 6.5's
    before = host.namespace.run(["sysctl", "-e", *keys]).replace(" ", "").split()
    host.namespace.run(["sysctl", "-qew", f"{keys[0]}=1", f"{keys[1]}=0"])
    try:
        yield
    finally:
        host.namespace.run(["sysctl", "-qew", *before])


async def test_the_host_gives_up(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """What its kernel says in the end is told, and makes room."""
    async with tunnels(lab, here["from"]) as (one, tunnel):
        with hasty(here["from"]), faults.dropped(there, 8001):
            ended = await tunnel.dial(there.address, 8001, CONNECT, 15)
            assert (PortState.FILTERED, True) == (ended.state, "until the kernel gave up" in ended.detail), ended
            await tunnel.dial(there.address, 8001, CONNECT, 0.5)
            assert 2 == one.counters.tunnels


async def test_many_silent_ones(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """Eight silent destinations hold up neither others, nor the collector; twice as many leave no room for more."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel), AsyncExitStack() as stack:
        assert await one.works("from")
        for port in SILENT:
            stack.enter_context(faults.dropped(there, port))
        half = SILENT[: len(SILENT) // 2]
        asked = asyncio.gather(*(tunnel.dial(there.address, port, CONNECT, 3) for port in (*half, 8001, 22)))
        worst = 0.0
        while not asked.done():
            began = time.monotonic()
            assert await one.works("from")
            worst = max(worst, time.monotonic() - began)
            await asyncio.sleep(0.05)
        assert worst < 0.5
        states = [dial.state for dial in await asked]
        assert [PortState.FILTERED] * len(half) + [PortState.OPEN] * 2 == states
        assert len(half) == len(asking(host))
        assert PortState.REFUSED is (await tunnel.dial(there.address, NOBODY, CONNECT, 1)).state
        await asyncio.gather(*(tunnel.dial(there.address, port, CONNECT, 1) for port in SILENT))
        assert len(SILENT) == len(asking(host))
        with pytest.raises(ProbeFailed) as caught:
            await tunnel.dial(there.address, 8001, CONNECT, 0.5)
        assert (Reason.EXHAUSTED, True) == (caught.value.reason, caught.value.ours)
        assert await one.works("from")
    await wait_until_async(lambda: not asking(host), what="the host to forget them with the SSH connection")


async def test_the_ssh_connection_breaks_meanwhile(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """That is no answer of the destination's; with the next connection everything begins anew."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel):
        assert await one.works("from")
        with faults.dropped(there, 8001):
            pending = asyncio.create_task(tunnel.dial(there.address, 8001, CONNECT, 30))
            waiting = asyncio.create_task(tunnel.dial(there.address, 8002, Talk(listen=True), 30))
            await wait_until_async(lambda: asking(host) and sockets(host, 8002))
            host.sshd.restart()
            ended = await asyncio.gather(pending, waiting, return_exceptions=True)
            assert [Reason.RESET] * 2 == [one.reason for one in ended if isinstance(one, ProbeFailed)]
            assert not asking(host)
        await wait_until_async(partial(one.works, "from"), what="a new connection")
        assert PortState.OPEN is (await tunnel.dial(there.address, 8001, CONNECT, 2)).state


async def test_a_host_that_is_silent_itself(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """Its silence is not the destination's, and it gives no verdict on that."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel):
        assert await one.works("from")
        waiting = asyncio.create_task(tunnel.dial(there.address, 8001, LISTEN, 1.2))
        await wait_until_async(lambda: sockets(host, 8001))
        host.sshd.freeze(listener=False)
        try:
            ended = await asyncio.gather(waiting, tunnel.dial(there.address, 8002, CONNECT, 1), return_exceptions=True)
        finally:
            host.sshd.thaw()
        assert [Reason.TIMEOUT] * 2 == [failure.reason for failure in ended if isinstance(failure, ProbeFailed)]


async def test_nothing_grows_on_the_host(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """Its SSH server has as many descriptors as before, and no process is started there."""
    host = here["from"]
    async with tunnels(lab, host) as (one, tunnel):
        assert await one.works("from")
        await tunnel.dial(there.address, 8001, CONNECT, 2)
        before, processes = opened(host), len(host.pids())
        for talk in (CONNECT, replace(LISTEN, listen=False), Talk(tls=True)):
            await asyncio.gather(*(tunnel.dial(there.address, port, talk, 1) for port in (8001, 8002, 8004, NOBODY)))
        await wait_until_async(lambda: opened(host) == before, what="no descriptor more")
        assert (processes, 1) == (len(host.pids()), one.counters.ssh_handshakes)


def opened(host: LabHost) -> int:
    """Descriptors of the host's SSH sessions."""
    return sum(len(list(Path(f"/proc/{process.pid}/fd").iterdir())) for process in host.sshd.sessions())


async def test_a_blocked_event_loop(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """An answer that waits for us is no slow connection, whenever it came."""
    loop = asyncio.get_running_loop()

    def later(turns: int) -> None:
        if turns:
            loop.call_soon(later, turns - 1)
        else:
            block(0.3)

    async with tunnels(lab, here["from"]) as (one, tunnel):
        assert await one.works("from")
        await tunnel.dial(there.address, 8001, CONNECT, 2)
        for turns in range(6):
            loop.call_soon(later, turns)
            dial = await tunnel.dial(there.address, 8001, CONNECT, 2)
            assert dial.connect_seconds is not None
            assert dial.connect_seconds < 0.1, turns
