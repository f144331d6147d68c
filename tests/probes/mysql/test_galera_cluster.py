"""The derived probe galera_cluster: who is a member, who is missed, and whether all are in one cluster.

A real cluster's course of events is in test_galera_course.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cs_exporter.model import Host, Inventory, Role
from cs_exporter.parsers.mysql_galera import GaleraNode
from cs_exporter.probes.mysql.galera_cluster import METRICS, GaleraClusterReading, derive
from cs_exporter.probes.mysql.reading import MysqlConnectionsReading, State
from cs_exporter.spec import Latest
from tests.probes.mysql.galera_course import ADDRESSES, NODES
from tests.probes.mysql.mysql_stand import Server, galera, mariadb, red

Readings = Mapping[str, MysqlConnectionsReading]

MUTE = MysqlConnectionsReading(State.MUTE, None, None, (), None)
ELSEWHERE = {name: f"192.0.2.{number}" for number, name in enumerate(NODES, 1)}


def inventory(addresses: Mapping[str, str]) -> Inventory:
    """Database servers by name."""
    hosts = [Host(name, address, roles=frozenset({Role.DATABASE})) for name, address in addresses.items()]
    return Inventory({host.name: host for host in hosts})


def compared(
    found: Readings, before: GaleraClusterReading | None = None, hosts: Mapping[str, str] = ADDRESSES
) -> GaleraClusterReading:
    """The derived reading of these readings."""
    return derive(Latest(inventory(hosts), {"mysql_connections": found}, before=before), 0.0)


SILENT = {("db3", "GaleraMemberSilent")}
SMALL = {("db1", "GaleraTooSmall"), ("db2", "GaleraTooSmall")}


async def test_who_is_no_member_is_left_out() -> None:
    """A server without a cluster beside one, and no cluster at all."""
    alone = await Server(mariadb()).poll()
    assert GaleraClusterReading() == compared({"db1": alone})
    node = await Server(galera()).poll()
    [group] = compared({"db1": node, "web": alone}, hosts={**ADDRESSES, "web": "192.0.2.9"}).groups
    assert frozenset(NODES) == group.members


async def test_members_that_never_spoke_are_known_by_the_others_configuration() -> None:
    """Frozen since before the exporter started: it is missed all the same, by address or by name."""
    node = await Server(galera()).poll()
    found = compared({"db1": node}, hosts={"db1": "127.0.0.1", "db2": "127.0.0.2", "other": "192.0.2.9"})
    [group] = found.groups
    assert ({"db1", "db2"}, {"db1"}, 1) == ({*group.members}, {*group.answering}, group.views)


async def test_members_that_spoke_once_are_missed_until_they_leave() -> None:
    """Their configuration names nobody; the inventory says who is gone on purpose."""
    nodes = {name: await _nameless(number=name) for name in NODES}
    before = compared(nodes, hosts=ELSEWHERE)
    later = compared({**nodes, "db3": MUTE}, before, ELSEWHERE)
    assert frozenset({"db3"}) == later.groups[0].members - later.groups[0].answering
    silent = compared(dict.fromkeys(NODES, MUTE), later, ELSEWHERE)
    assert ({*NODES}, set()) == ({*silent.groups[0].members}, {*silent.groups[0].answering})
    assert [] == [sample for metric in METRICS for sample in metric.read(silent)]
    back = compared({"db1": nodes["db1"], "db2": nodes["db2"], "db3": MUTE}, silent, ELSEWHERE)
    assert later == back
    removed = compared({"db1": nodes["db1"], "db2": nodes["db2"]}, back, {"db1": "192.0.2.1", "db2": "192.0.2.2"})
    assert {"db1", "db2"} == removed.groups[0].members


async def test_a_member_that_was_taken_out_of_the_cluster() -> None:
    """It says itself that it runs alone, and nobody lists it."""
    nodes = {name: await _nameless(number=name) for name in NODES}
    alone = await Server(mariadb()).poll()
    found = compared({**nodes, "db3": alone}, compared(nodes, hosts=ELSEWHERE), ELSEWHERE)
    assert {"db1", "db2"} == found.groups[0].members


async def test_clusters_of_the_same_name_are_two() -> None:
    """Nearly all have the default one: what they have in common besides makes a cluster, and labels differ."""
    first, second = await _nameless("u1"), await _nameless("u2")
    found = compared({"a1": first, "b1": second}, hosts={"a1": "192.0.2.1", "b1": "192.0.2.2"})
    assert [{"a1"}, {"b1"}] == [{*group.members} for group in found.groups]
    assert ["demo (a1)", "demo (b1)"] == [*found.labels.values()]


async def test_parts_of_a_split_cluster_are_one() -> None:
    """A node that was begun anew by mistake has other data, and the addresses still tell."""
    nodes = {name: await Server(galera()).poll() for name in NODES}
    lost = _with(nodes["db3"], uuid="11111111-e56b-11f1-bc9f-b61b7b566986", size=1, addresses=frozenset())
    [group] = compared({**nodes, "db3": lost}).groups
    assert ({*NODES}, 2) == ({*group.members}, group.views)


async def test_a_floating_address_is_no_further_member() -> None:
    """Whichever node is behind it: it is not counted, nor missed when it is silent."""
    nodes, hosts = await _whole(), {**ADDRESSES, "a-vip": "192.0.2.9"}
    before = GaleraClusterReading()
    behind: list[MysqlConnectionsReading] = [*nodes.values(), MUTE, _with(nodes["db1"], number="of a restart")]
    for reading in behind:
        found = {**nodes, "a-vip": reading}
        before = compared(found, before, hosts)
        assert (set(NODES), 1) == ({*before.groups[0].members}, before.groups[0].views)
        assert set() == {row for row in red(found, before) if row[1].startswith("Galera")}
    [expected] = [metric for metric in METRICS if metric.name == "cs_galera_expected_size"]
    assert dict.fromkeys(NODES, 3.0) == {row.host: row.value for row in expected.read(before)}


async def test_a_node_is_missed_though_its_floating_address_answers() -> None:
    """What is said at another address is not said by the member's own."""
    nodes, hosts = await _whole(), {**ADDRESSES, "vip": "192.0.2.9"}
    before = compared({**nodes, "vip": nodes["db1"]}, None, hosts)
    later = compared({**nodes, "db1": MUTE, "vip": nodes["db1"]}, before, hosts)
    [group] = later.groups
    assert (frozenset(NODES), frozenset({"db1"})) == (group.members, group.members - group.answering)
    alone = compared({"vip": nodes["db1"]}, None, {"vip": "192.0.2.9"})
    assert {"vip"} == alone.groups[0].members


async def test_a_floating_address_where_nobody_is_listed() -> None:
    """Each node counts once, wherever the address goes."""
    nodes = {name: await _nameless(number=name) for name in NODES}
    hosts, before = {**ELSEWHERE, "a-vip": "192.0.2.9"}, None
    for name in (*NODES, "db1"):
        before = compared({**nodes, "a-vip": nodes[name]}, before, hosts)
        assert 3 == len(before.groups[0].members)


async def test_silence_in_maintenance_is_expected() -> None:
    """A member that is taken out for planned work makes the others not too few; one that answers counts."""
    nodes = await _whole()
    two = {name: _with(nodes[name], size=2) for name in ("db1", "db2")}
    declared = inventory(ADDRESSES)
    declared = Inventory({**declared.hosts, "db3": replace(declared.hosts["db3"], maintenance=True)})
    before = derive(Latest(declared, {"mysql_connections": nodes}), 0.0)
    assert {*NODES} == before.groups[0].expected
    found = {**two, "db3": MUTE}
    away = derive(Latest(declared, {"mysql_connections": found}, before=before), 0.0)
    assert {"db1", "db2"} == away.groups[0].expected
    assert set() == {row for row in red(found, away) if row[1].startswith("Galera")}
    ended = derive(Latest(inventory(ADDRESSES), {"mysql_connections": found}, before=away), 0.0)
    assert SILENT | SMALL == {row for row in red(found, ended) if row[1].startswith("Galera")}


async def test_a_cluster_is_as_large_as_its_configuration_says() -> None:
    """Members that are no hosts of the inventory count too: of three that are listed, one is watched."""
    node = await Server(galera()).poll()
    hosts = {"db1": "127.0.0.1"}
    alone = compared({"db1": node}, hosts=hosts)
    assert ({"db1"}, 3) == ({*alone.groups[0].members}, alone.groups[0].expected_size)
    assert set() == {row for row in red({"db1": node}, alone) if row[1].startswith("Galera")}
    two = {"db1": _with(node, size=2)}
    assert {("db1", "GaleraTooSmall")} == red(two, compared(two, hosts=hosts))


async def test_nobody_is_missed_before_he_was_asked() -> None:
    """When the exporter begins, its first answers come one after the other."""
    node = await Server(galera()).poll()
    [up] = [metric for metric in METRICS if metric.name == "cs_galera_member_up"]
    begun = compared({"db1": node})
    assert [("db1", 1.0)] == [(row.host, row.value) for row in up.read(begun)]
    later = compared({"db1": node, "db2": MUTE}, begun)
    assert [("db1", 1.0), ("db2", 0.0)] == [(row.host, row.value) for row in up.read(later)]
    failed = {"mysql_connections": frozenset({"db3"})}
    found = derive(Latest(inventory(ADDRESSES), {"mysql_connections": {"db1": node}}, unanswered=failed), 0.0)
    assert [("db1", 1.0), ("db3", 0.0)] == [(row.host, row.value) for row in up.read(found)]


async def test_what_a_member_in_maintenance_sees_is_no_split() -> None:
    """It is begun alone for planned work, while the others go on."""
    nodes = await _whole()
    found = {**nodes, "db3": _with(nodes["db3"], size=1, change="1")}
    assert 2 == compared(found).groups[0].views
    hosts = inventory(ADDRESSES)
    declared = Inventory({**hosts.hosts, "db3": replace(hosts.hosts["db3"], maintenance=True)})
    [group] = derive(Latest(declared, {"mysql_connections": found}), 0.0).groups
    assert ({*NODES}, 1) == ({*group.answering}, group.views)


async def test_a_reading_of_before_is_no_answer() -> None:
    """A host whose latest run failed is silent, though the board still shows its last words."""
    nodes = {name: await Server(galera()).poll() for name in NODES}
    failed = {"mysql_connections": frozenset({"db2"})}
    found = derive(Latest(inventory(ADDRESSES), {"mysql_connections": nodes}, unanswered=failed), 0.0)
    assert {"db2"} == found.groups[0].members - found.groups[0].answering


async def test_rows_stand_under_their_hosts() -> None:
    """Every member has its own; views are the cluster's."""
    found = {**await _whole(), "db3": MUTE}
    told = {metric.name: [*metric.read(compared(found))] for metric in METRICS}
    assert {"db1": 1.0, "db2": 1.0, "db3": 0.0} == {row.host: row.value for row in told["cs_galera_member_up"]}
    assert {"db1": 3.0, "db2": 3.0, "db3": 3.0} == {row.host: row.value for row in told["cs_galera_expected_size"]}
    assert [("demo",)] == [row.labels for row in told["cs_galera_views"]]


async def _nameless(uuid: str = "u", number: str = "n") -> MysqlConnectionsReading:
    """A node whose configuration lists nobody, as after the first start of a cluster; `number`: its own uuid."""
    return _with(await Server(galera()).poll(), uuid=uuid, addresses=frozenset(), number=number)


async def _whole() -> dict[str, MysqlConnectionsReading]:
    """The captured cluster, in which each node has a uuid of its own."""
    return {name: _with(await Server(galera()).poll(), number=name) for name in NODES}


def _with(reading: MysqlConnectionsReading, **changes: object) -> MysqlConnectionsReading:
    assert reading.answered is not None
    assert reading.galera is not None
    node: GaleraNode = replace(reading.galera, **changes)  # type: ignore[arg-type]  # fields of the node, by name
    return replace(reading, answered=replace(reading.answered, galera=node))
