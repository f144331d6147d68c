"""What an account of the database lacks, on fakes: by the server's own list, with the statement that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from cs_exporter import grants
from cs_exporter.model import CloudKind, CloudTarget, Host, MysqlTarget, ProbeFailed, Reason, Schema
from cs_exporter.needs import Lack
from cs_exporter.platforms.cloudstack import database
from cs_exporter.platforms.openstack import database as openstack
from cs_exporter.ports import SqlError, SqlRow, SqlServer
from cs_exporter.probes.mysql import mysql_connections
from cs_exporter.spec import Need

MARIADB, MYSQL = "10.11.19-MariaDB-deb12", "8.4.3"


WANTED = {key: Need(key, f"what {key} gives", f"mend cs_exporter@ for {key}") for key in grants.KEYS}


@dataclass(eq=False)
class FakeSql:
    """ports.Sql of a server that grants what the test says, or refuses the login."""

    version: str = MYSQL
    granted: str = "USAGE"
    refusal: ProbeFailed | None = None
    nameless: bool = False
    visible: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def login(self, deadline: float) -> SqlServer:
        """See ports.Sql."""
        assert deadline > 0
        if self.refusal is not None:
            raise self.refusal
        return SqlServer(self.version, 7, 1)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """See ports.Sql."""
        assert deadline > 0
        self.asked.append(statement)
        if "information_schema" in statement:
            return tuple({"named": table, "seen": columns} for table, columns in self.visible.items())
        if "CURRENT_USER" not in statement:
            return ({"Grants for it": f"GRANT {self.granted} ON *.* TO `cs_exporter`@`10.%`"},)
        if self.nameless:
            raise SqlError(Reason.NOT_READY, "WSREP has not yet prepared node", 1047)
        return ({"account": "cs_exporter@10.%"},)

    async def leave(self) -> None:
        """See ports.Sql."""


async def lacks(sql: FakeSql) -> list[Lack]:
    """What the account lacks."""
    return await grants.lacks(sql, "cs_exporter", WANTED, 1.0)


@pytest.mark.parametrize(
    ("version", "granted", "missing"),
    [
        (MYSQL, "PROCESS, REPLICATION CLIENT", []),
        (MYSQL, "ALL PRIVILEGES", []),
        (MYSQL, "USAGE", ["PROCESS", "REPLICATION CLIENT"]),
        (MYSQL, "REPLICATION CLIENT", ["PROCESS"]),
        (MARIADB, "PROCESS, SLAVE MONITOR", []),
        (MARIADB, "PROCESS, BINLOG MONITOR", ["SLAVE MONITOR"]),
    ],
)
async def test_grants(version: str, granted: str, missing: list[str]) -> None:
    """What a server of that flavour and version is asked for, each missing privilege with its own statement."""
    found = await lacks(FakeSql(version, granted))
    assert [f"GRANT {name} ON *.* TO 'cs_exporter'@'10.%';" for name in missing] == [lack.mend for lack in found]


async def test_nobody_is_named_where_the_server_refuses() -> None:
    """A node that answers no SELECT still shows its grants."""
    found = await lacks(FakeSql(granted="PROCESS", nameless=True))
    assert ["GRANT REPLICATION CLIENT ON *.* TO 'cs_exporter'@'ADDRESS OF THE EXPORTER';"] == [
        lack.mend for lack in found
    ]


async def test_no_account() -> None:
    """Who is not let in lacks an account; any other failure is none about grants."""
    (lack,) = await lacks(FakeSql(refusal=SqlError(Reason.DENIED, "1045 Access denied", 1045)))
    assert ("what database account gives", "mend cs_exporter@ for database account") == (lack.lost, lack.mend)
    assert "1045" in lack.what
    with pytest.raises(ProbeFailed, match="mute"):
        await lacks(FakeSql(refusal=ProbeFailed(Reason.MUTE, "no greeting")))


@pytest.mark.parametrize(
    "said",
    [
        "1045 Access denied for user 'watcher'@'10.213.0.9' (using password: YES)",
        "1130 Host '10.213.0.9' is not allowed to connect to this MariaDB server",
    ],
)
async def test_who_is_not_let_in_is_told_by_its_own_address(said: str) -> None:
    """As the server sees it, which may be a balancer's; and a password that is wrong is looked at first."""
    sql = FakeSql(refusal=SqlError(Reason.DENIED, said, 1045))
    for need in (database.NEED, openstack.NEED):
        (lack,) = await grants.cloud_lacks(sql, ENDPOINT, need, 1.0)
        assert lack.mend.startswith("the password of 'watcher'@'10.213.0.9' into the file that database.password_file")
        assert "CREATE USER 'watcher'@'10.213.0.9' IDENTIFIED BY" in lack.mend
    (account,) = [need for need in mysql_connections.NEEDS if need.key == grants.ACCOUNT]
    (lack,) = await grants.lacks(sql, "watcher", {account.key: account}, 1.0)
    assert "CREATE USER watcher@'10.213.0.9' IDENTIFIED BY" in lack.mend


ENDPOINT = Host(
    "endpoint:c", "192.0.2.1", mysql=MysqlTarget("watcher"), cloud=CloudTarget(CloudKind.CLOUDSTACK, "cloud")
)


async def test_the_database_of_a_cloud() -> None:
    """Each table that is not visible, or only in part, with the statement that grants it; then who is let in at all."""
    all_of_it = database.grants("cloud")
    (lack,) = await grants.cloud_lacks(FakeSql(), ENDPOINT, database.NEED, 1.0)
    assert f"cloud database: {len(all_of_it)} grants" == lack.what
    assert all(f"GRANT {grant} TO 'cs_exporter'@'10.%';" in lack.mend for grant in all_of_it)
    sql = FakeSql(refusal=SqlError(Reason.DENIED, "1045 Access denied", 1045))
    (lack,) = await grants.cloud_lacks(sql, ENDPOINT, database.NEED, 1.0)
    assert "CREATE USER 'watcher'@'ADDRESS OF THE EXPORTER'" in lack.mend
    with pytest.raises(ProbeFailed, match="mute"):
        await grants.cloud_lacks(FakeSql(refusal=ProbeFailed(Reason.MUTE, "?")), ENDPOINT, database.NEED, 1.0)


async def test_the_database_of_a_cloud_in_part() -> None:
    """What may be read is not asked for again; a column that is missing is."""
    visible = dict.fromkeys(("host", "vm_instance"), "id,name")
    (lack,) = await grants.cloud_lacks(FakeSql(visible=visible), ENDPOINT, database.NEED, 1.0)
    assert "`cloud`.`host` " not in lack.mend
    assert "update_time, removed) ON `cloud`.`vm_instance`" in lack.mend


async def test_the_databases_of_an_openstack_cloud() -> None:
    """Each of its schemas by its own name, on whichever server that asks."""
    schemas = (Schema("nova", "nova_cell2"), Schema("cinder", "cinder"))
    host = Host("endpoint:o", "192.0.2.1", cloud=CloudTarget(CloudKind.OPENSTACK, schemas=schemas))
    assert openstack.NEED.key == grants.CLOUD
    assert [True, False] == [openstack.NEED.applies(host), openstack.NEED.applies(ENDPOINT)]
    (lack,) = await grants.cloud_lacks(FakeSql(), host, openstack.NEED, 1.0)
    assert "cloud database: 2 grants" == lack.what
    assert "GRANT SELECT ON `nova_cell2`.`services` TO 'cs_exporter'@'10.%';" in lack.mend
    doubt = " -- or, where there is no such schema, correct database.nova (nova_cell2), database.cinder (cinder)"
    assert lack.mend.endswith(doubt)


async def test_the_database_of_a_cell() -> None:
    """One grant is one; the schema that a cell has by default need not be its own."""
    target = CloudTarget(CloudKind.OPENSTACK, schemas=(Schema("nova", "nova"),), cell="east")
    (lack,) = await grants.cloud_lacks(FakeSql(), Host("endpoint:o.east", "", cloud=target), openstack.NEED, 1.0)
    assert "cloud database: 1 grant" == lack.what
    assert lack.mend.endswith(
        "TO 'cs_exporter'@'10.%'; -- or, where there is no such schema, correct schema of the cell east (nova)"
    )
