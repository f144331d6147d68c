"""Every query of every panel, asked of a real Prometheus that scrapes the small cloud, healthy and then broken.

What is found in neither is a panel that nobody will ever see anything on. What this cloud can't have is planted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.demo.catalogue import FAULTS
from tests.demo.cloud import Cloud
from tests.demo.pace import TEST
from tests.lab.one_page import serving
from tests.lab.wait import wait_until
from tests.live.exporter import Exporter, Page
from tests.matrix.dashboards.planting import page
from tests.matrix.dashboards.reading import every_query, still_empty
from tests.matrix.dashboards.scraping import scraping
from tests.matrix.dashboards.stubs import MATRIX, METRICS

pytestmark = [pytest.mark.lab, pytest.mark.heavy, pytest.mark.timeout(300)]

BREAKING: Mapping[str, str] = {
    "mysql-killed": "db1",
    "mysql-replica-stopped": "db2",
    "nfs-unmounted": "kvm1",
    "nfs-cut": "kvm2",
    "libvirt-stopped": "kvm3",
    "agent-frozen": "kvm4",
    "path-reduced": "kvm5",
    "ssh-frozen": "kvm6",
    "path-icmp": "ms1",
    "path-port": "ms2",
}
"""Faults that are brought about together, and where."""

TOLD = frozenset(
    {
        *("cs_cloud_database_unasked", "cs_cloud_source_info", "cs_discovery_hosts", "cs_discovery_hosts_held"),
        *("cs_discovery_hosts_missing", "cs_discovery_lacking", "cs_discovery_last_complete_timestamp_seconds"),
        *("cs_ha_work_unfinished", "cs_host_schedulable", "cs_host_state", "cs_host_state_changes_total"),
        *("cs_host_state_since_timestamp_seconds", "cs_management_agents", "cs_management_agents_lost_ratio"),
        *("cs_management_clock_ahead_seconds", "cs_management_heartbeat_age_seconds", "cs_management_peers_down"),
        *("cs_management_server_state", "cs_storage_pools", "cs_vms_in_error", "cs_vms_recent_errors"),
    }
)
"""What its cloud tells of the small one: of its hosts and servers, with no guest in trouble and nothing held."""

CLOUDS = ("cloudstack_states", "cloud_hosts")

LOST = ("lost_bytes_total", "gaps_total", "last_gap_timestamp_seconds")

NOT_HERE: Mapping[str, str] = {
    **dict.fromkeys(
        (name for name, of in METRICS.items() if of.probe in CLOUDS and name not in TOLD),
        "nothing of the kind is in its cloud",
    ),
    **dict.fromkeys((name for name in METRICS if name.startswith("cs_galera_")), "its database is no cluster"),
    **dict.fromkeys(
        (name for name, of in METRICS.items() if of.probe.startswith(("openstack_", "rabbitmq"))),
        "it is CloudStack's, and has no message bus",
    ),
    **dict.fromkeys(
        (name for name, of in METRICS.items() if of.probe in {"agent_certificates", "block_storage"}),
        "its hosts have no agent of CloudStack's own, and no block storage",
    ),
    **dict.fromkeys(
        (f"cs_{log}_log_{lost}" for log in ("agent", "management") for lost in LOST),
        "of its logs no line is lost",
    ),
    **dict.fromkeys(
        (name for name in METRICS if name.startswith(("cs_management_log_events_", "cs_management_log_last_event_"))),
        "its servers write of pings alone",
    ),
    **dict.fromkeys((name for name in METRICS if name.startswith("cs_management_pool_")), "nor do they have pools"),
    "cs_mysql_denied": "the monitoring account has all that it needs",
    "cs_mysql_account_privileged": "and no more",
    "cs_mysql_replication_error_info": "whether a stopped replica still says what kept it from its source is luck",
    "cs_mysql_unanswered": "no fault of the catalogue makes sure that the database answers some questions only",
    "cs_nfs_mount_unjudged": "the monitoring account may enter every directory",
    "cs_nfs_mount_heartbeat_remount": "no agent's script has mounted the pool again",
    "cs_nfs_mount_version_mismatch": "mounts have the version that the configuration says",
    "cs_storage_heartbeat_ahead_seconds": "heartbeats are stamped by the clock that they are compared with",
    "cs_port_unexpected": "no port is configured as one that must be closed",
    "cs_port_syn_retransmitting": "ports are mostly given up before the kernel repeats itself",
    "cs_path_mtu_cached": "whether a host remembers a smaller path when it asks again is a matter of luck",
    "cs_path_unjudged": "so is which of its packets a host can't even send",
    "cs_path_unmeasured": "every host has a ping that can do it",
    **dict.fromkeys(("cs_guest_interfaces", "cs_guest_mtu_min_bytes"), "there are no guests"),
    "cs_collector_mismatch": "nobody has installed a collector",
    "cs_host_series_dropped": "no host has that many series",
    **dict.fromkeys(("cs_duplicate_series", "cs_unreadable_metrics"), "no sheet has such a mistake"),
}
"""Metrics that are planted, and why the small cloud does not have them."""

LUCK = frozenset(
    {
        *("cs_path_mtu_cached", "cs_path_unjudged", "cs_port_syn_retransmitting"),
        *("cs_mysql_unanswered", "cs_mysql_replication_error_info"),
    }
)
"""Those of them that it has now and then."""

EVERYTHING = tuple(METRICS.values())

FIRST_GREEN, HEALTHY, BROKEN = 60.0, 8.0, 90.0


@dataclass(frozen=True)
class Looks:
    """What was found: queries that were empty all the time, and the exporter's page of both."""

    empty: list[str]
    pages: tuple[Page, Page]


@pytest.fixture(scope="module")
def looks() -> Iterator[Looks]:
    """Both looks, with one cloud."""
    with ExitStack() as stack:
        cloud = stack.enter_context(Cloud(TEST))
        file = cloud.directory / "cs_exporter.yml"
        text = json.dumps(cloud.configuration())
        exporter = stack.enter_context(Exporter(cloud.lab, file, text, env=cloud.exporter_environment()))
        planted = stack.enter_context(serving(page(shown for shown in EVERYTHING if shown.name in NOT_HERE)))
        prometheus = stack.enter_context(scraping(exporter, cloud.pace.interval, [planted]))
        wait_until(lambda: prometheus.query("cs_first_sweep_done == 1"), FIRST_GREEN, "the first sweep")
        queries = {str(asked): asked for asked in every_query(MATRIX)}
        missing = still_empty(prometheus, list(queries.values()), HEALTHY)
        healthy = exporter.page()
        for fault in FAULTS:
            if fault.name in BREAKING:
                stack.enter_context(fault.breaks(cloud, BREAKING[fault.name]))
        empty = still_empty(prometheus, [queries[name] for name in missing], BROKEN)
        yield Looks(empty, (healthy, exporter.page()))


def test_none_is_empty_in_both(looks: Looks) -> None:
    """Healthy or broken, every panel has something to show."""
    assert not looks.empty, "\n".join(looks.empty)


def test_nothing_is_planted_that_the_cloud_has(looks: Looks) -> None:
    """What is planted proves nothing of the exporter."""
    exported = {sample.name for page in looks.pages for sample in page.samples}
    assert set() == exported & {*NOT_HERE} - LUCK
    assert {*NOT_HERE} <= {shown.name for shown in EVERYTHING}
