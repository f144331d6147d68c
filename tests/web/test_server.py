"""Listening: addresses, TLS, clients that say nothing, reload without a refused connection, and a quick end."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from pathlib import Path

import aiohttp
import bcrypt
import pytest

from cs_exporter.config.errors import ConfigError
from cs_exporter.web import server as server_module
from cs_exporter.web.options import WebOptions, web_options
from cs_exporter.web.server import WebServer
from tests.lab.wait import wait_until_async
from tests.web.support import LOCAL, Certified, StubDaemon, certificate, client, running, serving

CLIENT_FAULTS = (aiohttp.ClientError, ConnectionError, ssl.SSLError)


def trusting(authority: Certified, own: Certified | None = None) -> ssl.SSLContext:
    """What a client needs that trusts one authority, and shows a certificate if it has one."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if own:
        context.load_cert_chain(own.certificate, own.key)
    return context


def secured(folder: Path, more: str = "") -> WebOptions:
    """A server with the certificate `server`, and more in its TLS section."""
    file = folder / "web.yml"
    file.write_text(f"tls_server_config: {{cert_file: server.crt, key_file: server.key{more}}}\n")
    return web_options(LOCAL, file)


async def status(server: WebServer, tls: ssl.SSLContext | None = None) -> int:
    """What a new client gets for /-/healthy."""
    async with client(f"{server.scheme}://{server.addresses[0]}", tls) as asking:
        return (await asking.ask("/-/healthy")).status


async def test_several_addresses_are_listened_on_at_once() -> None:
    """IPv4 and IPv6, each by its own flag."""
    async with running(StubDaemon(), web_options(("127.0.0.1:0", "[::1]:0"))) as server:
        assert ["127.0.0.1:", "[::1]:"] == [address[: address.rindex(":") + 1] for address in server.addresses]
        for address in server.addresses:
            async with client(f"http://{address}") as asking:
                assert 200 == (await asking.ask("/-/healthy")).status


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:{taken}", "is in use; stop the program that listens there, or choose another port"),
        ("192.0.2.1:0", "is no address of this machine; choose one that is"),
        ("no-such-name.invalid:0", "can't be listened on ("),
    ],
)
async def test_an_address_that_cannot_be_had_is_one_line(address: str, message: str) -> None:
    """It names the flag and the mend, and the addresses before it are let go of."""
    with socket.create_server(("127.0.0.1", 0)) as holder, socket.create_server(("127.0.0.1", 0)) as spare:
        address = address.format(taken=holder.getsockname()[1])
        free = f"127.0.0.1:{spare.getsockname()[1]}"
        spare.close()
        server = WebServer(StubDaemon(), web_options((free, address)))
        with pytest.raises(ConfigError) as refused:
            await server.start()
        assert refused.value.line().startswith(f"--web.listen-address: {address!r} {message}")
        async with running(StubDaemon(), web_options((free,))) as after:
            assert (free,) == after.addresses


async def test_tls_serves_https_and_no_plain_http(tmp_path: Path) -> None:
    """A client that trusts the certificate gets in; one that speaks plain HTTP gets nothing."""
    own = certificate(tmp_path, "server")
    async with running(StubDaemon(), secured(tmp_path)) as server:
        assert ("https", 200) == (server.scheme, await status(server, trusting(own)))
        async with client(f"http://{server.addresses[0]}") as asking:
            with pytest.raises(CLIENT_FAULTS):
                await asking.ask("/-/healthy")


async def test_tls_below_the_wanted_version_is_refused(tmp_path: Path) -> None:
    """min_version holds against a client that knows no better."""
    old = trusting(certificate(tmp_path, "server"))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with running(StubDaemon(), secured(tmp_path, ", min_version: TLS13")) as server:
        with pytest.raises(CLIENT_FAULTS):
            await status(server, old)


async def test_client_certificates_are_wanted_where_the_file_says_so(tmp_path: Path) -> None:
    """One of the right authority gets in; none, or a stranger's, does not."""
    own, authority = certificate(tmp_path, "server"), certificate(tmp_path, "authority")
    friend, stranger = certificate(tmp_path, "friend", authority), certificate(tmp_path, "stranger")
    more = ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: authority.crt"
    async with running(StubDaemon(), secured(tmp_path, more)) as server:
        assert 200 == await status(server, trusting(own, friend))
        for someone in (None, stranger):
            with pytest.raises(CLIENT_FAULTS):
                await status(server, trusting(own, someone))


async def test_a_new_certificate_is_used_after_a_reload(tmp_path: Path) -> None:
    """On the same port, from the next connection on; a bad file changes nothing."""
    before = certificate(tmp_path, "server")
    async with running(StubDaemon(), secured(tmp_path)) as server:
        port = server.addresses
        old = trusting(before)
        assert 200 == await status(server, old)
        (tmp_path / "server.key").write_text("broken")
        with pytest.raises(ConfigError):
            server.read_security()
        assert 200 == await status(server, old)
        after = certificate(tmp_path, "server")
        await server.apply(server.read_security())
        assert (200, port) == (await status(server, trusting(after)), server.addresses)
        with pytest.raises(CLIENT_FAULTS):
            await status(server, old)


async def test_tls_and_users_can_be_switched_on_by_a_reload(tmp_path: Path) -> None:
    """A connection that is kept alive is asked for its password at its next request."""
    options = web_options(LOCAL, tmp_path / "web.yml")
    (tmp_path / "web.yml").touch()
    async with running(StubDaemon(), options) as server, client(f"http://{server.addresses[0]}") as kept:
        assert 200 == (await kept.ask("/-/healthy")).status
        own, hashed = certificate(tmp_path, "server"), bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
        secured(tmp_path)
        with (tmp_path / "web.yml").open("a") as file:
            file.write(f"basic_auth_users: {{anna: {hashed}}}\n")
        await server.apply(server.read_security())
        assert 401 == (await kept.ask("/-/healthy")).status
        assert 401 == await status(server, trusting(own))
        async with client(f"https://{server.addresses[0]}", trusting(own)) as asking:
            known = {"Authorization": "Basic " + base64.b64encode(b"anna:secret").decode()}
            assert 200 == (await asking.ask("/-/healthy", headers=known)).status


async def test_no_connection_is_refused_while_a_reload_is_under_way() -> None:
    """The socket that listens stays open: clients come in all the time while it is handed over."""
    async with running(StubDaemon()) as server:
        done = asyncio.Event()

        async def come_in() -> list[int]:
            statuses = []
            while not done.is_set():
                statuses.append(await status(server))
            return statuses

        coming = asyncio.create_task(come_in())
        for _ in range(20):
            await server.apply(server.read_security())
            await asyncio.sleep(0.005)
        done.set()
        assert {200} == set(await coming)


@pytest.mark.parametrize("said", [b"", b"GET /metrics HTTP/1.1\r\nX-Slow: "])
async def test_a_client_that_never_asks_is_shown_the_door(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """Silent or dribbling; one that has asked may stay and ask again."""
    monkeypatch.setattr(server_module, "FIRST_REQUEST", 0.3)
    async with serving() as asking:
        assert 200 == (await asking.ask("/-/healthy")).status
        host, port = asking.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(said)
        assert b"" == await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert 200 == (await asking.ask("/-/healthy")).status


async def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is closed at once; when one goes, another may come."""
    monkeypatch.setattr(server_module, "MAX_CONNECTIONS", 2)
    async with running(StubDaemon()) as server:
        host, port = server.addresses[0].split(":")
        held = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
        with pytest.raises(CLIENT_FAULTS):
            await status(server)
        held[0][1].close()

        async def let_in() -> bool:
            try:
                return await status(server) == 200
            except CLIENT_FAULTS:
                return False

        await wait_until_async(let_in)
        held[1][1].close()


async def test_stopping_is_quick_although_clients_stay() -> None:
    """Idle connections, silent ones, and a run that never ends do not hold it up."""
    daemon = StubDaemon()
    daemon.may_run.clear()
    server = WebServer(daemon, web_options(LOCAL))
    await server.start()
    host, port = server.addresses[0].split(":")
    silent = await asyncio.open_connection(host, int(port))
    async with client(f"http://{host}:{port}") as asking:
        assert 200 == (await asking.ask("/-/healthy")).status
        waiting = asyncio.ensure_future(asking.ask("/probe?host=kvm1&probe=weight"))
        await wait_until_async(lambda: len(daemon.runs) == 1)
        begun = asyncio.get_running_loop().time()
        await server.stop()
        assert asyncio.get_running_loop().time() - begun < 2 * server_module.SHUTDOWN + 1
        with pytest.raises(CLIENT_FAULTS):
            await waiting
    silent[1].close()
