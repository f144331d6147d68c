"""The derived probe galera_cluster, on a real cluster's course of events: frozen, split, back with an old view."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from cs_exporter.model import Host, Inventory, Role
from cs_exporter.parsers.mysql_galera import GaleraNode
from cs_exporter.probes.mysql.galera_cluster import METRICS, GaleraClusterReading, Group, derive
from cs_exporter.probes.mysql.reading import MysqlConnectionsReading, State
from cs_exporter.spec import Latest
from tests.parsers.mysql_rows import CAPTURES
from tests.probes.mysql.mysql_stand import Server, changed, galera, mariadb, red

Readings = Mapping[str, MysqlConnectionsReading]
Views = Mapping[str, Mapping[str, str]]

MUTE = MysqlConnectionsReading(State.MUTE, None, None, (), None)
NODES = ("db1", "db2", "db3")
ADDRESSES = {name: f"127.0.0.{number}" for number, name in enumerate(NODES, 1)}
ELSEWHERE = {name: f"192.0.2.{number}" for number, name in enumerate(NODES, 1)}
_LOOK = re.compile(r"(db\d)\[(.*?)\]")
_NAMES = {"local_recv_queue": "wsrep_local_recv_queue", "local_state": "wsrep_local_state"}


def inventory(addresses: Mapping[str, str]) -> Inventory:
    """Database servers by name."""
    hosts = [Host(name, address, roles=frozenset({Role.DATABASE})) for name, address in addresses.items()]
    return Inventory({host.name: host for host in hosts})


def timeline(part: str) -> dict[str, Views]:
    """Moment -> node -> what it said, of one part of the captured course."""
    text = (CAPTURES / "timeline-galera.txt").read_text(encoding="utf-8")
    [lines] = [found for found in text.split("=== ") if found.startswith(part)]
    looks = [line for line in lines.splitlines() if line.startswith("t=")]
    return {
        look.split()[0]: {
            name: dict(word.split("=", 1) for word in said.split()) for name, said in _LOOK.findall(look) if said
        }
        for look in looks
    }


async def readings(views: Views) -> Readings:
    """The readings of the three nodes at that moment; who said nothing is mute."""
    return {name: await _reading(views[name]) if name in views else MUTE for name in NODES}


async def _reading(said: Mapping[str, str]) -> MysqlConnectionsReading:
    server = Server(galera())
    server.sql.answers["status"] = changed(
        server.sql.answers["status"],
        wsrep_cluster_size=said["c_size"],
        wsrep_cluster_status=said["c_status"],
        wsrep_ready=said["ready"],
        wsrep_local_state=said["local_state"],
        wsrep_local_recv_queue=said["local_recv_queue"],
        # The course does not show it: the comparison must do with the rest.
        wsrep_cluster_conf_id=0,
    )
    return await server.poll()


def compared(
    found: Readings, before: GaleraClusterReading | None = None, hosts: Mapping[str, str] = ADDRESSES
) -> GaleraClusterReading:
    """The derived reading of these readings."""
    return derive(Latest(inventory(hosts), {"mysql_connections": found}, before=before), 0.0)


async def judged(part: str, moment: str) -> set[tuple[str, str]]:
    """(host, symptom) about Galera at a moment of the captured course; the cluster itself is the host ""."""
    found = await readings(timeline(part)[moment])
    return {(host, name) for host, name in red(found, compared(found)) if name.startswith("Galera")}


SILENT = {("db3", "GaleraMemberSilent")}
SMALL = {("db1", "GaleraTooSmall"), ("db2", "GaleraTooSmall")}
ALONE = {("db1", "GaleraNotPrimary"), ("db1", "GaleraNotReady"), ("db1", "GaleraTooSmall")}


@pytest.mark.parametrize(
    ("part", "moment", "expected"),
    [
        ("G1", "t=+0s", set()),
        # Everybody who answers still counts three, and says Primary, Synced, ready.
        ("G1", "t=+2s", SILENT),
        ("G1", "t=+7s", SILENT | SMALL),
        ("G2", "t=+10s", SILENT | {("db2", "GaleraMemberSilent")} | ALONE),
        # db2, which was frozen, says: 2 members, Primary, Synced, ready. By itself it is green.
        ("G3", "t=+9s", {("", "GaleraViewsDiffer"), *SMALL, *ALONE, *{("db3", row) for _, row in ALONE}}),
        ("G3", "t=+15s", set()),
        ("G4", "t=+35s", set()),  # a donor, whose queue grows since half a minute
    ],
)
async def test_the_captured_course(part: str, moment: str, expected: set[tuple[str, str]]) -> None:
    """Nothing stays green that is not, and what is well again is green again."""
    assert expected == await judged(part, moment)


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
    assert [Group("demo", frozenset({"db1", "db2"}), frozenset({"db1"}), 1)] == [*found.groups]


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


async def test_a_reading_of_before_is_no_answer() -> None:
    """A host whose latest run failed is silent, though the board still shows its last words."""
    nodes = {name: await Server(galera()).poll() for name in NODES}
    failed = {"mysql_connections": frozenset({"db2"})}
    found = derive(Latest(inventory(ADDRESSES), {"mysql_connections": nodes}, unanswered=failed), 0.0)
    assert {"db2"} == found.groups[0].members - found.groups[0].answering


async def test_rows_stand_under_their_hosts() -> None:
    """Every member has its own; views are the cluster's."""
    found = await readings(timeline("G1")["t=+7s"])
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
