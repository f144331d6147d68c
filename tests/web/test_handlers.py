"""What each path answers, and the one line that says what to mend where it can't."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import replace

import pytest
from aiohttp import web

from cs_exporter.board import FLEET, Board
from cs_exporter.config.errors import ConfigError
from cs_exporter.model import CloudKind, CloudTarget, Connection, Failure, Host, Inventory, Reason
from cs_exporter.spec import Sample
from cs_exporter.web import handlers
from tests.exposition.stubs import Mean, Weights, board_of, outcome, promtool_says, samples
from tests.lab.wait import wait_until_async
from tests.web.support import StubDaemon, serving

LATE = Failure(Reason.TIMEOUT, "late")
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


def big_board() -> Board:
    """A board whose page no socket's buffers can hold: 8 MB."""
    parts = tuple(Sample(1.0, (f"{number} " + "x" * 200_000,)) for number in range(40))
    return board_of(outcome(Weights(1.0, parts)))


async def test_metrics_are_text_by_default_and_never_run_a_probe() -> None:
    """A scrape shows the board."""
    daemon = StubDaemon(board_of(outcome(Weights(70.0))))
    async with serving(daemon) as client:
        reply = await client.ask("/metrics")
    assert (200, "text/plain; version=0.0.4; charset=utf-8") == (reply.status, reply.headers["Content-Type"])
    assert {'cs_weight_grams{host="kvm1"} 70.0'} == samples(reply.body, ["cs_weight_grams"])
    assert [] == daemon.runs


@pytest.mark.debian
async def test_promtool_is_content_with_what_is_served() -> None:
    """The whole way, as an operator would check it."""
    async with serving(StubDaemon(board_of(outcome(Weights(70.0)), outcome(LATE, "kvm2")))) as client:
        reply = await client.ask("/metrics")
    assert "" == promtool_says(reply.body)


async def test_metrics_come_as_the_client_likes_them() -> None:
    """OpenMetrics ends with its mark; gzip is the same page, and caches are told what it depends on."""
    async with serving(StubDaemon(board_of(outcome(Weights(70.0))))) as client:
        plain = await client.ask("/metrics", headers=OPENMETRICS)
        squeezed = await client.ask("/metrics", headers=OPENMETRICS | {"Accept-Encoding": "gzip"})
    assert plain.text.endswith("\n# EOF\n")
    assert plain.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert ("gzip", "Accept, Accept-Encoding") == (squeezed.headers["Content-Encoding"], squeezed.headers["Vary"])
    own = ["cs_", "# "]
    assert samples(plain.body, own) == samples(gzip.decompress(squeezed.body), own)


async def test_a_host_s_limit_of_series_is_the_configuration_s() -> None:
    """Read at each scrape, so that a reload changes it."""
    async with serving(StubDaemon(board_of(outcome(Weights(70.0))), series_limit=0)) as client:
        reply = await client.ask("/metrics")
    assert {'cs_host_series_dropped{host="kvm1"} 2.0'} == samples(reply.body, ["cs_host_series", "cs_weight"])


async def test_a_scrape_too_many_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once and with a hint, instead of a queue that grows; the place is free again afterwards."""
    monkeypatch.setattr(handlers, "MAX_SCRAPES", 0)
    async with serving() as client:
        reply = await client.ask("/metrics")
    assert (503, "5", "0 scrapes are under way already; try again later\n") == (
        reply.status,
        reply.headers["Retry-After"],
        reply.text,
    )


def test_a_place_is_given_back() -> None:
    """Also where what was done in it failed."""
    places = handlers.Places(1, "scrapes")
    with pytest.raises(KeyError), places.taken():
        raise KeyError
    with places.taken(), pytest.raises(web.HTTPServiceUnavailable), places.taken():
        raise AssertionError("two in one place")


async def test_a_client_that_stops_reading_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not hold its place and its page for ever."""
    monkeypatch.setattr(handlers, "SEND_DEADLINE", 0.3)
    monkeypatch.setattr(handlers, "MAX_SCRAPES", 1)
    async with serving(StubDaemon(big_board())) as client:
        host, port = client.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readline()
        assert 503 == (await client.ask("/metrics")).status

        async def free_again() -> bool:
            return (await client.ask("/metrics", "HEAD")).status == 200

        await wait_until_async(free_again, 10)
        writer.transport.abort()


async def test_a_client_that_goes_meanwhile_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A scraper that gave up waiting is its own affair: no traceback in our log, and its place is free again."""
    monkeypatch.setattr(handlers, "MAX_SCRAPES", 1)
    async with serving(StubDaemon(big_board())) as client:
        host, port = client.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readline()
        assert 503 == (await client.ask("/metrics")).status
        writer.transport.abort()

        async def free_again() -> bool:
            return (await client.ask("/metrics", "HEAD")).status == 200

        await wait_until_async(free_again, 10)
    assert [] == [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


async def test_one_run_has_a_page_of_its_own() -> None:
    """Only that probe's metrics and what became of the run."""
    daemon = StubDaemon()
    async with serving(daemon) as client:
        reply = await client.ask("/probe?host=kvm1&probe=weight", headers=OPENMETRICS)
    assert [("weight", "kvm1", 10.0)] == daemon.runs
    assert (200, "application/openmetrics-text") == (reply.status, reply.headers["Content-Type"].split(";")[0])
    names = {line.split("{")[0] for line in samples(reply.body)}
    assert {"cs_weight_grams", "cs_weight_events_total", "cs_probe_success", "cs_probe_supported"} < names
    assert {"cs_weight", "cs_probe"} == {"_".join(name.split("_")[:2]) for name in names}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("15", 14.5), ("0.6", 0.3), ("1000", 120.0), ("nonsense", 10.0), ("-1", 10.0), ("nan", 10.0)],
)
async def test_a_run_ends_before_the_scrape_does(header: str, seconds: float) -> None:
    """Half a second is kept back for the answer's way, or half of a very short time-out."""
    daemon = StubDaemon()
    async with serving(daemon) as client:
        await client.ask("/probe?host=kvm1&probe=weight", headers={"X-Prometheus-Scrape-Timeout-Seconds": header})
    assert [("weight", "kvm1", seconds)] == daemon.runs


async def test_a_run_that_does_not_end_is_given_up() -> None:
    """Prometheus hears of it before it stops listening."""
    daemon = StubDaemon()
    daemon.may_run.clear()
    async with serving(daemon) as client:
        headers = {"X-Prometheus-Scrape-Timeout-Seconds": "0.2"}
        reply = await client.ask("/probe?host=kvm1&probe=weight", headers=headers)
    assert (504, "no outcome within 0.1 s; ask for longer\n") == (reply.status, reply.text)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/probe", "host is missing; add host=NAME to the address"),
        ("/probe?host=kvm1", "probe is missing; add probe=NAME to the address"),
        ("/probe?host=kvm&probe=weight", "host 'kvm' is not known; did you mean kvm2 or kvm1?"),
        ("/probe?host=zzz&probe=weight", "host 'zzz' is not known; known: kvm1, kvm2"),
        ("/probe?host=kvm1&probe=wieght", "probe 'wieght' is not known; did you mean weight or height?"),
        ("/probe?host=kvm1&probe=%0A", "probe '\\n' is not known; known: height, weight"),
        (
            "/probe?host=kvm1&probe=mean_weight",
            "mean_weight is derived from other probes and has no runs of its own; see /history",
        ),
        ("/history?host=kvm1", "probe is missing; add probe=NAME to the address"),
        ("/history?probe=weight", "host is missing; add host=NAME to the address"),
        ("/history?host=kvm3&probe=mean_weight", "host 'kvm3' is not known; did you mean kvm2 or kvm1?"),
        (f"/history?host={'x' * 5000}&probe=weight", f"host '{'x' * 100}' is not known; known: kvm1, kvm2"),
    ],
)
async def test_an_unknown_name_is_one_line_with_the_nearest_ones(path: str, line: str) -> None:
    """Status 400; what a stranger wrote comes back quoted and cut."""
    daemon = StubDaemon()
    async with serving(daemon) as client:
        reply = await client.ask(path)
    assert (400, f"{line}\n", []) == (reply.status, reply.text, daemon.runs)


async def test_among_many_names_only_a_few_are_shown() -> None:
    """A line stays a line."""
    hosts = {f"kvm{number}": Host(f"kvm{number}", "192.0.2.1") for number in range(5000)}
    daemon = StubDaemon(Board(Inventory(hosts)))
    async with serving(daemon) as client:
        reply = await client.ask("/probe?host=zzz&probe=weight")
        daemon.board.replace_inventory(Inventory({}))
        none = await client.ask("/probe?host=zzz&probe=weight")
    assert "host 'zzz' is not known; 5000 are, such as kvm0, kvm1, kvm10\n" == reply.text
    assert "host 'zzz' is not known; none is\n" == none.text


async def test_runs_too_many_are_turned_away() -> None:
    """Runs hold connections to hosts, so they are few at a time."""
    daemon = StubDaemon()
    daemon.may_run.clear()
    async with serving(daemon) as client:
        path = "/probe?host=kvm1&probe=weight"
        waiting = [asyncio.ensure_future(client.ask(path)) for _ in range(handlers.MAX_RUNS)]
        await wait_until_async(lambda: len(daemon.runs) == handlers.MAX_RUNS)
        assert 503 == (await client.ask(path)).status
        daemon.may_run.set()
        assert {200} == {(await reply).status for reply in waiting}


async def test_discovery_lists_all_hosts() -> None:
    """As http_sd wants it: 200, JSON, always the whole list."""
    async with serving() as client:
        reply = await client.ask("/sd")
    assert (200, "application/json; charset=utf-8") == (reply.status, reply.headers["Content-Type"])
    assert ["kvm1", "kvm2"] == [target["labels"]["__meta_cs_host"] for target in json.loads(reply.body)]


async def test_a_cloud_itself_is_no_target() -> None:
    """Nothing of Prometheus' listens at the address of its database."""
    daemon, cloud = StubDaemon(), CloudTarget(CloudKind.CLOUDSTACK, "cloud")
    endpoint = Host("endpoint:a", "192.0.2.9", "a", connection=Connection.NONE, cloud=cloud)
    daemon.board.replace_inventory(Inventory({**daemon.board.inventory.hosts, endpoint.name: endpoint}))
    async with serving(daemon) as client:
        reply = await client.ask("/sd")
    assert ["kvm1", "kvm2"] == [target["labels"]["__meta_cs_host"] for target in json.loads(reply.body)]


async def test_history_tells_the_last_outcomes() -> None:
    """Of a host, and of a derived probe about the whole fleet."""
    daemon = StubDaemon()
    for one in (outcome(LATE), outcome(Weights()), outcome(Mean(1.0), FLEET, "mean_weight")):
        daemon.history.record(one)
    async with serving(daemon) as client:
        of_host, of_fleet, of_nobody = [
            json.loads((await client.ask(f"/history?{query}")).body)
            for query in ("host=kvm1&probe=weight", "probe=mean_weight", "host=kvm2&probe=weight")
        ]
    assert ["success", "failure"] == [one["state"] for one in of_host["latest"]]
    assert ["late"] == [one["detail"] for one in of_host["failures"]]
    assert ("", 1, []) == (of_fleet["host"], len(of_fleet["latest"]), of_nobody["latest"])


async def test_the_configuration_is_shown_as_the_daemon_shows_it() -> None:
    """As text, so that a browser shows it too."""
    async with serving() as client:
        reply = await client.ask("/config")
    assert ("hosts: []\n", "text/plain; charset=utf-8") == (reply.text, reply.headers["Content-Type"])


async def test_ready_is_later_than_healthy() -> None:
    """Alive at once; ready when the first sweep is done."""
    daemon = StubDaemon()
    async with serving(daemon) as client:
        before = [(await client.ask(path)).status for path in ("/-/healthy", "/-/ready")]
        daemon.board.health = replace(daemon.board.health, first_sweep_done=True)
        after = [(await client.ask(path)).status for path in ("/-/healthy", "/-/ready")]
    assert ([200, 503], [200, 200]) == (before, after)


async def test_reload_takes_in_a_good_file_and_refuses_a_bad_one() -> None:
    """POST only; a bad file is 400 with its line."""
    daemon = StubDaemon()
    async with serving(daemon) as client:
        good = await client.ask("/-/reload", "POST")
        daemon.bad_file = ConfigError("cs.yml", "hosts[0].name", "is missing; add it")
        bad = await client.ask("/-/reload", "POST")
        asked = await client.ask("/-/reload")
    assert (200, "reloaded\n", 1) == (good.status, good.text, daemon.reloads)
    assert (400, "nothing was changed: cs.yml: hosts[0].name: is missing; add it\n") == (bad.status, bad.text)
    assert (405, "POST") == (asked.status, asked.headers["Allow"])
