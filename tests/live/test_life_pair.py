"""Two exporters watch one cloud, as a highly available pair does: they agree, and the hosts bear nothing double."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.mysql import MysqlServer
from tests.lab.wait import WaitedInVain, wait_until
from tests.live.exporter import Exporter, Page
from tests.live.guests import logins
from tests.live.life_cloud import BROKEN, HEALTHY, LifeCloud

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

DEADLINE, POLLS = 40.0, 3
UNLIKE = ("_seconds", "_to_alert", "_total", "_threads", "cs_agent_info", "cs_agent_pings_stopped")
"""How the names of metrics end that differ for two who look at other moments, or have looked for a longer time: who has
just begun has not read by what name a log calls an agent that is silent since then."""


@pytest.fixture
def cloud(lab: Lab, mariadb: MysqlServer) -> Iterator[LifeCloud]:
    """All of it healthy."""
    made = LifeCloud(lab, mariadb)
    yield made
    made.remove()


def ready(exporter: Exporter) -> bool:
    """Whether its first sweep is done."""
    return exporter.get("-/ready")[0] == 200


def verdicts(page: Page) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What a page says of hosts, but for what is measured."""
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for one in page.samples
        if one.labels.get("host") and not one.name.endswith(UNLIKE)
    }


class Pair:
    """The two, and what both of them must say."""

    def __init__(self, cloud: LifeCloud, *exporters: Exporter) -> None:
        self.cloud = cloud
        self.exporters = exporters

    def agree_on(self, expected: dict[str, object]) -> None:
        """Wait until both say that, and the same of everything else; each has one session on each host."""
        with suppress(WaitedInVain):
            wait_until(lambda: [expected, expected, {}] == self.said(), DEADLINE)
        assert [expected, expected, {}] == self.said()
        wait_until(lambda: self.cloud.visited_by(len(self.exporters)), DEADLINE, "a session of each on each host")

    def said(self) -> list[Mapping[str, object]]:
        """What both say of what can be broken, and what they disagree about."""
        one, other = (exporter.page() for exporter in self.exporters)
        unlike = verdicts(one).items() ^ verdicts(other).items()
        return [self.cloud.told(one), self.cloud.told(other), {key[0]: (key[1], value) for key, value in unlike}]

    def polls(self) -> float:
        """How often the host with the mount has been asked about it by whoever has asked less often."""
        name, labels = "cs_probe_runs_total", {"host": "hung", "probe": "nfs_mounts"}
        return min(exporter.page().value(name, **labels) or 0 for exporter in self.exporters)


def test_nothing_is_doubled(tmp_path: Path, cloud: LifeCloud) -> None:
    """One child on a hung mount in all, a session and a database connection each, and not one error at the database."""
    before = {host.name: logins(host) for host in cloud.hosts.values()}
    well = cloud.database.errors()
    with (
        Exporter(cloud.lab, tmp_path / "one.yml", cloud.text(), "one") as one,
        Exporter(cloud.lab, tmp_path / "other.yml", cloud.text(), "other") as other,
    ):
        pair = Pair(cloud, one, other)
        for exporter in pair.exporters:
            wait_until(partial(ready, exporter), DEADLINE, "the first sweep")
        pair.agree_on(HEALTHY)
        assert well == cloud.database.errors()
        with cloud.faults():
            full = cloud.database.errors()
            pair.agree_on(BROKEN)
            [child] = cloud.stuck()
            until = pair.polls() + POLLS
            wait_until(lambda: [child] != cloud.stuck() or pair.polls() >= until, DEADLINE, "some polls more")
            assert [child] == cloud.stuck()
            one.end(signal.SIGTERM)
            wait_until(lambda: cloud.visited_by(1), DEADLINE, "the other one's sessions alone to be left")
            assert [child] == cloud.stuck()
            one.start()
            pair.agree_on(BROKEN)
            assert [child] == cloud.stuck()
        pair.agree_on(HEALTHY)
        assert dict.fromkeys(before, 3) == {name: logins(cloud.hosts[name]) - before[name] for name in before}
        assert [] == [*one.trouble(), *other.trouble()]
    assert full == cloud.database.errors()
    wait_until(lambda: cloud.visited_by(0), DEADLINE, "nothing left of either")
