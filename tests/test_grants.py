"""What an account of the database lacks, on fakes: by the server's own list, with the statement that mends it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cs_exporter import grants
from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.needs import Lack
from cs_exporter.ports import SqlError, SqlRow, SqlServer
from cs_exporter.spec import Need

MARIADB, MYSQL = "10.11.19-MariaDB-deb12", "8.4.3"


WANTED = {key: Need(key, f"what {key} gives", f"mend cs_exporter@ for {key}") for key in grants.KEYS}


@dataclass
class FakeSql:
    """ports.Sql of a server that grants what the test says, or refuses the login."""

    version: str = MYSQL
    granted: str = "USAGE"
    refusal: ProbeFailed | None = None
    nameless: bool = False
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
