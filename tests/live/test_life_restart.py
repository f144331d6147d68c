"""The exporter is killed and started again in the midst of faults: what it says is true within one interval."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.mysql import MysqlServer
from tests.lab.wait import wait_until
from tests.live.exporter import Exporter, Page
from tests.live.life_cloud import AGENT, BROKEN, HEALTHY, MOUNT, LifeCloud

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

SLOW = 20
"""Seconds of an interval in which a start, a first sweep and the reading of a page have room on any machine."""

DEADLINE = 40.0
KILLS = 2


@pytest.fixture
def cloud(lab: Lab, mariadb: MysqlServer) -> Iterator[LifeCloud]:
    """All of it healthy."""
    made = LifeCloud(lab, mariadb)
    yield made
    made.remove()


def asked(page: Page) -> dict[tuple[str, str], float | None]:
    """Whether the latest run succeeded, of every probe that was expected of a host and applies to it."""
    supported = [one for one in page.samples if one.name == "cs_probe_supported" and one.value == 1]
    keys = [(one.labels["host"], one.labels["probe"]) for one in supported if one.labels.get("host")]
    return {(host, probe): page.value("cs_probe_success", host=host, probe=probe) for host, probe in keys}


def true_within_an_interval(exporter: Exporter, cloud: LifeCloud) -> Page:
    """Wait for the truth about everything, at most as long as the first interval lasts; give the page that had it."""

    def known() -> Page | None:
        page = exporter.page()
        told = page.value("cs_first_sweep_done") == 1 and cloud.told(page) == BROKEN
        return page if told and set(asked(page).values()) == {1.0} else None

    found = wait_until(known, exporter.began + SLOW - time.time(), "the truth about everything")
    assert found is not None
    return found


def assert_older_than_the_start(page: Page, began: float, asleep: float) -> None:
    """What hangs and what is silent has been so since before the start, where anybody can know that."""
    since = page.value("cs_nfs_mount_hung_since_timestamp_seconds", host="hung", mountpoint=MOUNT)
    heard = {
        host: page.value("cs_agent_last_heartbeat_timestamp_seconds", agent=AGENT, host=host, source=source)
        for host, source in (("asleep", "server_socket"), ("dead", "unseen"))
    }
    assert since is not None
    assert since < began
    assert heard["asleep"] == pytest.approx(asleep, abs=3)
    assert (heard["dead"] or 0) >= began - 1


def test_killed_and_started_again(tmp_path: Path, cloud: LifeCloud) -> None:
    """Every probe of every host; what the killed one had there has ended, and on the hung mount one child stays one."""
    with Exporter(cloud.lab, tmp_path / "cs_exporter.yml", cloud.text()) as exporter:
        wait_until(lambda: exporter.get("-/ready")[0] == 200, DEADLINE, "the first sweep")
        wait_until(lambda: cloud.told(exporter.page()) == HEALTHY, DEADLINE, "all well")
        healthy, asleep = asked(exporter.page()).keys(), time.time()
        with cloud.faults():
            wait_until(lambda: cloud.told(exporter.page()) == BROKEN, DEADLINE, "all faults")
            [child] = cloud.stuck()
            exporter.configure(cloud.text(SLOW))
            exporter.end()
            exporter.start()
            page = true_within_an_interval(exporter, cloud)
            assert healthy <= asked(page).keys()
            assert_older_than_the_start(page, exporter.began, asleep)
            wait_until(lambda: cloud.visited_by(1), DEADLINE, "one session on each host")
            assert [child] == cloud.stuck()
            exporter.end()
            wait_until(lambda: cloud.visited_by(0), DEADLINE, "the sessions of the killed one to end")
            with cloud.database.used_from(cloud.hosts["ms"], 1):
                exporter.start()
                page = true_within_an_interval(exporter, cloud)
                assert [] == cloud.database.sessions()
            for _ in range(KILLS):
                exporter.end()
                exporter.start()
                wait_until(lambda: exporter.page().by_host("cs_clock_skew_seconds"), DEADLINE, "a first reading")
                assert [child] == cloud.stuck()
            wait_until(lambda: cloud.visited_by(1), DEADLINE, "one session on each host")
        exporter.configure(cloud.text())
        assert 200 == exporter.get("-/reload", "POST")[0]
        wait_until(lambda: cloud.told(exporter.page()) == HEALTHY, DEADLINE, "all healed")
        assert [] == exporter.trouble()
