"""The transcript of what a database server was asked: statements, rows in short, failures."""

from __future__ import annotations

import time

import pytest

from cs_exporter.model import Reason
from cs_exporter.ports import SqlError, SqlRow, SqlServer
from cs_exporter.transports.transcript.transcript import noted
from tests.world import io


class Answering:
    """A server that has these rows for everything, and then refuses."""

    def __init__(self, *answers: tuple[SqlRow, ...]) -> None:
        self.answers = list(answers)
        self.left = False

    async def login(self, deadline: float) -> SqlServer:
        """See ports.Sql."""
        assert deadline
        return SqlServer("10.11.19-MariaDB", 12, 1)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """See ports.Sql."""
        assert statement
        assert deadline
        if not self.answers:
            raise SqlError(Reason.COMMAND, "mysql db: what? (1064)", 1064)
        return self.answers.pop(0)

    async def leave(self) -> None:
        """See ports.Sql."""
        self.left = True


async def test_statements_and_rows_are_noted() -> None:
    """Each statement in one line, each row in one line, and how many there were."""
    lines: list[str] = []
    server = Answering(({"Name": "a\nb", "Value": None},))
    sql = noted(io(sql=server), lines.append).sql
    await sql.login(1)
    await sql.query("SELECT *\n  FROM things", 1)
    await sql.leave()
    assert [line.partition("   (")[0] for line in lines] == [
        "> mysql: the kept connection",
        "< 10.11.19-MariaDB, connection 12, login number 1",
        "> mysql: SELECT * FROM things",
        "< 1 row",
        "<     Name=a b  Value=NULL",
        "> mysql: leave",
    ]
    assert server.left


async def test_many_and_long_rows_are_shortened() -> None:
    """A list of sessions does not bury what else is to be seen."""
    lines: list[str] = []
    sql = noted(io(sql=Answering(({"Info": "x" * 1000},) * 25)), lines.append).sql
    await sql.query("SHOW PROCESSLIST", 1)
    assert "< 25 rows" == lines[1]
    assert "<     and 5 more" == lines[-1]
    assert 23 == len(lines)
    assert max(map(len, lines)) < 220


async def test_a_failure_is_noted_and_raised() -> None:
    """With its reason and the server's words."""
    lines: list[str] = []
    sql = noted(
        io(sql=Answering()),
        lines.append,
    ).sql
    with pytest.raises(SqlError):
        await sql.query("SELEC", time.time())
    assert "< failed: command: mysql db: what? (1064)" == lines[-1]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("GRANT PROCESS ON *.* TO `m`@`%` IDENTIFIED BY PASSWORD '*ABC'", "IDENTIFIED BY PASSWORD '...'"),
        ("GRANT PROCESS ON *.* TO `m`@`%` IDENTIFIED VIA ed25519 USING 'ABC'", "IDENTIFIED VIA ed25519 USING '...'"),
    ],
)
async def test_hashes_of_passwords_are_left_out(value: str, shown: str) -> None:
    """MariaDB shows them to whoever asks for his own rights; a transcript goes into tickets."""
    lines: list[str] = []
    await noted(io(sql=Answering(({"Grants": value},))), lines.append).sql.query("SHOW GRANTS", 1)
    assert lines[-1].endswith(shown)
