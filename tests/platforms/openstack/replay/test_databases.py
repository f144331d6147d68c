"""E4 and E5: the database itself is what is wrong. It is told by its own nodes, and no agent is blamed for its silence.

Three nodes say what was captured, in turn; rows of agents are in a real MariaDB, which stands for the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from cs_exporter.model import Host, Role
from cs_exporter.ports import Io, Sql, SqlRow, SqlServer
from tests.lab.mysql import MysqlServer
from tests.lab.openstack_schema import NOVA
from tests.platforms.openstack.replay.agents_stage import CLOUD, PLATFORM, agents_stage
from tests.platforms.openstack.replay.stage import settings
from tests.platforms.openstack.replay.test_agents import COMPUTES, CONDUCTOR, DHCP, L3, LEAD, SCHEDULER
from tests.platforms.openstack.replay.timelines import Story, Who, steady
from tests.probes.mysql.galera_course import ADDRESSES, NODES, Said, course, variables
from tests.probes.mysql.mysql_stand import MUTE, NO_CLUSTER, FakeSql, changed, galera

NOVA_SCHEDULER = Who(NOVA, "ctl1", "nova-scheduler")
PHASES = pytest.mark.parametrize("phase", [0, 4, 7, 11])
LOOKS = course(G1=0, G2=25, G3=55, G4=80)
SPLIT_FROM, SPLIT_UNTIL, OVER = LEAD + 35, LEAD + 70, LEAD + 80


@dataclass
class Nodes:
    """The servers of the cluster, by name; `split`: the first has no majority, and reads no table."""

    servers: dict[str, FakeSql] = field(default_factory=lambda: {name: galera() for name in NODES})
    split: bool = False

    def say(self, name: str, said: Said | None) -> None:
        """What a node says from now on; None: it is frozen."""
        server = self.servers[name]
        server.once["status"] = [MUTE] * 2 if said is None else []
        if said is not None:
            server.answers["status"] = changed(server.answers["status"], **variables(said))
            server.answers["clients"] = () if said["ready"] == "ON" else NO_CLUSTER

    def hosts(self) -> dict[str, Host]:
        """As they are in the inventory."""
        roles = frozenset({Role.DATABASE})
        return {name: Host(name, ADDRESSES[name], PLATFORM, roles, settings=settings()) for name in NODES}


@dataclass(eq=False)
class Refusing:
    """ports.Sql of the cloud's databases: their server, while its node serves anybody."""

    sql: Sql
    nodes: Nodes

    async def login(self, deadline: float) -> SqlServer:
        """See Sql: a login works on a node without a majority as well."""
        return await self.sql.login(deadline)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """See Sql."""
        if self.nodes.split:
            raise NO_CLUSTER.again()
        return await self.sql.query(statement, deadline)

    async def leave(self) -> None:
        """See Sql."""
        await self.sql.leave()


OF_CLUSTER = {
    *("CsMysqlMute", "CsMysqlUnavailable", "CsGaleraTooSmall", "CsGaleraNotPrimary", "CsGaleraNotReady"),
    *("CsGaleraSplit", "CsGaleraMemberSilent", "CsOpenStackControllerSilent", "CsOpenStackDatabaseSilent"),
}
"""What may be heard of a cluster that falls apart: which of it comes first depends on whose turn it is."""


def told() -> Story:
    """Nobody's report is written from the first freeze on; those who write by themselves are 77 s late in the end."""
    beats = {}
    for number, who in enumerate((CONDUCTOR, NOVA_SCHEDULER, *COMPUTES, SCHEDULER, DHCP, L3)):
        goes_on = SPLIT_UNTIL + (6 if who in {CONDUCTOR, NOVA_SCHEDULER} else 2)
        beats[who] = (*steady(who, LEAD + 3, first=float(number)), *steady(who, LEAD + 200, first=goes_on))
    return Story(LEAD + 200, beats)


def views(now: float) -> Mapping[str, Said]:
    """What the nodes say at that second."""
    return LOOKS[max((one for one in LOOKS if one <= now - LEAD), default=0)]


@PHASES
async def test_a_cluster_without_a_majority(phase: int, mariadb: MysqlServer) -> None:
    """E4: one of three frozen, then two, then all of them again: of agents nothing is heard, all is the database's."""
    nodes, kept = Nodes(), dict[str, Sql]()

    def more(io: Io, host: Host) -> Io:
        if host.name != CLOUD:
            return replace(io, sql=nodes.servers[host.name])
        return replace(io, sql=kept.setdefault(CLOUD, Refusing(io.sql, nodes)))

    def each(now: float) -> None:
        nodes.split = SPLIT_FROM <= now < SPLIT_UNTIL
        for name in NODES:
            nodes.say(name, views(now).get(name))

    asked = {"mysql_connections": NODES}
    async with agents_stage(mariadb, told(), phase=phase, asked=asked, more=more, hosts=nodes.hosts()) as playing:
        playing.each = each
        result = await playing.play()
    heard = result.told()
    assert OF_CLUSTER >= {*heard}
    assert {CLOUD, *NODES} >= set().union(*heard.values()), "no agent is blamed"
    assert result.first("CsMysqlMute", "db3") <= LEAD + 15 + 36
    assert result.first("CsGaleraTooSmall") <= LEAD + 60
    lost = [seconds[0] for one, seconds in result.red.items() if one.name == "CsGaleraNotPrimary"]
    assert min(lost) <= SPLIT_FROM + 15
    assert not [one for one, seconds in result.red.items() if seconds[-1] > OVER + 20]


@PHASES
async def test_all_connections_are_taken(phase: int, mariadb: MysqlServer) -> None:
    """E5: 29 of 32, then 33 of 32 and three were refused; agents go on reporting over connections that they have."""
    nodes = Nodes()

    def more(io: Io, host: Host) -> Io:
        return io if host.name == CLOUD else replace(io, sql=nodes.servers[host.name])

    def each(now: float) -> None:
        server = nodes.servers["db1"]
        full = LEAD <= now < LEAD + 100
        used, most = (33 if now >= LEAD + 15 else 29, 32) if full else (29, 151)
        refused = 3 if now >= LEAD + 15 else 0
        counted = {"max_used_connections": max(29, used), "connection_errors_max_connections": refused}
        server.answers["status"] = changed(server.answers["status"], threads_connected=used, **counted)
        server.answers["variables"] = changed(server.answers["variables"], max_connections=most)

    beats = {who: steady(who, LEAD + 200, first=float(n)) for n, who in enumerate((CONDUCTOR, *COMPUTES, DHCP, L3))}
    asked = {"mysql_connections": NODES}
    story = Story(LEAD + 200, beats)
    async with agents_stage(mariadb, story, phase=phase, asked=asked, more=more, hosts=nodes.hosts()) as playing:
        playing.each = each
        result = await playing.play()
    heard = result.told()
    assert {"CsMysqlRefusals", "CsMysqlSaturated", "CsMysqlConnectionsCritical"} == {*heard}
    assert {"db1"} == set().union(*heard.values())
    near = [seconds[0] for one, seconds in result.red.items() if one.name == "CsMysqlConnectionsHigh"]
    assert min(near) <= LEAD + 15, "while there are three connections left"
    assert result.first("CsMysqlSaturated") <= LEAD + 15 + 34
