"""A stand for tests of the probe mysql_connections: a database server that says what was captured, or fails as told.

Fakes of our own port only; real servers are in tests/live/test_mysql.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cs_exporter.board import Board
from cs_exporter.model import Host, Inventory, MysqlTarget, Outcome, ProbeFailed, Reason, Role
from cs_exporter.ports import Last, SqlError, SqlRow, SqlServer
from cs_exporter.probes.mysql import galera_cluster, mysql_connections
from cs_exporter.probes.mysql.mysql_connections import SPEC, MysqlConnectionsSettings
from cs_exporter.probes.mysql.reading import MysqlConnectionsReading
from cs_exporter.symptoms import holding
from tests import world
from tests.parsers.mysql_rows import Rows, named, rows, table

R = TypeVar("R")
Answer = Rows | ProbeFailed

MARIADB, MYSQL = "5.5.5-10.11.19-MariaDB-0+deb12u1-log", "9.7.4-2"
NAMES = {"192.0.2.11": "ms1", "192.0.2.12": "ms2"}

FULL = SqlError(Reason.EXHAUSTED, "Too many connections (1040)", 1040)
MUTE = ProbeFailed(Reason.MUTE, "it has not answered")
LOST = ProbeFailed(Reason.RESET, "the connection was lost")
UNREACHABLE = ProbeFailed(Reason.UNREACHABLE, "no answer to the connection request")
REFUSED = ProbeFailed(Reason.REFUSED, "nobody listens")
NO_CLUSTER = SqlError(Reason.NOT_READY, "WSREP has not yet prepared node for application use (1047)", 1047)

_QUESTIONS = {
    "SHOW GLOBAL STATUS": "status",
    "SHOW GLOBAL VARIABLES": "variables",
    "SHOW GRANTS": "grants",
    "SELECT IF": "clients",
    "SELECT COUNT": "waiting",
    "SHOW ALL SLAVES": "replication",
    "SHOW REPLICA": "replication",
    "SHOW SLAVE": "replication",
}


@dataclass
class FakeClock:
    """ports.Clock that a test moves."""

    now: float = 1000.0

    def time(self) -> float:
        """Wall clock."""
        return 1.8e9 + self.now

    def monotonic(self) -> float:
        """Monotonic clock."""
        return self.now


@dataclass
class FakeSql:
    """ports.Sql: a server with one answer per question; `logins` and `once` fail before that, in their order."""

    version: str
    answers: dict[str, Answer]
    failing_logins: list[ProbeFailed] = field(default_factory=list)
    once: dict[str, list[ProbeFailed]] = field(default_factory=dict)
    when_left: list[ProbeFailed] = field(default_factory=list)  # what logins come to after the connection was given up
    asked: list[str] = field(default_factory=list)
    left: int = 0
    logins: int = 0
    kept: bool = False

    async def login(self, deadline: float) -> SqlServer:
        """Log in where no connection is kept."""
        assert deadline > 0
        if self.failing_logins:
            raise self.failing_logins.pop(0)
        if not self.kept:
            self.kept = True
            self.logins += 1
        return SqlServer(self.version, 100 + self.logins, self.logins)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """The answer to that question."""
        assert self.kept
        assert deadline > 0
        [question] = [name for begin, name in _QUESTIONS.items() if statement.startswith(begin)]
        self.asked.append(question)
        answer = self.once[question].pop(0) if self.once.get(question) else self.answers[question]
        if isinstance(answer, ProbeFailed):
            self.kept = answer.reason is not Reason.RESET and self.kept
            raise answer
        return answer

    async def leave(self) -> None:
        """Give the connection up."""
        self.left += 1
        self.kept = False
        self.failing_logins += self.when_left


def mariadb() -> FakeSql:
    """A MariaDB that is well, as captured: 4 of 10 connections, and a replica that runs."""
    return FakeSql(MARIADB, {**_common("mariadb"), "replication": rows("mariadb-replica-running")})


def mysql() -> FakeSql:
    """The same of MySQL."""
    return FakeSql(MYSQL, {**_common("mysql9"), "replication": rows("mysql9-replica-running")})


def galera(capture: str = "galera-healthy") -> FakeSql:
    """A node of the captured cluster."""
    answers: dict[str, Answer] = {"status": table(f"{capture}.status"), "variables": table("galera.variables")}
    return FakeSql(MARIADB, {**_common("mariadb"), **answers, "replication": ()})


def _common(flavour: str) -> dict[str, Answer]:
    captured = {name: rows(f"{flavour}-{name}") for name in ("status", "variables", "clients")}
    return {**captured, "grants": rows(f"{flavour}-grants-documented"), "waiting": ({"sessions": "0"},)}


def changed(found: Answer, **values: object) -> Rows:
    """Rows of variables with other values; names are compared in lower case."""
    assert not isinstance(found, ProbeFailed)
    rest = [row for row in found if (row["Variable_name"] or "").lower() not in values]
    return (*rest, *named(**values))


@dataclass
class Server:
    """A database server as a host that can be polled again and again."""

    sql: FakeSql = field(default_factory=mariadb)
    settings: MysqlConnectionsSettings = field(default_factory=MysqlConnectionsSettings)
    clock: FakeClock = field(default_factory=FakeClock)
    last: Last[MysqlConnectionsReading] | None = None
    target: MysqlTarget = field(default_factory=MysqlTarget)

    @property
    def host(self) -> Host:
        """The server as a host."""
        return Host(
            "db1",
            "192.0.2.3",
            roles=frozenset({Role.DATABASE}),
            mysql=self.target,
            names=NAMES,
            settings={SPEC.name: self.settings},
        )

    async def poll(self, after: float = 15.0) -> MysqlConnectionsReading:
        """Run the probe, so many seconds after the last time."""
        self.clock.now += after
        io = world.io(sql=self.sql, clock=self.clock, previous=self._previous)
        reading = await mysql_connections.probe(self.host, io, self.settings)
        self.last = Last(reading, self.clock.now)
        return reading

    def answers(self, question: str, **values: object) -> None:
        """Change variables in the answer to a question."""
        self.sql.answers[question] = changed(self.sql.answers[question], **values)

    def _previous(self, kind: type[R]) -> Last[R] | None:
        if self.last is None or not isinstance(self.last.reading, kind):
            return None
        return Last(self.last.reading, self.last.monotonic)


def values(reading: MysqlConnectionsReading, name: str) -> dict[tuple[str, ...], float]:
    """Label values -> value of one metric."""
    [metric] = [metric for metric in SPEC.metrics if metric.name == name]
    return {sample.labels: sample.value for sample in metric.read(reading)}


def value(reading: MysqlConnectionsReading, name: str) -> float | None:
    """The value of a metric without labels; None where it has no sample."""
    return values(reading, name).get(())


def red(readings: Mapping[str, MysqlConnectionsReading], *derived: object) -> set[tuple[str, str]]:
    """(host, symptom without its first word) of what holds with these readings."""
    hosts = {name: Host(name, f"192.0.2.{number}") for number, name in enumerate(readings, 1)}
    board = Board(Inventory(hosts))
    for name, reading in readings.items():
        board.land(Outcome(SPEC.name, name, 1.8e9, 1000.0, 0.1, reading), 15.0)
    for found in derived:
        board.land(Outcome(galera_cluster.SPEC.name, "", 1.8e9, 1000.0, 0.0, found), 15.0)
    holds = holding(board.snapshot(1000.0), (SPEC, galera_cluster.SPEC), 1.8e9)
    return {(held.host, held.symptom.name.removeprefix("Cs")) for held in holds}


def symptoms(reading: MysqlConnectionsReading) -> list[str]:
    """The names of the symptoms that hold with this reading."""
    return sorted(name for _, name in red({"db1": reading}))
