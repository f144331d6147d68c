"""One database server and the one connection to it that is kept: what is begun there goes on until it is answered.

Runs come and go, each with its own patience; a login or a statement outlives the run that began it, and whoever comes
next waits for it. So there is never a second one while the first is stuck.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from cs_exporter.model import Host, ProbeFailed, Reason, UnparsableError
from cs_exporter.parsers import mysql_grants, mysql_status
from cs_exporter.ports import Clock, Counters, SqlError, SqlRow, SqlServer
from cs_exporter.transports import tcp
from cs_exporter.transports.mysql.errors import LIBRARY_ERRORS, TOO_MANY, from_library
from cs_exporter.transports.mysql.login import Session, password_of, tls_of
from cs_exporter.transports.mysql.pace import Pace

T = TypeVar("T")

CONNECT_SHARE = 0.9
"""Part of a run's time after which a connection request without an answer is given up, so that the run can tell it."""

PATIENCE = 3600
"""Seconds without a statement for which a server shall keep us, longer than any interval."""

_FAREWELL = 0.5
_SHOWN = 80

_VARIABLES = (
    "SHOW VARIABLES WHERE Variable_name IN ('autocommit', 'max_connections', 'wait_timeout', 'wsrep_sync_wait')"
)
_THREADS = "SHOW GLOBAL STATUS LIKE 'Threads_connected'"


class KeptServer:
    """ports.Sql of one host. All methods are for the event loop's thread."""

    def __init__(self, host: Host, clock: Clock, counters: Counters) -> None:
        self._host = host
        self._clock = clock
        self._counters = counters
        self._what = f"mysql {host.address} port {host.mysql.port}"
        self._pace = Pace()
        self._session: Session | None = None
        self._server: SqlServer | None = None
        self._logins = 0
        self._work: asyncio.Task[Any] | None = None
        self._login: asyncio.Task[SqlServer | ProbeFailed] | None = None
        self._connected = False
        self._silent = ""
        self._since = 0.0
        self._closed = False

    def serves(self, host: Host) -> bool:
        """Whether it is that host's server, asked in that way."""
        return (host.name, host.address, host.mysql) == (self._host.name, self._host.address, self._host.mysql)

    async def login(self, deadline: float) -> SqlServer:
        """See ports.Sql."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + deadline
        if self._login is None:
            await self._idle(ends)
        if self._login is None:
            if self._server is not None and self._session is not None and self._session.in_step:
                return self._server
            password = self._password_for_a_login()
            connect_ends = loop.time() + CONNECT_SHARE * (ends - loop.time())
            self._login = self._begin(self._log_in(password, connect_ends))
        return await self._result(self._login, ends)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """See ports.Sql."""
        ends = asyncio.get_running_loop().time() + deadline
        await self._idle(ends)
        session = self._session
        if session is None:
            raise ProbeFailed(Reason.RESET, f"{self._what}: it was left before the statement", ours=True)
        if not session.in_step:
            raise ProbeFailed(Reason.RESET, f"{self._what}: the connection was lost before the statement")
        return await self._result(self._begin(self._ask(session, statement)), ends)

    async def leave(self) -> None:
        """See ports.Sql."""
        work, session = self._work, self._session
        self._session = self._server = None
        try:
            if work is not None and not work.done():
                work.cancel()
                await asyncio.wait({work})
        finally:
            if session is not None:
                session.leave()
        if session is not None:
            await session.ended(_FAREWELL)

    async def close(self) -> None:
        """Leave, and let nobody in any more."""
        self._closed = True
        await self.leave()

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._work = task
        return task

    async def _idle(self, ends: float) -> None:
        """Wait until loop time `ends` for what is under way; its answer is nobody's any more. Raises ProbeFailed."""
        while self._work is not None and not self._work.done():
            await self._wait(self._work, ends)

    async def _result(self, task: asyncio.Task[T | ProbeFailed], ends: float) -> T:
        await self._wait(task, ends)
        result = task.result()
        if isinstance(result, ProbeFailed):
            raise result
        return result

    async def _wait(self, task: asyncio.Task[Any], ends: float) -> None:
        """Wait for the task, which goes on whatever becomes of this. Raises ProbeFailed at loop time `ends`."""
        await asyncio.wait({task}, timeout=max(0.0, ends - asyncio.get_running_loop().time()))
        if not task.done():
            silence = f"{self._what}: {self._silent} for {self._clock.monotonic() - self._since:.1f} s"
            raise ProbeFailed(Reason.MUTE if self._connected else Reason.UNREACHABLE, silence)
        if task.cancelled():
            raise ProbeFailed(Reason.RESET, f"{self._what}: it was left meanwhile", ours=True)

    def _waits_for(self, silent: str) -> None:
        """What is to be said of the server for as long as it says nothing."""
        self._silent, self._since = silent, self._clock.monotonic()

    def _password_for_a_login(self) -> str:
        """The password. Raises ProbeFailed where nobody is to log in now."""
        if self._closed:
            raise ProbeFailed(Reason.RESET, f"{self._what}: the host is no longer watched", ours=True)
        if self._session is not None:
            self._session.abort()
            self._session = self._server = None
        password = password_of(self._host)
        refused = self._pace.wait(self._clock.monotonic(), password)
        if refused is not None:
            raise refused
        return password

    async def _log_in(self, password: str, connect_ends: float) -> SqlServer | ProbeFailed:
        """Make the session that is kept from then on. Nothing cuts it short but `leave` and the kernel."""
        self._connected = False
        session = Session(self._host, password)
        try:
            await self._handshake(session, connect_ends)
            await self._set_up(session)
        except ProbeFailed as error:
            failure = error
        except LIBRARY_ERRORS as error:
            failure = from_library(error, self._what, Reason.DENIED)
        except UnparsableError as error:
            failure = ProbeFailed(Reason.UNPARSABLE, f"{self._what}: {error}")
        else:
            self._pace.succeeded()
            self._logins += 1
            self._session = session
            self._server = SqlServer(session.version, session.number, self._logins)
            return self._server
        finally:
            self._login = None
            if self._session is not session:
                session.abort()
        self._pace.failed(failure, self._clock.monotonic(), password, greeted=session.spoken)
        return failure

    async def _handshake(self, session: Session, connect_ends: float) -> None:
        tls = tls_of(self._host)
        self._counters.sql_logins += 1
        self._waits_for("no answer to the connection request")
        connected = await tcp.connected(self._host.address, self._host.mysql.port, self._what, connect_ends)
        self._connected = True
        self._waits_for("it accepted the connection and has not greeted")
        await session.attach(connected)
        await session.greeting()
        self._waits_for("it greeted and has not answered the login")
        await session.authenticate(tls)

    async def _set_up(self, session: Session) -> None:
        """No transaction, no waiting for replication, no end while we are idle; and no place that is the DBA's.

        Raises SqlError, or UnparsableError where somebody else answers in the server's place.
        """
        variables = mysql_status.by_name(await self._rows(session, _VARIABLES))
        if "autocommit" not in variables:
            raise UnparsableError("autocommit: not among the server's variables")
        if not mysql_status.is_on(variables, "autocommit"):
            await self._rows(session, "SET SESSION autocommit = 1")
        if variables.get("wsrep_sync_wait", "0") != "0":
            await self._rows(session, "SET SESSION wsrep_sync_wait = 0")
        if mysql_status.required(variables, "wait_timeout") < PATIENCE:
            await self._rows(session, f"SET SESSION wait_timeout = {PATIENCE}")
        threads = mysql_status.required(mysql_status.by_name(await self._rows(session, _THREADS)), "threads_connected")
        most = mysql_status.required(variables, "max_connections")
        # Connections to an admin port count as well, so a number above the limit alone is no proof.
        if threads > most and await self._is_privileged(session):
            session.leave()
            await session.ended(_FAREWELL)
            detail = f"all {most} connections are taken; the slot above them is the DBA's, and was left again"
            mend = "revoke SUPER and CONNECTION ADMIN (MySQL: CONNECTION_ADMIN) from the account"
            raise SqlError(Reason.EXHAUSTED, f"{self._what}: {detail}: {mend}", TOO_MANY)

    async def _is_privileged(self, session: Session) -> bool:
        """Whether the account may be let in above the limit; also where nobody can tell."""
        try:
            rows = await self._rows(session, "SHOW GRANTS")
        except LIBRARY_ERRORS:
            return True
        return mysql_grants.has(mysql_grants.privileges(rows), *mysql_grants.RESERVED)

    async def _ask(self, session: Session, statement: str) -> tuple[SqlRow, ...] | ProbeFailed:
        try:
            return await self._rows(session, statement)
        except LIBRARY_ERRORS as error:
            failure = from_library(error, self._what, Reason.COMMAND)
            if not isinstance(failure, SqlError):
                session.abort()
            return failure

    async def _rows(self, session: Session, statement: str) -> tuple[SqlRow, ...]:
        self._waits_for(f"it has not answered {' '.join(statement.split())[:_SHOWN]!r}")
        self._counters.sql_queries += 1
        return await session.rows(statement)
