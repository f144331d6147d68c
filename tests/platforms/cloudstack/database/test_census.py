"""Who belongs to a cloud, by a real database in every version of its tables, as the read-only account."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from cs_exporter.discovery.keeping import PATIENCE, Keeping
from cs_exporter.model import Census, CloudHost, Place, ProbeFailed, Reason, Role
from cs_exporter.platforms.cloudstack import database as source
from cs_exporter.platforms.cloudstack.database.tables import READ
from tests.lab.cloud_database import CloudDatabase
from tests.lab.cloud_schema import VERSIONS
from tests.lab.mysql_fixtures import BOTH
from tests.platforms.cloudstack.database.cloud_stand import (
    ACCOUNT,
    LIMIT,
    MARIADB,
    SmallCloud,
    account,
    asking,
    endpoint,
)

pytestmark = pytest.mark.lab


async def census(small: SmallCloud, **names: str) -> Census:
    """What is told now; `names`: who is known already, by uuid."""
    async with asking(small.database.server) as sql:
        return await source.census(endpoint(small.database.server, **names), sql, LIMIT)


def by_name(found: Census) -> dict[str, CloudHost]:
    """Each host, and no name twice."""
    named = {host.name: host for host in found.hosts}
    assert len(named) == len(found.hosts)
    return named


def named(found: Census) -> set[str]:
    """The tables that the lines of `lacking` name."""
    return {table for line in found.lacking for table in re.findall(r"table cloud\.(\w+)", line)}


@BOTH
@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version(small: SmallCloud, version: str) -> None:
    """Everybody, with roles, places and storage, whatever columns the version has; nothing is lacking."""
    cloud = CloudDatabase(small.database.server, version)
    cloud.create()
    account(cloud)
    found = await census(SmallCloud(cloud))
    assert ((), True, frozenset()) == (found.lacking, found.complete, found.removed)
    told = {name: "+".join(sorted(host.roles)) for name, host in by_name(found).items()}
    expected = dict.fromkeys(("kvm1", "kvm2", "esx1"), "hypervisor") | dict.fromkeys(("mgmt1", "mgmt2"), "management")
    expected |= {"v-1-VM": "console_proxy", "s-2-VM": "secondary_storage_vm"}
    assert expected | dict.fromkeys(("192.0.2.41", "192.0.2.42", "192.0.2.44"), "storage") == told
    assert {"kvm1", "kvm2", "mgmt1", "mgmt2"} == {host.name for host in found.hosts if host.asked}


@BOTH
async def test_a_hypervisor(small: SmallCloud) -> None:
    """Its place, its networks, its mounts (of pools that are Up), its limits."""
    small.database.resource_state(small.kvm2, "PrepareForMaintenance")
    found = by_name(await census(small))
    one, other = found["kvm1"], found["kvm2"]
    assert (small.kvm1.uuid, "192.0.2.11", {"storage": "198.51.100.11"}) == (one.uuid, one.address, one.addresses)
    assert Place("zone1", "pod1", "cluster1", "KVM") == one.place
    assert [f"/mnt/{small.pool.uuid}"] == [mount.mountpoint for mount in one.mounts]
    assert ["/srv/primary"] == [mount.mountpoint for mount in other.mounts]
    assert ({}, True, False) == (other.addresses, other.maintenance, one.maintenance)
    assert (True, None) == (one.secured, other.secured)
    assert {"ping_interval": 30.0, "ping_timeout": 2.5} == one.settings["agent_heartbeat"]
    assert found == by_name(await census(small))


@BOTH
async def test_who_comes_and_goes(small: SmallCloud) -> None:
    """A new row is there with the next answer; a removed one is named as removed, and only if it was known."""
    cloud, names = small.database, small.names
    new = cloud.hypervisor("kvm3", "192.0.2.14", small.cluster)
    cloud.remove("host", small.kvm1.number)
    cloud.remove("mshost", small.servers[1].number)
    cloud.update("vm_instance", f"id = {small.proxy.number}", state="Expunging")
    found = await census(small, **names, unheard="of", **{"00000000-0000-0000-0000-00000000000f": "nobody"})
    assert new.uuid == by_name(found)["kvm3"].uuid
    assert {small.kvm1.uuid, small.servers[1].uuid, small.proxy.uuid} == found.removed
    assert found.complete
    assert not {"kvm1", "mgmt2", "v-1-VM"} & by_name(found).keys()


@MARIADB
async def test_storage_that_was_removed(small: SmallCloud) -> None:
    """A server goes with its last storage."""
    cloud = small.database
    second = cloud.pool("second", "192.0.2.42", "/export/second", small.zone)
    cloud.mount(small.kvm1, second)
    cloud.remove("storage_pool", small.pool.number)
    cloud.remove("storage_pool", small.ill.number)
    cloud.update("image_store", "protocol = 'nfs'", removed="2026-01-01 00:00:00")
    found = await census(small, **{f"nfs:192.0.2.{number}": "x" for number in (41, 42, 44, 99)})
    assert {"nfs:192.0.2.41", "nfs:192.0.2.44"} == found.removed
    assert "192.0.2.42" in by_name(found)


@MARIADB
async def test_odd_rows(small: SmallCloud) -> None:
    """Names that are shared, missing or in any script; uuids that are missing; one machine in two roles."""
    cloud = small.database
    twin = cloud.hypervisor("kvm1", "192.0.2.15", small.cluster)
    cloud.update("mshost", f"msid = {small.servers[0].number}", name=None, uuid=None)
    cloud.hypervisor("nœud'3", "192.0.2.16", small.cluster)
    cloud.mount(small.kvm1, cloud.pool("on kvm1", "198.51.100.11", "/export", small.zone))
    cloud.update("cluster", "1", name=None)
    found = by_name(await census(small))
    assert f"kvm1-{twin.uuid[:8]}" in found
    assert f"mshost-{small.servers[0].number}" == found["192.0.2.1"].uuid
    assert "192.0.2.16" == found["nœud'3"].address
    assert {Role.HYPERVISOR, Role.STORAGE} == found["kvm1"].roles
    assert "" == found["kvm1"].place.cloud_cluster


@MARIADB
async def test_a_machine_without_an_address_is_not_gone(small: SmallCloud) -> None:
    """It can't be asked, and protects itself only: all others are told, and one of them may be gone."""
    small.database.update("host", f"id = {small.kvm1.number}", private_ip_address=None)
    found = await census(small, **small.names)
    assert (True, frozenset(), frozenset({small.kvm1.uuid})) == (found.complete, found.removed, found.nowhere)
    assert ((), ("addresses of kvm1: they have none now",)) == (found.lacking, found.untold)
    assert "kvm1" not in by_name(found)


@MARIADB
@pytest.mark.parametrize(
    ("table", "gone", "line"),
    [
        ("mshost", {"mgmt1", "mgmt2"}, "management servers: not visible to our account: table cloud.mshost"),
        ("vm_instance", {"v-1-VM", "s-2-VM"}, "system VMs: not visible to our account: table cloud.vm_instance"),
        ("image_store", {"192.0.2.44"}, "secondary storage: not visible to our account: table cloud.image_store"),
        ("cluster", set(), "clusters: not visible to our account: table cloud.cluster"),
        ("configuration", set(), "settings: not visible to our account: table cloud.configuration"),
    ],
)
async def test_a_grant_is_missing(small: SmallCloud, table: str, gone: set[str], line: str) -> None:
    """All else is told, what is lacking is named, and where machines may be missing for it nobody counts as gone."""
    before = by_name(await census(small)).keys()
    account(small.database, table)
    found = await census(small, **small.names)
    assert gone == before - by_name(found).keys()
    assert (not gone, frozenset()) == (found.complete, found.removed)
    assert line in found.lacking
    assert (table == "configuration") == (not by_name(found)["kvm1"].settings)


@MARIADB
async def test_every_grant_that_is_missing_is_named(small: SmallCloud) -> None:
    """Also of tables that only the look at states reads: alone, several at once, and a column of one."""
    for table in READ.keys() - {"host"}:
        account(small.database, table)
        found = await census(small)
        assert {table} == named(found), table
        assert (table in {"mshost_peer", "op_ha_work"}) == found.machines_told, table
    several = {"mshost_peer", "console_proxy", "op_ha_work", "host_details", "cluster_details", "configuration"}
    account(small.database, *several)
    found = await census(small)
    assert (several, len(several)) == (named(found), len(found.lacking))
    account(small.database, "mshost_peer")
    small.database.server.sql(f"GRANT SELECT (owner_mshost) ON cloud.mshost_peer TO '{ACCOUNT}'@'%'")
    [line] = (await census(small)).lacking
    assert line.endswith("not visible to our account: cloud.mshost_peer: peer_mshost, peer_runid, peer_state")


@MARIADB
@pytest.mark.parametrize("private", [None, "192.0.2.31"])
async def test_addresses_that_are_not_visible(small: SmallCloud, private: str | None) -> None:
    """A system VM keeps the address that it had, and nobody says that it has none."""
    small.database.update("vm_instance", f"id = {small.proxy.number}", private_ip_address=private)
    before = await census(small)
    account(small.database, "console_proxy")
    found = await census(small, **small.names)
    assert ("public addresses of console proxies: not visible to our account: table cloud.console_proxy",) == (
        found.lacking
    )
    assert ((), frozenset({small.proxy.uuid}), True) == (found.untold, found.nowhere, found.complete)
    kept = Keeping().take(before)
    for _ in range(PATIENCE + 1):
        kept = kept.take(found)
    assert before.hosts == tuple(kept.hosts.values())


@MARIADB
async def test_settings_of_clusters_that_are_not_visible(small: SmallCloud) -> None:
    """Hosts that are known keep theirs; a new one gets the whole cloud's, and so does one without a cluster."""
    cloud = small.database
    cloud.setting("ping.timeout", "4", "2.5", scope="Cluster")
    cloud.cluster_setting(small.cluster, "ping.timeout", "5")
    before = await census(small)
    account(cloud, "cluster_details")
    cloud.hypervisor("kvm3", "192.0.2.14", small.cluster)
    cloud.hypervisor("kvm4", "192.0.2.15")
    found = await census(small, **small.names)
    assert {"settings of clusters: not visible to our account: table cloud.cluster_details"} == {*found.lacking}
    kept = _census_of(Keeping().take(before).take(found).take(found))
    timeouts = {
        name: host.settings["agent_heartbeat"]["ping_timeout"]
        for name, host in by_name(kept).items()
        if name.startswith("kvm")
    }
    assert {"kvm1": 5.0, "kvm2": 5.0, "kvm3": 4.0, "kvm4": 4.0} == timeouts


@MARIADB
async def test_what_no_machine_depends_on_keeps_nothing_of_one(small: SmallCloud) -> None:
    """A mount that is no more goes, although the account may not see the high-availability manager's work."""
    before = await census(small)
    account(small.database, "op_ha_work")
    small.database.server.sql("DELETE FROM cloud.storage_pool_host_ref")
    found = _census_of(Keeping().take(before).take(await census(small)))
    assert by_name(before)["kvm1"].mounts
    assert () == by_name(found)["kvm1"].mounts


@MARIADB
@pytest.mark.parametrize(
    ("schema", "without", "reason", "text"),
    [
        ("cloud", ["host"], Reason.DENIED, "hypervisors: not visible to our account: table cloud.host"),
        (
            "no`such",
            ["host"],
            Reason.COMMAND,
            "nothing of a database no`such is visible to our account, but of cloud: is database.name right?",
        ),
        (
            "cloud",
            READ,
            Reason.DENIED,
            (
                "hypervisors: nothing of a database cloud is visible to our account: "
                "nothing was granted there, or database.name is wrong"
            ),
        ),
    ],
)
async def test_no_cloud(small: SmallCloud, schema: str, without: Iterable[str], reason: Reason, text: str) -> None:
    """Without its hosts there is no census: no grant on them, no such database, or which of both can't be told."""
    account(small.database, *without)
    async with asking(small.database.server) as sql:
        with pytest.raises(ProbeFailed) as raised:
            await source.census(endpoint(small.database.server, schema), sql, LIMIT)
    assert (reason, text) == (raised.value.reason, raised.value.detail)


@BOTH
async def test_tables_that_differ_in_collation(small: SmallCloud) -> None:
    """As in clouds that were upgraded on newer servers: texts of two tables in one line, or compared."""
    cloud = small.database
    for table, charset in (("storage_pool", "utf8mb4"), ("console_proxy", "utf8mb4"), ("host_details", "latin1")):
        collation = "latin1_german1_ci" if charset == "latin1" else "utf8mb4_unicode_ci"
        cloud.server.sql(f"ALTER TABLE cloud.{table} CONVERT TO CHARACTER SET {charset} COLLATE {collation}")
    found = await census(small)
    assert ((), 10, True) == (found.lacking, len(found.hosts), by_name(found)["kvm1"].secured)
    assert [f"/mnt/{small.pool.uuid}"] == [mount.mountpoint for mount in by_name(found)["kvm1"].mounts]


def _census_of(kept: Keeping) -> Census:
    return Census(tuple(kept.hosts.values()))
