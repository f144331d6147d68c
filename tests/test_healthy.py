"""The health check tells a process that answers from one that doesn't, whatever guards its pages."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import bcrypt
import pytest

from cs_exporter.healthy import DEADLINE, DEFAULT
from cs_exporter.web.options import DEFAULT_LISTEN_ADDRESS, web_options
from tests.web.support import LOCAL, StubDaemon, certificate, running

IMAGE_ALLOWS = 5.0
"""Seconds (HEALTHCHECK's --timeout in the Dockerfile)."""

DEMANDING = ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: server.crt"


async def checked(*arguments: str) -> tuple[int | None, str]:
    """Exit status of the check as a process of its own, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cs_exporter.healthy", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("security", "prefix"),
    [
        ("", None),
        ("", "/behind/a/proxy"),
        ("basic_auth_users: {{anna: {hashed}}}", None),
        ("tls_server_config: {{cert_file: server.crt, key_file: server.key}}", None),
        (f"tls_server_config: {{{{cert_file: server.crt, key_file: server.key{DEMANDING}}}}}", None),
    ],
)
async def test_whoever_answers_is_healthy(tmp_path: Path, security: str, prefix: str | None) -> None:
    """Plain, under another path, asking for a password, by TLS, and by TLS asking for a certificate."""
    certificate(tmp_path, "server")
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(security.format(hashed=hashed))
    options = web_options(LOCAL, tmp_path / "web.yml", route_prefix=prefix)
    async with running(StubDaemon(), options) as server:
        assert (0, "") == await checked(server.addresses[0])


async def test_nobody_is_not_healthy() -> None:
    """Nothing listens: status 1 at once, and nothing said."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    assert (1, "") == await checked(address)


async def test_a_frozen_process_is_not_healthy() -> None:
    """Its kernel accepts, and nothing answers: status 1 after the deadline, within the time that the image gives."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        began = asyncio.get_running_loop().time()
        assert (1, "") == await checked(f"127.0.0.1:{frozen.getsockname()[1]}")
        assert DEADLINE <= asyncio.get_running_loop().time() - began < IMAGE_ALLOWS


@pytest.mark.parametrize("reply", [b"HTTP/1.1 503 Broken\r\ncontent-length: 0\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b""])
async def test_whoever_fails_or_is_another_is_not_healthy(reply: bytes) -> None:
    """A server's error, another protocol, and a connection that is closed without a word."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        assert (1, "") == await checked(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.mark.parametrize("arguments", [("10595",), ("localhost:",), ("localhost:metrics",), ("a:1", "b:2")])
async def test_what_is_no_address_is_one_line(arguments: tuple[str, ...]) -> None:
    """It says what to write."""
    status, said = await checked(*arguments)
    assert status
    assert f"write HOST:PORT, as in {DEFAULT}\n" == said[said.index("write") :]


def test_without_an_address_it_asks_where_the_exporter_listens() -> None:
    """By default both mean the same port."""
    assert f"127.0.0.1{DEFAULT_LISTEN_ADDRESS}" == DEFAULT
