"""One look at a database server over the kept connection: what is asked, in which order, and what each error means.

In an ordinary run three statements (status, variables, replication), once a minute one more (clients), after a login
one more (grants): 13 a minute every 15 s, for which a server with 250 sessions works 3 to 4 ms (measured, MariaDB 10.11
and MySQL 9.7). Nothing of it opens a transaction or reads a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cs_exporter.model import Host, ProbeFailed, Reason
from cs_exporter.parsers import mysql_clients, mysql_galera, mysql_grants, mysql_replication, mysql_status
from cs_exporter.parsers.mysql_replication import Channel
from cs_exporter.parsers.mysql_status import ServerStatus, ServerVariables
from cs_exporter.ports import Io, SqlError, SqlRow, SqlServer
from cs_exporter.probes.mysql import statements as mysql_statements
from cs_exporter.probes.mysql.reading import (
    Account,
    Answered,
    ClientList,
    MysqlConnectionsReading,
    Question,
    State,
)
from cs_exporter.probes.mysql.statements import Dialect

_BY_CODE = {
    1040: State.SATURATED,  # ER_CON_COUNT_ERROR
    1129: State.BLOCKED,  # ER_HOST_IS_BLOCKED
    1053: State.LOST,  # ER_SERVER_SHUTDOWN: a moment later nobody listens
    3169: State.LOST,  # ER_SESSION_WAS_KILLED
}
_UNREADY = 1047  # ER_UNKNOWN_COM_ERROR, with which Galera says that it has not prepared the node
_BY_REASON = {
    Reason.REFUSED: State.REFUSED,
    Reason.MUTE: State.MUTE,
    Reason.RESET: State.LOST,
    Reason.UNREACHABLE: State.UNREACHABLE,
}

_PROCESS = "PROCESS"
_SHORTEST = 0.05
"""Seconds that any step is given, however late it is: an answer that is there already is taken."""

_CROWDED = 0.9
"""Share of connections in use from which on a connection that is held is not given up for the sake of a new grant."""


def unready(failure: ProbeFailed) -> bool:
    """Whether it is a Galera node's word that it serves no tables now."""
    return isinstance(failure, SqlError) and (failure.reason, failure.code) == (Reason.NOT_READY, _UNREADY)


def state_of(failure: ProbeFailed) -> State | None:
    """What a failure says of the server; None where it says nothing of it."""
    if failure.ours:
        return None
    if unready(failure):
        return State.NOT_READY
    if isinstance(failure, SqlError) and (failure.code in _BY_CODE or failure.reason is not Reason.RESET):
        return _BY_CODE.get(failure.code)
    return _BY_REASON.get(failure.reason)


@dataclass
class Look:
    """One run's questions. `limit`: seconds for all of them together; `clients_every`: between two lists of clients."""

    host: Host
    io: Io
    limit: float
    clients_every: float
    before: MysqlConnectionsReading | None
    _last: Answered | None = field(init=False)
    _ends: float = field(init=False)
    _leave: bool = field(init=False, default=False)
    _stuck: bool = field(init=False, default=False)
    _unready: bool = field(init=False, default=False)
    _unanswered: set[Question] = field(init=False, default_factory=set)
    _given_up: dict[Question, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._last = self.before.last if self.before else None
        self._ends = self.io.clock.monotonic() + self.limit

    async def look(self) -> Answered:
        """Log in where needed, and ask. Raises ProbeFailed; `state_of` tells which are verdicts."""
        self._leave = self._stuck = self._unready = False
        self._unanswered, self._given_up = set(), {}
        server = await self.io.sql.login(self._left())
        dialect = mysql_statements.dialect(server)
        known = self._known_account(server)
        status_values = mysql_status.by_name(await self._ask(mysql_statements.STATUS))
        values = mysql_status.by_name(await self._ask(mysql_statements.VARIABLES))
        status, variables = mysql_status.status(status_values), mysql_status.variables(values)
        at = self.io.clock.monotonic()
        await self._only_the_common_port(variables)
        account = await self._account(server, dialect, known, status, variables)
        clients = await self._clients(dialect, account, variables)
        channels = await self._channels(dialect, account, variables)
        if self._leave:
            await self.io.sql.leave()
        galera = mysql_galera.node(status_values, values)
        unanswered, given_up = frozenset(self._unanswered), dict(self._given_up)
        return Answered(
            *(at, server, status, variables, galera, account, channels, clients, unanswered, given_up, self._unready)
        )

    def _left(self) -> float:
        return max(_SHORTEST, self._ends - self.io.clock.monotonic())

    async def _part(self, question: Question, statement: str) -> tuple[SqlRow, ...] | None:
        """The answer to one part of the reading; None where only that one fails: noted as unanswered, or as unready.

        Raises ProbeFailed for what is said of the whole server.
        """
        try:
            return await self._patiently(question, statement)
        except SqlError as error:
            if unready(error):
                self._unready = True  # status was answered: it is tables that are refused
            elif state_of(error) is not None:
                raise
            else:
                self._unanswered.add(question)
            return None

    async def _patiently(self, question: Question, statement: str) -> tuple[SqlRow, ...] | None:
        """The same, but for the server's own errors: they are raised."""
        if self._stuck:
            self._unanswered.add(question)
            return None
        try:
            return await self._ask(statement)
        except ProbeFailed as failure:
            if failure.reason is not Reason.MUTE or failure.ours:
                raise
            # Status was answered: this one is long, or waits for a lock, perhaps for ever. Its session is left to wait.
            self._unanswered.add(question)
            self._given_up[question] = self.io.clock.monotonic()
            self._stuck = self._leave = True
            return None

    def _still_given_up(self, question: Question) -> bool:
        """Whether a question that did not come to an answer is left alone for a while; noted as unanswered then."""
        given_up = self._last.given_up.get(question) if self._last else None
        if given_up is None or self._due(given_up):
            return False
        self._unanswered.add(question)
        self._given_up[question] = given_up
        return True

    async def _ask(self, statement: str) -> tuple[SqlRow, ...]:
        return await self.io.sql.query(statement, self._left())

    async def _only_the_common_port(self, variables: ServerVariables) -> None:
        port = self.host.mysql.port
        if port in variables.reserved_ports:
            await self.io.sql.leave()
            raise ProbeFailed(
                Reason.DENIED,
                f"port {port} is the administrator's way into a full server: set mysql.port to the one for clients",
                ours=True,
            )

    def _known_account(self, server: SqlServer) -> Account | None:
        if self._last is None or Question.GRANTS in self._last.given_up:
            return None
        account = self._last.account
        return account if account.connection == _connection(server) else None

    async def _account(
        self,
        server: SqlServer,
        dialect: Dialect,
        known: Account | None,
        status: ServerStatus,
        variables: ServerVariables,
    ) -> Account:
        """The account's rights; what it lacks or has too much of is looked at again from time to time."""
        if self._last is not None and self._still_given_up(Question.GRANTS):
            return replace(self._last.account, connection=_connection(server))
        now = self.io.clock.monotonic()
        if known is not None:
            imperfect = known.denied or known.reserved
            if not imperfect or not self._due(known.checked):
                return known
        granted = await self._granted()
        room = status.connections < _CROWDED * variables.max_connections
        if known is not None:
            self._leave |= granted != known.privileges and room
            return replace(known, checked=now)
        reserved = frozenset(name for name in mysql_grants.RESERVED if name in (granted or ()))
        return Account(_connection(server), granted, _lacking(granted, dialect), reserved, now)

    async def _granted(self) -> frozenset[str] | None:
        try:
            rows = await self._patiently(Question.GRANTS, mysql_statements.GRANTS)
        except SqlError as error:
            if state_of(error) is not None:
                raise
            return None  # a proxied account has no grants of its own to show
        return None if rows is None else mysql_grants.privileges(rows)

    def _due(self, made: float) -> bool:
        return self.io.clock.monotonic() - made >= self.clients_every * 0.95  # a run may come a little early

    async def _clients(self, dialect: Dialect, account: Account, variables: ServerVariables) -> ClientList | None:
        last = self._last.clients if self._last else None
        if _PROCESS in account.denied:
            return None  # the list would hold our own session only
        if last is not None and not self._due(last.made):
            return last
        if self._still_given_up(Question.CLIENTS):
            return None
        rows = await self._part(Question.CLIENTS, dialect.clients(performance_schema=variables.performance_schema))
        if rows is None:
            return None
        return ClientList(self.io.clock.monotonic(), mysql_clients.sessions(rows, self.host.names))

    async def _channels(self, dialect: Dialect, account: Account, variables: ServerVariables) -> tuple[Channel, ...]:
        if account.denied.intersection(dialect.monitor) or await self._still_waiting(dialect, variables):
            return ()
        rows = await self._part(Question.REPLICATION, dialect.replication)
        return () if rows is None else mysql_replication.channels(rows)

    async def _still_waiting(self, dialect: Dialect, variables: ServerVariables) -> bool:
        """Whether a session that was left behind with this question may still be there: then it is not asked again."""
        given_up = self._last.given_up.get(Question.REPLICATION) if self._last else None
        if given_up is None:
            return False
        rows = await self._part(Question.REPLICATION, dialect.waiting(performance_schema=variables.performance_schema))
        if rows is not None and all(row.get("sessions") == "0" for row in rows):
            return False
        self._unanswered.add(Question.REPLICATION)
        self._given_up.setdefault(Question.REPLICATION, given_up)
        return True


def _connection(server: SqlServer) -> tuple[int, int]:
    return server.logins, server.connection_id


def _lacking(granted: frozenset[str] | None, dialect: Dialect) -> frozenset[str]:
    if granted is None:
        return frozenset()
    wanted: Mapping[str, tuple[str, ...]] = {_PROCESS: (_PROCESS,), dialect.monitor[0]: dialect.monitor}
    return frozenset(name for name, any_of in wanted.items() if not mysql_grants.has(granted, *any_of))
