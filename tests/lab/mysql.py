"""A real database server on a lab host's network: what MariaDB and MySQL have in common, and how each goes bad.

Accounts: `cs_exporter` with the grants that the documentation names, and `greedy`, an application that takes every
connection it gets. Set-up goes through root's own kept connection by the unix socket, which is there before the rest is
full.
"""

from __future__ import annotations

import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors

from tests.lab.certificates import Authority
from tests.lab.control import LabError
from tests.lab.daemon import Daemon
from tests.lab.host import LabHost
from tests.lab.processes import Process, freeze_and_wait, read, signal_all
from tests.lab.wait import HANGS, wait_until

PORT = 3306
MONITOR, GREEDY, REPLICATION = "cs_exporter", "greedy", "replication"
PASSWORD = "only of a lab"  # noqa: S105  # of servers that live as long as a test run
START_DEADLINE, STOP_DEADLINE = 30.0, 30.0
TOO_MANY = 1040

Connection = Any  # the library ships no types
Row = Mapping[str, Any]


class MysqlServer(ABC):
    """One server. `options` are lines of its configuration ("max_connections" -> 12); a change holds from `restart`."""

    grants: Sequence[str]
    """What the monitoring account is granted, each as GRANT's text up to TO."""

    def __init__(self, host: LabHost, **options: str | int) -> None:
        self.host = host
        self.options: dict[str, str | int] = {"max_connections": 12, **options}
        self.folder = host.lab.directory / f"{host.name}-{type(self).__name__.lower()}"
        self.folder.mkdir(exist_ok=True)
        self.log_file = self.folder / "log"
        self.authority = Authority(self.folder)
        self.certificate, self.key = self.authority.issue(host.name, host.address)
        self.password_file = self.folder / "password"
        self.password_file.write_text(f"{PASSWORD}\n", encoding="utf-8")
        self._daemon: Daemon | None = None
        self._root: Connection | None = None
        self._new = True

    @property
    def address(self) -> str:
        """Where it listens, on port 3306."""
        return self.host.address

    @property
    @abstractmethod
    def socket_file(self) -> Path:
        """The unix socket by which root comes in, as the test finds it."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program with its options, as the supervisor starts it on the host's network."""

    @abstractmethod
    def initialise(self) -> None:
        """Make the empty data directory."""

    def start(self) -> None:
        """Start it, with accounts when it is new, and wait until it answers root."""
        if self._new:
            self.initialise()
        self._daemon = self.host.lab.supervisor.spawn(self.command(), "root", self.log_file)
        wait_until(self._answers, START_DEADLINE, f"the database server of {self.host.name} to answer")
        if self._new:
            self._make_accounts()
        self._new = False

    def stop(self) -> None:
        """Have it end in order; its clients are told so, and the port refuses from then on."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL): the kernel closes its clients' connections."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it and start it, with the options as they are now."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop it from running (SIGSTOP): its kernel accepts connections and bytes, nobody answers."""
        freeze_and_wait(self.processes)

    def thaw(self) -> None:
        """Let it run again."""
        signal_all(self.processes(), signal.SIGCONT)

    def processes(self) -> list[Process]:
        """The server's process, if it runs."""
        found = read(self._daemon.pid) if self._daemon else None
        return [] if found is None else [found]

    def log(self) -> str:
        """What the server has logged so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def sql(self, statement: str) -> list[Row]:
        """The rows of a statement by root, over a connection that is kept: it works when the server is full."""
        if self._root is None:
            self._root = self.by_socket()
        with self._root.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def status(self, name: str) -> int:
        """A global status variable that is a number, such as Threads_connected."""
        return int(self.sql(f"SHOW GLOBAL STATUS LIKE '{name}'")[0]["Value"])

    def errors(self) -> dict[str, int]:
        """What the server counts of interrupted handshakes, aborted clients and refusals: by name, all of them."""
        names = "Variable_name LIKE 'Connection_errors%' OR Variable_name LIKE 'Aborted%'"
        rows = self.sql(f"SHOW GLOBAL STATUS WHERE {names}")
        return {row["Variable_name"]: int(row["Value"]) for row in rows}

    def sessions(self, user: str = MONITOR) -> list[int]:
        """Connection ids of that account's sessions; those that still log in have no account."""
        rows = self.sql(f"SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = '{user}'")  # noqa: S608
        return sorted(row["id"] for row in rows)

    def end_session(self, number: int) -> None:
        """End a session (KILL): its client is told by a closed connection."""
        self.sql(f"KILL {number}")

    def set(self, variable: str, value: str | int) -> None:
        """Set a global variable of the running server."""
        self.sql(f"SET GLOBAL {variable} = {value}")

    def follow(self, source: MysqlServer) -> None:
        """Replicate what that server, which keeps a binary log, does from now on."""
        source.sql(f"CREATE USER IF NOT EXISTS {REPLICATION}@'%' IDENTIFIED BY '{PASSWORD}'")
        source.sql(f"GRANT REPLICATION SLAVE ON *.* TO {REPLICATION}@'%'")
        [status] = source.sql("SHOW MASTER STATUS")
        self.sql(
            f"CHANGE MASTER TO master_host='{source.address}', master_user='{REPLICATION}', "
            f"master_password='{PASSWORD}', master_connect_retry=1, "
            f"master_log_file='{status['File']}', master_log_pos={status['Position']}"
        )
        self.sql("START SLAVE")

    @contextmanager
    def fill(self, but: int = 0) -> Iterator[int]:
        """No connection is free but that many: the greedy account takes all others. Gives how many it took."""
        before = len(self.sessions(GREEDY))
        with ExitStack() as held:
            connections = list(self._grab(held))
            for connection in connections[len(connections) - but :]:
                connection.close()
            kept = len(connections) - but
            wait_until(lambda: len(self.sessions(GREEDY)) == before + kept, HANGS, "the greedy to hold what it shall")
            yield kept
        wait_until(lambda: len(self.sessions(GREEDY)) <= before, HANGS, "the greedy to be gone")

    @contextmanager
    def used_from(self, host: LabHost, number: int, user: str = GREEDY) -> Iterator[None]:
        """That many connections of an account come from another host of the lab."""
        client = ["mariadb", "--no-defaults", f"--host={self.address}", f"--user={user}", f"--password={PASSWORD}"]
        before = set(self.sessions(user))
        clients = [host.spawn([*client, "--execute=DO SLEEP(86400)"], f"client-{user}") for _ in range(number)]
        try:
            wait_until(lambda: len(self.sessions(user)) == len(before) + number, HANGS, f"clients of {host.name}")
            yield
        finally:
            # A server that sleeps for a client sees only after seconds that the client has gone.
            for session in {*self.sessions(user)} - before:
                self.end_session(session)
            for each in clients:
                each.stop()
            wait_until(lambda: {*self.sessions(user)} <= before, HANGS, f"the clients of {host.name} to be gone")

    def _grab(self, held: ExitStack) -> Iterator[Connection]:
        while True:
            try:
                connection = self._connect(host=self.address, user=GREEDY, password=PASSWORD)
            except pymysql.err.OperationalError as error:
                if error.args[0] != TOO_MANY:
                    raise
                return
            held.callback(_close, connection)
            yield connection

    def _answers(self) -> bool:
        if self._daemon is None or not self._daemon.alive():
            raise LabError(f"the database server of {self.host.name} has ended\n{self.log()[-2000:]}")
        try:
            return bool(self.sql("SELECT 1"))
        except (OSError, pymysql.err.OperationalError):
            return False

    def by_socket(self) -> Connection:
        """Root's connection. The library would leave a socket open on which nobody listens."""
        connected = socket.socket(socket.AF_UNIX)
        try:
            connected.connect(str(self.socket_file))
            connection = self._connect(user="root", defer_connect=True)
            connection.connect(connected)
        except BaseException:
            connected.close()
            raise
        return connection

    def _make_accounts(self) -> None:
        for user in (MONITOR, GREEDY):
            self.sql(f"CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY '{PASSWORD}'")
        for grant in self.grants:
            self.sql(f"GRANT {grant} TO '{MONITOR}'@'%'")

    def _end(self, number: signal.Signals) -> None:
        if self._root is not None:
            _close(self._root)
            self._root = None
        if self._daemon is not None:
            self._daemon.stop(number, STOP_DEADLINE)
            self._daemon = None
            # Its last threads may outlive its first one, and hold the port.
            wait_until(lambda: not self.host.listens(PORT), STOP_DEADLINE, "the port to be closed")

    def _connect(self, **how: Any) -> Connection:  # noqa: ANN401  # the library's
        return pymysql.connect(
            autocommit=True, cursorclass=pymysql.cursors.DictCursor, connect_timeout=10, read_timeout=10, **how
        )


def _close(connection: Connection) -> None:
    if connection.open:
        with closing(connection):
            pass
