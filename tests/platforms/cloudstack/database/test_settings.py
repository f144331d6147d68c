"""The settings that decide when a host is given up: row, default, built in, and single clusters."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.cloudstack import database
from cs_exporter.platforms.cloudstack.database.settings import parsed
from tests.lab.cloud_database import CloudDatabase
from tests.lab.cloud_schema import VERSIONS
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import LIMIT, SmallCloud, account, asking, endpoint


@pytest.mark.parametrize(
    ("value", "expected"),
    [("30", 30.0), ("2.5", 2.5), ("", 60.0), ("x", 60.0), ("0", 60.0), ("inf", 60.0), ("nan", 60.0)],
)
def test_values(value: str, expected: float) -> None:
    """A positive number, else what the management server has built in."""
    assert expected == parsed([["ping.interval", value, "1"]], []).number("ping.interval")


@pytest.mark.parametrize(
    ("scope", "expected"), [("6", 20.0), ("Cluster", 20.0), ("1", 60.0), ("Global", 60.0), ("", 60.0)]
)
def test_clusters(scope: str, expected: float) -> None:
    """What a cluster says counts only where the setting may differ between clusters."""
    found = parsed([["ping.interval", "60", scope]], [["7", "ping.interval", "20"]])
    assert expected == found.number("ping.interval", "7")
    assert 60.0 == found.number("ping.interval", "8")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("192.0.2.1", ("192.0.2.1",)), ("a, b@static", ("a", "b")), ("", ()), ("@static", ())],
)
def test_agents_servers(value: str, expected: tuple[str, ...]) -> None:
    """A list without its algorithm."""
    assert expected == parsed([["host", value, "1"]], []).agents_servers


@pytest.mark.lab
@BOTH
@pytest.mark.parametrize("version", VERSIONS)
async def test_real_rows(small: SmallCloud, version: str) -> None:
    """Defaults, a setting of the whole cloud, and one of a cluster, in every version's own way."""
    cloud = CloudDatabase(small.database.server, version)
    cloud.create()
    account(cloud)
    cluster = cloud.cluster("cluster1", cloud.pod("pod1", cloud.zone("zone1")))
    cloud.hypervisor("kvm1", "192.0.2.11", cluster)
    cloud.hypervisor("kvm2", "192.0.2.12")
    cloud.setting("ping.interval", None, "30", scope="Global")
    cloud.setting("ping.timeout", "4", "2.5", scope="Cluster")
    cloud.cluster_setting(cluster, "ping.interval", "10")
    cloud.cluster_setting(cluster, "ping.timeout", "5")
    async with asking(cloud.server) as sql:
        found = await database.census(endpoint(cloud.server), sql, LIMIT)
    told = {host.name: host.settings["agent_heartbeat"] for host in found.hosts}
    assert {"ping_interval": 30.0, "ping_timeout": 5.0} == told["kvm1"]
    assert {"ping_interval": 30.0, "ping_timeout": 4.0} == told["kvm2"]
