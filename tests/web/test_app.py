"""Paths and prefixes, who is let in, and what every answer carries."""

from __future__ import annotations

import base64
from pathlib import Path

import bcrypt
import pytest

from cs_exporter.web.options import OTHER_PATHS, WebOptions, web_options
from tests.web.support import LOCAL, StubDaemon, serving

READ_ONLY = ("/metrics", *(path for path in OTHER_PATHS if path != "/-/reload"))
QUERY = "?host=kvm1&probe=weight"


def flags(external_url: str = "", route_prefix: str | None = None, telemetry_path: str = "/metrics") -> WebOptions:
    """The flags of a server on a free port."""
    return web_options(LOCAL, None, telemetry_path, external_url, route_prefix)


@pytest.mark.parametrize("path", READ_ONLY)
async def test_head_is_get_without_a_body(path: str) -> None:
    """Load balancers ask so; status and headers are those of GET."""
    async with serving() as client:
        got, head = [await client.ask(f"{path}{QUERY}", method) for method in ("GET", "HEAD")]
    assert (got.status, got.headers["Content-Type"], b"") == (head.status, head.headers["Content-Type"], head.body)
    assert int(head.headers["Content-Length"]) > 0


@pytest.mark.parametrize("path", [*READ_ONLY, "/nowhere"])
async def test_every_answer_carries_the_same_headers(path: str) -> None:
    """No guessing of types, nothing kept in caches, no version of any library told; errors included."""
    async with serving() as client:
        headers = (await client.ask(f"{path}{QUERY}")).headers
    names = ("X-Content-Type-Options", "Cache-Control", "Referrer-Policy", "Server")
    assert ["nosniff", "no-store", "no-referrer", "cs_exporter"] == [headers.get(name) for name in names]


async def test_what_is_not_there_is_one_line() -> None:
    """404 for a path, 405 for a method, 413 for a body."""
    async with serving() as client:
        nowhere = await client.ask("/nowhere")
        posted = await client.ask("/metrics", "POST")
        large = await client.ask("/-/reload", "POST", {"Content-Length": "1000000000", "Connection": "close"})
    assert (404, "there is no such page; / has a list\n") == (nowhere.status, nowhere.text)
    assert (405, {"GET", "HEAD"}) == (posted.status, set(posted.headers["Allow"].split(",")))
    assert (413, "the request is too large\n") == (large.status, large.text)


async def test_the_path_of_the_metrics_can_be_chosen() -> None:
    """The status page links to it there."""
    async with serving(options=flags(telemetry_path="/cs/metrics")) as client:
        assert [200, 404] == [(await client.ask(path)).status for path in ("/cs/metrics", "/metrics")]
        assert 'href="/cs/metrics"' in (await client.ask("/")).text


async def test_a_prefix_moves_every_path() -> None:
    """As with Prometheus, `/` leads to the status page; nothing else answers outside the prefix."""
    async with serving(options=flags("https://mon.example.org/a/cs/")) as client:
        inside = {(await client.ask(f"/a/cs{path}{QUERY}")).status for path in READ_ONLY if path != "/-/ready"}
        outside = {(await client.ask(f"{path}{QUERY}")).status for path in READ_ONLY if path != "/"}
        redirects = [await client.ask(path) for path in ("/", "/a/cs")]
        page = await client.ask("/a/cs/")
    assert ({200}, {404}) == (inside, outside)
    assert [(302, "/a/cs/")] * 2 == [(reply.status, reply.headers["Location"]) for reply in redirects]
    assert 'href="/a/cs/metrics"' in page.text


async def test_a_proxy_may_strip_the_prefix() -> None:
    """Routes without it, links with it."""
    async with serving(options=flags("https://mon.example.org/cs", "/")) as client:
        page = await client.ask("/")
        assert 200 == (await client.ask("/metrics")).status
    assert 'href="/cs/metrics"' in page.text


async def test_no_redirect_leads_in_a_circle() -> None:
    """Also where routes have a prefix that links do not have."""
    async with serving(options=flags("https://mon.example.org", "/inside")) as client:
        redirects = [(await client.ask(path)).headers["Location"] for path in ("/inside", "/")]
    assert ["/", "/inside/"] == redirects


def basic(user: str, password: str) -> dict[str, str]:
    """The header of a user."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def guarded(folder: Path) -> WebOptions:
    """A server with one user and a header of the operator's own."""
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    file = folder / "web.yml"
    headers = "{Content-Security-Policy: none, Strict-Transport-Security: max-age=60}"
    file.write_text(f"basic_auth_users: {{anna: {hashed}}}\nhttp_server_config: {{headers: {headers}}}\n")
    return web_options(LOCAL, file)


@pytest.mark.parametrize("path", [*READ_ONLY, "/-/reload", "/nowhere"])
async def test_with_users_in_the_file_no_path_is_open(tmp_path: Path, path: str) -> None:
    """Health and errors included; strangers do not even learn which paths there are."""
    daemon = StubDaemon()
    method = "POST" if path == "/-/reload" else "GET"
    async with serving(daemon, guarded(tmp_path)) as client:
        replies = [
            await client.ask(f"{path}{QUERY}", method, headers)
            for headers in ({}, basic("anna", "wrong"), basic("anna", "secret"))
        ]
    assert [401, 401] == [reply.status for reply in replies[:2]]
    assert 'Basic realm="cs_exporter", charset="UTF-8"' == replies[0].headers["WWW-Authenticate"]
    assert 401 != replies[2].status
    assert (1 if path == "/-/reload" else 0) == daemon.reloads


async def test_the_operator_s_headers_win(tmp_path: Path) -> None:
    """Those of the file are on every answer, also on the refusal of a stranger."""
    async with serving(options=guarded(tmp_path)) as client:
        for headers in ({}, basic("anna", "secret")):
            reply = await client.ask("/", headers=headers)
            assert ("none", "max-age=60") == (
                reply.headers["Content-Security-Policy"],
                reply.headers["Strict-Transport-Security"],
            )
