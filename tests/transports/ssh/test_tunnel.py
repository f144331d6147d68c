"""Ports seen from a host, through its SSH connection: the same states, nothing left there, and nobody else held up."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import Counters, PortState, Talk
from cs_exporter.transports.collector.local import LocalConnector
from cs_exporter.transports.collector.shell import HostShell
from cs_exporter.transports.ssh.tunnel import HostTunnel
from tests.lab import faults
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.netns import TEST
from tests.lab.wait import wait_until_async
from tests.transports.dial.test_attempt import block
from tests.transports.dial.tls_peer import serving, tls_server
from tests.transports.ssh.hosts import SCRIPT, exporter
from tests.transports.ssh.test_greeting import says
from tests.transports.ssh.tunnelled import CONNECT, LISTEN, NOBODY, PORTS, destination, sockets, tunnels, vantages

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def there(lab: Lab) -> Iterator[LabHost]:
    """The destination."""
    with destination(lab) as made:
        yield made


@pytest.fixture(scope="module")
def here(lab: Lab, there: LabHost) -> Iterator[dict[str, LabHost]]:
    """Hosts to look from: "from" forwards, "no" does not, "only" to one destination."""
    with vantages(lab, there) as made:
        yield made


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
            assert dial.connect_seconds < 0.2, turns


LAG = 0.05


@asynccontextmanager
async def far(host: LabHost) -> AsyncIterator[int]:
    """A way to a host's sshd on which everything takes LAG seconds; the port of ours where it begins."""
    loop = asyncio.get_running_loop()

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            loop.call_later(LAG, writer.write, data)
        loop.call_later(LAG, writer.close)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection(host.address, host.port)
        await asyncio.gather(passed_on(reader, ahead), passed_on(behind, writer), return_exceptions=True)

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def test_a_host_far_away(lab: Lab, here: dict[str, LabHost], there: LabHost) -> None:
    """The way to the host is no part of the way from the host."""
    async with far(here["from"]) as port, exporter(lab) as one:
        target = one.target(port=port, verify_host_key=False)
        one.shells["from"] = HostShell(one.connector("from", "127.0.0.1", target), time, 1.0)
        tunnel = HostTunnel(one.shells["from"], time, one.counters)
        assert await one.works("from")
        dials = [await tunnel.dial(there.address, 8002, talk, 3) for talk in (CONNECT, CONNECT, LISTEN)]
        times = [dial.connect_seconds for dial in dials] + [dials[-1].first_byte_seconds]
        assert all(seconds is not None and seconds < 1.8 * LAG for seconds in times), times
        await one.close()
