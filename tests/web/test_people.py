"""What the pages for people answer: types, policy, gzip, and one line for what is not known."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import pytest

from cs_exporter.web import people
from tests.web.clouds import troubled
from tests.web.planted import NOW, derived, probes
from tests.web.support import Client, StubDaemon, serving

HTML = ("/", "/?host=kvm-ams1-009", "/runbooks/", "/runbooks/CsNfsMountHung")


def daemon() -> StubDaemon:
    """One whose cloud is in trouble."""
    cloud = troubled()
    return StubDaemon(board=cloud.board(), history=cloud.history(), probes=probes(), derived=derived(), now=NOW)


@pytest.fixture(name="client")
async def _client() -> AsyncIterator[Client]:
    async with serving(daemon()) as asking:
        yield asking


@pytest.mark.parametrize("path", HTML)
async def test_pages_are_html_with_a_strict_policy(client: Client, path: str) -> None:
    """Squeezed where the client takes it, and caches told."""
    plain, squeezed = await client.ask(path), await client.ask(path, headers={"Accept-Encoding": "gzip"})
    assert (200, "text/html; charset=utf-8") == (plain.status, plain.headers["Content-Type"])
    assert plain.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert ("gzip", "Accept-Encoding") == (squeezed.headers["Content-Encoding"], squeezed.headers["Vary"])
    assert gzip.decompress(squeezed.body).startswith(b"<!DOCTYPE html>")
    assert len(squeezed.body) < len(plain.body) / 2


async def test_the_address_is_the_filter(client: Client) -> None:
    """Of the page and of the JSON."""
    page, told = await client.ask("/?q=db1"), await client.ask("/status.json?q=db1")
    assert "1 of 43 hosts" in page.text
    assert "application/json; charset=utf-8" == told.headers["Content-Type"]
    assert ["db1"] == [host["host"] for host in json.loads(told.text)["hosts"]]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/?host=kvm9", "host 'kvm9' is not known; / has a list\n"),
        ("/runbooks/CsNothing", "no alert is named 'CsNothing'; /runbooks/ has a list\n"),
    ],
)
async def test_what_is_not_known_is_one_line(client: Client, path: str, expected: str) -> None:
    """With the mend."""
    reply = await client.ask(path)
    assert (404, expected) == (reply.status, reply.text)


async def test_a_page_too_many_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, instead of a queue that grows."""
    monkeypatch.setattr(people, "MAX_PAGES", 0)
    async with serving(daemon()) as client:
        replies = [await client.ask(path) for path in ("/", "/status.json", "/runbooks/")]
    assert [503] * 3 == [reply.status for reply in replies]


async def test_readers_cost_no_look_each() -> None:
    """A wall of screens shows one look at the board."""
    stub = daemon()
    async with serving(stub) as client:
        for _ in range(5):
            await client.ask("/")
    assert stub.snapshots <= 2
