"""Every query of every panel, asked of a real Prometheus that has a series of each metric and the alerts of them.

Whether the lab brings them about is another test's question; this one finds queries that no cloud could answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.matrix import records
from cs_exporter.matrix.dashboards.shown import metrics_of
from cs_exporter.matrix.rules import record_file, rule_file
from cs_exporter.matrix.whole import Matrix, usual_matrix
from tests.lab.one_page import free_address, serving
from tests.lab.prometheus import Prometheus
from tests.lab.wait import wait_until
from tests.matrix.dashboards.planting import page
from tests.matrix.dashboards.reading import every_query, filled_in, still_empty
from tests.matrix.dashboards.stubs import FLEET

pytestmark = pytest.mark.debian

USUAL = usual_matrix()
QUICK = Matrix(replace(USUAL.rendering, intervals=dict.fromkeys(USUAL.rendering.intervals, 0.1)))
"""With runs that follow each other at once, so that alerts fire at once."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """One that scrapes all of it, and evaluates all rules."""
    folder = tmp_path_factory.mktemp("planted")
    (folder / "records.yml").write_text(record_file(QUICK.rendering), encoding="utf-8")
    (folder / "alerts.yml").write_text(rule_file("all", QUICK.rows, QUICK.rendering), encoding="utf-8")
    rules = [folder / "records.yml", folder / "alerts.yml"]
    with (
        serving(page(metrics_of(USUAL).values())) as target,
        Prometheus(folder, target, listen=free_address(), every=1, rules=rules) as started,
    ):
        yield started


def test_every_query_finds_something(prometheus: Prometheus) -> None:
    """And none is a mistake: a graph's over a time, a table's and a figure's at a moment."""
    assert [] == still_empty(prometheus, every_query(USUAL), 30)


DOWN = "kvm30"
WATCHED = ("cs_galera_connected", "cs_nfs_mount_up", "cs_nfs_server_up", "cs_interface_mtu_bytes")


def test_of_many_hosts_the_one_that_is_down_is_drawn(tmp_path: Path) -> None:
    """Others fill the rest of the panel: a graph has fewer lines than there are hosts."""
    hosts = [f"kvm{number}" for number in range(1, 41)]
    lines = [
        f'{name}{{host="{host}"}} {int(host != DOWN or name == records.HOST)}'
        for name in (records.HOST, *WATCHED)
        for host in hosts
    ]
    with (
        serving("\n".join([*lines, ""]).encode()) as target,
        Prometheus(tmp_path, target, listen=free_address(), every=1) as started,
    ):
        wait_until(lambda: len(started.query(WATCHED[-1])) == len(hosts), 10, "the page to be scraped")
        for name in WATCHED:
            drawn = started.query(filled_in(FLEET.panel(name).queries[0].expression))
            assert (FLEET.lines, True) == (len(drawn), DOWN in {series.host for series in drawn}), name
