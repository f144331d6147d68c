"""Both sources of a cloud tell one truth: the same tables of a real database, once by SQL and once by the API.

But for what the API is known not to tell, which it says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cs_exporter.model import CloudHost, Host, ProbeFailed, Reason, Traffic
from cs_exporter.platforms.cloudstack import api, database
from cs_exporter.platforms.cloudstack.states import States
from cs_exporter.ports import CloudApi, Counters, Sql
from cs_exporter.transports.cloud_api import CloudApis
from tests.lab.cloud_api import CloudApiServer, Manner
from tests.lab.cloud_api_tables import DatabaseTables
from tests.lab.cloud_database import CloudDatabase
from tests.lab.cloud_schema import VERSIONS
from tests.lab.mysql import MysqlServer
from tests.platforms.cloudstack.database import cloud_stand
from tests.platforms.cloudstack.database.cloud_stand import LIMIT, SmallCloud, account, endpoint
from tests.transports.clouds.clouds import pseudo_host, target_of

pytestmark = pytest.mark.lab


@dataclass
class Both:
    """One cloud and both ways to ask it."""

    host: Host
    sql: Sql
    api: CloudApi


@pytest.fixture(params=[VERSIONS[0], VERSIONS[-1]])
def cloud(mariadb: MysqlServer, request: pytest.FixtureRequest) -> Iterator[SmallCloud]:
    """A small cloud of the oldest and the newest version: a host in planned work, and a guest that migrates."""
    made = CloudDatabase(mariadb, request.param)
    made.create()
    account(made)
    small = SmallCloud(made)
    made.resource_state(small.kvm2, "PrepareForMaintenance")
    made.transition(small.kvm2, "Alert")
    made.vm("guest", state="Migrating", data_center_id=small.zone)
    yield small
    made.drop()


@asynccontextmanager
async def both(cloud: SmallCloud, folder: Path) -> AsyncIterator[Both]:
    """The two sources of that cloud."""
    server = cloud.database.server
    manner = Manner(raw_pings=False)
    rows = DatabaseTables(cloud.database.server.by_socket, cloud.database.schema)
    with CloudApiServer(rows, folder, manner=manner) as lists:
        apis = CloudApis(Counters())
        async with cloud_stand.asking(server) as sql:
            yield Both(endpoint(server), sql, apis.of(pseudo_host(target_of(lists))))
        await apis.close()


def told_by_both(host: CloudHost) -> CloudHost:
    """A machine without what only the database knows: storage networks, TLS, places of mounts that are not usual."""
    addresses = dict(host.addresses)
    addresses.pop(Traffic.STORAGE, None)
    mounts = tuple(replace(mount, mountpoint="") for mount in host.mounts)
    return replace(host, addresses=addresses, secured=None, mounts=mounts, settings={**host.settings})


async def test_the_census_is_the_same(cloud: SmallCloud, tmp_path: Path) -> None:
    """Every machine with uuid, name, address, roles, place, planned work and settings."""
    async with both(cloud, tmp_path) as sources:
        by_sql = await database.census(sources.host, sources.sql, LIMIT)
        by_api = await api.census(sources.host, sources.api, LIMIT)
    assert {one.uuid: told_by_both(one) for one in by_sql.hosts} == {
        one.uuid: told_by_both(one) for one in by_api.hosts
    }
    assert (True, True, 10) == (by_sql.complete, by_api.complete, len(by_api.hosts))
    assert ((), True) == (by_api.lacking, bool(by_api.untold))  # what it never tells is nobody's mistake


async def test_the_states_are_the_same(cloud: SmallCloud, tmp_path: Path) -> None:
    """Hosts, servers, system VMs, guests and storage, less what the API does not tell."""
    async with both(cloud, tmp_path) as sources:
        by_sql = await database.states(sources.host, sources.sql, LIMIT)
        by_api = await api.states(sources.host, sources.api, LIMIT)
    assert comparable(by_sql) == comparable(by_api)
    moments = [(one.connected, other.connected) for one, other in zip(by_sql.hosts, by_api.hosts, strict=True)]
    # The API's dates have whole seconds.
    assert all(first is not None and second is not None and 0 <= first - second < 1.1 for first, second in moments)


def comparable(states: States) -> dict[str, object]:
    """All rows as both sources tell them; a pool's hosts by the API are those of its scope that log in."""
    return {
        "hosts": {replace(one, number=None, connected=None, transitions=None, cluster_id=None) for one in states.hosts},
        "servers": {replace(one, number=None, beat_age=None, peers_down=None) for one in states.servers},
        "system VMs": set(states.system_vms),
        "guests": {replace(one, oldest=None) for one in states.vms},
        "pools": {replace(one, hosts=()) for one in states.pools},
        "image stores": set(states.image_stores),
        "agents": states.agents_servers,
    }


async def test_a_database_that_is_down_fails_both(cloud: SmallCloud, tmp_path: Path) -> None:
    """The API has its rows from there: it answers, and that it can't."""
    async with both(cloud, tmp_path) as sources:
        cloud.database.server.stop()
        try:
            with pytest.raises(ProbeFailed) as of_sql:
                await database.census(sources.host, sources.sql, LIMIT)
            with pytest.raises(ProbeFailed) as of_api:
                await api.census(sources.host, sources.api, LIMIT)
        finally:
            cloud.database.server.start()
    assert (Reason.REFUSED, Reason.NOT_READY) == (of_sql.value.reason, of_api.value.reason)
