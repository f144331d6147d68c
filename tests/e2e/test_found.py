"""Hosts that come only from a cloud's database, or only from its API: what is told of them, by a real Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.found_cloud import LATE, POOL, RESTING, SERVERS, STUCK, WELL, FoundCloud
from tests.e2e.found_course import (
    API,
    DATABASE,
    DISCOVERY,
    EARLIEST,
    INTERVAL,
    SCRAPE,
    SOURCES,
    Course,
    Watched,
    watched,
)
from tests.lab.lab import Lab
from tests.lab.nfs_server import NfsServer
from tests.lab.prometheus import Series
from tests.lab.uml import UmlHost

pytestmark = [pytest.mark.lab, pytest.mark.heavy, pytest.mark.timeout(600)]

BY_SOURCE = pytest.mark.parametrize("source", SOURCES)
LATELY = INTERVAL + 2 * SCRAPE
"""Seconds until what has just changed is seen: a run, and a scrape after it."""


@pytest.fixture(scope="module")
def course(
    tmp_path_factory: pytest.TempPathFactory, lab: Lab, uml_hosts: list[UmlHost], nfs_server: NfsServer
) -> Iterator[Course]:
    """Gone through, with both exporters still there."""
    with FoundCloud(lab, uml_hosts[0], nfs_server) as cloud, ExitStack() as stack:
        folder: Path = tmp_path_factory.mktemp("found")
        made = Course(cloud, tuple(watched(cloud, folder, source, stack) for source in SOURCES))
        made.run()
        yield made


class Seen:
    """What one of the exporters' Prometheus has of the course."""

    def __init__(self, course: Course, source: str) -> None:
        self.course = course
        (self.by,) = [one for one in course.watched if one.source == source]

    def between(self, begin: str, end: str, query: str) -> list[Series]:
        """A query at each second from one event to the scrape after another."""
        at = self.course.at
        return self.by.told.prometheus.query_range(query, at[begin], at[end] + SCRAPE, SCRAPE)

    def hosts(self, begin: str, end: str) -> set[frozenset[str]]:
        """All sets of hosts that there were at any second."""
        found: dict[float, set[str]] = {}
        for series in self.between(begin, end, 'cs_host_info{host!~"endpoint:.*"}'):
            for at, _ in series.points:
                found.setdefault(at, set()).add(series.host)
        return {frozenset(names) for names in found.values()}


@pytest.fixture
def seen(course: Course, source: str) -> Seen:
    """By the source of that name."""
    return Seen(course, source)


@BY_SOURCE
def test_all_hosts_are_found(seen: Seen) -> None:
    """With no host in the configuration: servers and hypervisors by the names that the cloud gives them."""
    assert seen.course.cloud.names <= max(seen.hosts("begin", "found"), key=len)


@BY_SOURCE
def test_the_countdown_runs_while_the_cloud_says_up(seen: Seen) -> None:
    """Down second by second, past nothing, while the cloud's own state is Up and the storage heartbeat is well."""
    still = seen.course.cloud.still.name
    (left,) = seen.between("silent", "given up", f'cs_host_seconds_to_alert{{host="{still}"}}')
    silent = seen.course.at["silent"]
    falling = [(at, value) for at, value in left.points if at > silent + LATELY]
    rises = [(one, other) for one, other in pairwise(falling) if other[1] > one[1]]
    assert [] == rises
    (first, most), (last, least) = falling[0], falling[-1]
    assert pytest.approx(last - first, abs=LATELY) == most - least
    assert last - first > EARLIEST
    (state,) = seen.between("silent", "given up", f'cs_host_state{{host="{still}"}} == 1')
    assert "Up" == state.labels["state"]


def test_the_storage_heartbeat_is_well_meanwhile(course: Course) -> None:
    """So that nothing but the agent's silence tells."""
    seen = Seen(course, DATABASE)
    (age,) = seen.between("silent", "given up", f'cs_storage_heartbeat_age_seconds{{mountpoint="{POOL}"}}')
    assert max(value for _, value in age.points) < EARLIEST / 2


@BY_SOURCE
def test_the_page_comes_before_the_cloud_can_know(seen: Seen) -> None:
    """Received before the least silence after which the cloud acts; its own state follows later, and is followed."""
    still, at = seen.course.cloud.still.name, seen.course.at
    received = min(moment for moment, _, name in seen.by.pages(still) if name == "CsHostAlertImminentCritical")
    assert received < at["silent"] + EARLIEST < at["given up"]
    (alert,) = seen.between("given up", "followed", f'cs_host_state{{host="{still}",state="Alert"}}')
    assert alert.points[0][0] < at["given up"] + INTERVAL + LATELY  # a look at a busy API may be lost


@BY_SOURCE
def test_a_host_that_rests_pages_nobody(seen: Seen) -> None:
    """Its agent stood still just as long."""
    assert [] == seen.by.pages(RESTING)


@BY_SOURCE
def test_a_host_that_is_added_is_polled(seen: Seen) -> None:
    """Within one discovery interval, and a poll."""
    (answered,) = seen.between("late", "given up", f'cs_probe_success{{probe="agent_heartbeat",host="{LATE}"}} == 1')
    assert answered.points[0][0] < seen.course.at["late"] + DISCOVERY + LATELY


@BY_SOURCE
def test_nobody_is_removed(seen: Seen) -> None:
    """Neither by a database that dies in the middle of an answer, nor by a server that goes, nor by a new database."""
    everybody = seen.course.cloud.names | {LATE}
    assert [] == [names for names in seen.hosts("killed", "end") if not everybody <= names]


@BY_SOURCE
def test_a_server_fails_over(seen: Seen) -> None:
    """Every agent is said to be at the other server, and no hypervisor is paged."""
    at = seen.course.at
    found = seen.between("lost", "failed over", f'cs_agent_info{{management_server="{SERVERS[0]}"}}')
    last = {series.host for series in found if series.points[-1][0] > at["failed over"] - SCRAPE}
    agents = {*seen.course.cloud.agents}
    assert agents == last
    paged = {host: [one for one in seen.by.pages(host) if at["lost"] < one[1] < at["promoted"]] for host in agents}
    assert {host: [] for host in agents} == paged


@BY_SOURCE
def test_stuck_pings_are_told_apart(seen: Seen) -> None:
    """A session that moves, and commands that are answered: only that pings are missing, of that host alone."""
    found = seen.between("silent", "healed", 'ALERTS{alertname="CsAgentPingsStopped"}')
    assert {STUCK} == {series.host for series in found}


@BY_SOURCE
def test_a_log_that_is_rolled_is_followed(seen: Seen) -> None:
    """What the servers heard of an agent that is well goes on coming, file after file."""
    query = f'time() - cs_agent_last_heartbeat_timestamp_seconds{{host="{WELL}",source="log"}}'
    (age,) = seen.between("late", "given up", query)
    assert max(value for _, value in age.points) < EARLIEST / 2


@pytest.mark.parametrize("source", [DATABASE, API])
def test_nobody_made_a_mistake(course: Course, source: str) -> None:
    """No traceback in what the exporters said."""
    (one,) = [one for one in course.watched if one.source == source]
    assert isinstance(one, Watched)
    assert [] == one.exporter.trouble()
