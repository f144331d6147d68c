"""What a large cloud costs: the client's CPU for a thousand hypervisors with their agents, at every interval."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.openstack import database as source
from tests.lab.mysql import MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.lab.openstack_database import OpenStackDatabase
from tests.platforms.costs import cost, ratios, within_budget
from tests.platforms.openstack.database.openstack_stand import LIMIT, account, asking, endpoint

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

HOSTS = 1_000


@BOTH
async def test_a_thousand_hosts(database: MysqlServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with two agents of neutron beside nova's: within the budget, census included, and nobody is left out."""
    cloud = OpenStackDatabase(database)
    cloud.create()
    account(cloud)
    for number in range(HOSTS):
        name = f"cmp{number:04}.example.org"
        cloud.nova(name, age=number % 10)
        told = {"bridge_mappings": {"physnet1": "br-ex"}, "tunneling_ip": f"10.{number // 250}.{number % 250}.1"}
        cloud.neutron(name, "neutron-openvswitch-agent", age=number % 30, configurations={**told, "padding": "x" * 900})
        cloud.neutron(name, "neutron-metadata-agent", age=number % 30)
    host = endpoint(cloud)
    async with asking(cloud) as sql:
        agents, census = await source.agents(host, sql, LIMIT), await source.census(host, sql, LIMIT)
        assert (3 * HOSTS, HOSTS, {}, ()) == (len(agents.agents), len(census.hosts), agents.lacking, census.lacking)
        assert HOSTS == len({each.tunnel_address for each in agents.agents} - {""})
        of_agents = await cost(lambda: source.agents(host, sql, LIMIT))
        of_census = await cost(lambda: source.census(host, sql, LIMIT))
    cloud.drop()
    with capsys.disabled():
        print(ratios(of_agents, of_census))  # noqa: T201
    assert within_budget(of_agents, of_census)
