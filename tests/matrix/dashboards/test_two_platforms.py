"""One exporter watches a CloudStack and an OpenStack cloud, with real databases, and one Overview shows both.

A real Prometheus is asked every query as Grafana asks it when one platform is chosen, and when all are.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from operator import add

import pytest

from tests.demo.catalogue import FAULTS
from tests.demo.cloud import HYPERVISORS, MANAGEMENT, Cloud
from tests.demo.pace import TEST
from tests.lab.cloud_database import Entry
from tests.lab.prometheus import Prometheus, Series
from tests.lab.wait import WaitedInVain, wait_until
from tests.live.exporter import Exporter, Page
from tests.matrix.dashboards import beside
from tests.matrix.dashboards.reading import ALL, Asked, every_query, still_empty
from tests.matrix.dashboards.scraping import scraping
from tests.matrix.dashboards.stubs import MATRIX

pytestmark = [pytest.mark.lab, pytest.mark.heavy, pytest.mark.timeout(400)]

CLOUDSTACK, OPENSTACK = "cloudstack", beside.PLATFORM
BREAKING: Mapping[str, str] = {"nfs-cut": "kvm2", "libvirt-stopped": "kvm3", "ssh-frozen": "kvm6"}
"""Faults of the CloudStack cloud, and where; OpenStack's are its own."""

RESTING = "kvm4"
"""In maintenance, by its cloud."""

GIVEN_UP = f'ALERTS{{alertname="CsComputeDown",host="{beside.DYING}",alertstate="firing"}}'

FIRST_GREEN, HEALTHY, BROKEN = 60.0, 8.0, 120.0

Answer = dict[frozenset[tuple[str, str]], float]
"""Labels -> value."""


@dataclass(frozen=True)
class Seen:
    """What was found while both clouds were in trouble. `moment`: when all was there (epoch seconds).

    `empty`: queries of OpenStack's dashboard that never found anything; `lacking`: of the Overview, by platform.
    """

    prometheus: Prometheus
    exporter: Exporter
    page: Page
    moment: float
    empty: Sequence[str]
    lacking: Sequence[str]


def overview(platform: str) -> list[Asked]:
    """The Overview's queries when that platform is chosen."""
    return [asked for asked in every_query(MATRIX, platform) if asked.dashboard == "cs-overview"]


def about_hosts(platform: str) -> list[Asked]:
    """Those to which it matters which platform is chosen."""
    other = {str(asked) for asked in overview("other")}
    return [asked for asked in overview(platform) if str(asked) not in other]


def answer(prometheus: Prometheus, asked: Asked, moment: float) -> Answer:
    """What a query finds at a moment; a figure of nobody is nothing."""
    found: list[Series] = prometheus.query(asked.expression, moment)
    if asked.expression.endswith("or vector(0)"):
        found = [one for one in found if one.value]
    return {frozenset(one.labels.items()): one.value for one in found}


def lacking(prometheus: Prometheus, moment: float) -> list[str]:
    """Queries about hosts that find none of one platform."""
    return [
        f"{platform}: {asked}"
        for platform in (CLOUDSTACK, OPENSTACK)
        for asked in about_hosts(platform)
        if not answer(prometheus, asked, moment)
    ]


def settled(prometheus: Prometheus) -> tuple[float, list[str]]:
    """A moment at which nothing lacks, or the last one that was looked at, and what lacks then."""
    looked: list[tuple[float, list[str]]] = []

    def nothing_lacks() -> bool:
        moment = time.time() - 2 * prometheus.every
        looked.append((moment, lacking(prometheus, moment)))
        return not looked[-1][1]

    with contextlib.suppress(WaitedInVain):
        wait_until(nothing_lacks, BROKEN, "rows of both platforms", 1)
    return looked[-1]


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    """Both clouds, healthy and then broken, one exporter and one Prometheus."""
    with ExitStack() as stack:
        cloud = stack.enter_context(Cloud(TEST))
        other = stack.enter_context(beside.OpenStack(cloud))
        file = cloud.directory / "cs_exporter.yml"
        text = json.dumps(other.configured(cloud.configuration()))
        exporter = stack.enter_context(Exporter(cloud.lab, file, text, env=cloud.exporter_environment()))
        prometheus = stack.enter_context(scraping(exporter, cloud.pace.interval))
        wait_until(lambda: prometheus.query("cs_first_sweep_done == 1"), FIRST_GREEN, "the first sweep")
        queries = {str(asked): asked for asked in every_query(MATRIX) if asked.dashboard == "cs-openstack"}
        missing = still_empty(prometheus, list(queries.values()), HEALTHY)
        cloud.tables.resource_state(Entry(1 + HYPERVISORS.index(RESTING), ""), "Maintenance")
        for fault in FAULTS:
            if fault.name in BREAKING:
                stack.enter_context(fault.breaks(cloud, BREAKING[fault.name]))
        other.fail()
        empty = still_empty(prometheus, [queries[name] for name in missing], BROKEN)
        wait_until(lambda: prometheus.query(GIVEN_UP), BROKEN, "nova's verdict")
        moment, left = settled(prometheus)
        yield Seen(prometheus, exporter, exporter.page(), moment, empty, left)


def test_every_host_is_of_its_own_platform(seen: Seen) -> None:
    """Hosts of both are asked by the same exporter, and each is known as what its own cloud says."""
    hosts = {one.labels["host"]: one.labels["platform"] for one in seen.page.samples if one.name == "cs_host_info"}
    theirs = {name: {host for host, platform in hosts.items() if platform == name} for name in {*hosts.values()}}
    assert {*HYPERVISORS, *MANAGEMENT, "endpoint:cloudstack"} <= theirs[CLOUDSTACK]
    machines = {*beside.MACHINES, beside.NOWHERE, *beside.SILENT}
    assert {*machines, "endpoint:openstack", "endpoint:openstack.east"} == theirs[OPENSTACK]
    for probe, name in (("cloudstack_states", CLOUDSTACK), ("openstack_agents", OPENSTACK)):
        assert 1 == seen.page.value("cs_probe_success", host=f"endpoint:{name}", probe=probe)


def test_each_query_of_the_overview_shows_both(seen: Seen) -> None:
    """At one moment, whichever of the platforms is chosen; only one figure is about nobody's hosts."""
    assert not seen.lacking, "\n".join(seen.lacking)
    left = {asked.panel for asked in overview(ALL)} - {asked.panel for asked in about_hosts(ALL)}
    assert {"Alerts about no single host"} == left


def test_all_platforms_are_each_of_them_together(seen: Seen) -> None:
    """Where all are chosen nobody is left out, and nobody counts twice."""
    known = seen.prometheus.query("count by (platform) (host:cs_host_info:max)", seen.moment)
    platforms = sorted(one.labels["platform"] for one in known)
    assert {CLOUDSTACK, OPENSTACK} <= {*platforms}
    parts = [about_hosts(platform) for platform in platforms]
    for asked, *each in zip(about_hosts(ALL), *parts, strict=True):
        combine: Callable[[float, float], float] = add if asked.expression.startswith("count") else min
        together: Answer = {}
        for part in each:
            for labels, value in answer(seen.prometheus, part, seen.moment).items():
                together[labels] = combine(together[labels], value) if labels in together else value
        assert together == answer(seen.prometheus, asked, seen.moment), str(asked)


def test_trouble_of_each_is_told_in_its_own_words(seen: Seen) -> None:
    """OpenStack's of its hosts alone, and CloudStack's of its own."""
    [asked] = [asked for asked in overview(ALL) if asked.panel == "Hosts and symptoms"]
    told = {(one["host"], one["alertname"]) for one in map(dict, answer(seen.prometheus, asked, seen.moment))}
    wanted = {(beside.DYING, "CsComputeDown"), (beside.NOWHERE, "CsHostUnreachable")}
    assert wanted | {("kvm2", "CsNfsMountHung"), ("kvm6", "CsHostUnreachable")} <= told
    [states] = [asked for asked in overview(ALL) if asked.panel == "States of hosts"]
    assert {"Up", "up", "down"} <= {dict(labels)["state"] for labels in answer(seen.prometheus, states, seen.moment)}


def test_the_openstack_dashboard_answers(seen: Seen) -> None:
    """Every panel has something to show, of a cloud that is well or in trouble."""
    assert not seen.empty, "\n".join(seen.empty)


def test_nobody_made_a_mistake(seen: Seen) -> None:
    """No traceback in what the exporter said."""
    assert [] == seen.exporter.trouble()
