"""What a large cloud costs: the client's CPU for a thousand hosts, and no table of VMs read from end to end."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.cloudstack import database as source
from cs_exporter.platforms.cloudstack.database import machines, state_rows
from cs_exporter.platforms.cloudstack.database.columns import columns, statement
from cs_exporter.platforms.listing import PREPARE, Listing
from tests.lab.cloud_crowd import crowd
from tests.lab.cloud_database import CloudDatabase
from tests.lab.mysql import MysqlServer
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import LIMIT, SCHEMA, account, asking, endpoint
from tests.platforms.costs import cost, ratios, within_budget

pytestmark = [pytest.mark.lab, pytest.mark.heavy]

HOSTS, POOLS, GUESTS = 1_000, 5, 10_000


@BOTH
async def test_a_thousand_hosts(database: MysqlServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Everybody with five mounts each: within the budget, census included; and it is one answer, not a part of one."""
    cloud = CloudDatabase(database)
    cloud.create()
    account(cloud)
    crowd(cloud, HOSTS, POOLS, GUESTS)
    host = endpoint(database)
    async with asking(database) as sql:
        census, states = await source.census(host, sql, LIMIT), await source.states(host, sql, LIMIT)
        assert ((), (), HOSTS) == (census.lacking, states.lacking, len(states.hosts))
        assert [POOLS] * HOSTS == [len(each.mounts) for each in census.hosts if each.asked and each.secured]
        of_census = await cost(lambda: source.census(host, sql, LIMIT))
        of_states = await cost(lambda: source.states(host, sql, LIMIT))
    with capsys.disabled():
        print(ratios(of_states, of_census))  # noqa: T201
    _no_table_of_vms_is_read_whole(cloud)
    cloud.drop()
    assert within_budget(of_states, of_census)


def _no_table_of_vms_is_read_whole(cloud: CloudDatabase) -> None:
    """By what the server counts of its own reading."""
    cloud.server.sql("ANALYZE TABLE cloud.vm_instance")
    cloud.server.sql(PREPARE)
    visible = columns(SCHEMA, cloud.server.sql(statement(SCHEMA)))
    asked = (machines.system_vms(visible).statement, state_rows.vms(visible).statement)
    assert GUESTS / 10 > max(_read(cloud, each) for each in asked)
    whole = Listing(("update_time",), "cloud.vm_instance WHERE update_time IS NULL OR instance_name = ''", 1)
    assert GUESTS <= _read(cloud, whole.statement)


def _read(cloud: CloudDatabase, asked: str) -> int:
    """Rows and index entries that a statement reads."""
    cloud.server.sql("FLUSH STATUS")
    cloud.server.sql(asked)
    return sum(int(row["Value"]) for row in cloud.server.sql("SHOW SESSION STATUS LIKE 'Handler_read%'"))
