"""What a management server keeps in the `cloud` database, as CloudStack does: its beat, its peers, its hosts' states.

By one connection, in a thread of its own: a database that is gone or mute holds no agent up, and what was to be written
waits for it. Times are UTC by this machine's clock, but host.last_ping, which counts ticks of 1,024 ms.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pymysql
import pymysql.cursors

PORT = 3306
USER = "cloud"
PASSWORD = "only of a lab"  # noqa: S105  # of a server that lives as long as a test run
SCHEMA = "cloud"
ACCOUNT = (
    f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'",
    f"GRANT ALL ON {SCHEMA}.* TO '{USER}'@'%'",
)
"""What gives the servers their account."""

BEAT = 1.5
PATIENCE = 3.0
"""Seconds until an answer that does not come is given up, and the connection with it."""

WAITING = 10_000
LOOKS = 3
"""Looks in a row at which a peer must have been silent: after a database that stood still, all of them seem so."""

RESTING = "('Disabled', 'Maintenance', 'PrepareForMaintenance', 'ErrorInMaintenance', 'ErrorInPrepareForMaintenance')"

Statement = tuple[str, tuple[object, ...]]
Cursor = Any  # the library ships no types

ENTER = """INSERT INTO mshost
 (msid, runid, name, uuid, state, version, service_ip, service_port, last_update, alert_count)
 VALUES (%s, %s, %s, %s, 'Up', %s, %s, 9090, %s, 0) ON DUPLICATE KEY UPDATE runid = VALUES(runid), state = 'Up',
 last_update = VALUES(last_update), removed = NULL, alert_count = 0"""
PEER = """INSERT INTO mshost_peer (owner_mshost, peer_mshost, peer_runid, peer_state, last_update)
 VALUES (%s, %s, %s, %s, %s) ON DUPLICATE KEY UPDATE peer_state = VALUES(peer_state),
 last_update = VALUES(last_update)"""
LEFT = """UPDATE host SET status = 'Disconnected', mgmt_server_id = NULL, disconnected = %s, last_ping = %s
 WHERE mgmt_server_id = %s AND removed IS NULL"""


class Identity(NamedTuple):
    """Who the server is among the others. `gone_after`: seconds of a peer's silence after which it is Down."""

    name: str
    address: str
    msid: int
    version: str
    gone_after: float


class Database(threading.Thread):
    """`start()` it, then tell it of `moved` hosts. `resting` are hosts whose silence nobody investigates.

    `fenced` is called, in this thread, when the others have called this server Down while it stood still.
    """

    def __init__(self, address: str, me: Identity, fenced: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.resting: frozenset[int] = frozenset()
        self._address = address
        self._me = me
        self._fenced = fenced
        self._silent: dict[int, int] = {}
        self._todo: queue.Queue[Statement] = queue.Queue(WAITING)
        self._doing: Statement | None = None
        self._number = 0
        self._runid = 0

    def moved(self, number: int, state: str, event: str) -> None:
        """A host goes to that state because of that event (Status.java); what another server has is left alone."""
        said = ["status = %s", "update_count = update_count + 1"]
        values: list[object] = [state]
        if event in ("AgentConnected", "Ping"):
            said.append("last_ping = %s")
            values.append(ticks(time.time()))
        if event == "AgentConnected":
            said.append("mgmt_server_id = %s")
            values.append(self._me.msid)
        elif state in ("Alert", "Disconnected", "Down"):
            said += ["mgmt_server_id = NULL", "disconnected = %s"]
            values.append(utc())
        where = "" if event == "AgentConnected" else f" AND mgmt_server_id = {self._me.msid}"
        statement = f"UPDATE host SET {', '.join(said)} WHERE id = %s AND removed IS NULL{where}"  # noqa: S608
        self.do(statement, *values, number)

    def alert(self, subject: str) -> None:
        """What would be mailed is a row as well; 7 is a host's."""
        columns = "(uuid, type, pod_id, data_center_id, subject, sent_count, created, last_sent)"
        now = utc()
        values = (str(uuid.uuid4()), 7, 1, 1, subject, 1, now, now)
        self.do(f"INSERT INTO alert {columns} VALUES ({', '.join(['%s'] * len(values))})", *values)  # noqa: S608

    def do(self, statement: str, *values: object) -> None:
        """Have it done, after all that was to be done before."""
        self._todo.put((statement, values))

    def run(self) -> None:
        """For ever; every failure ends in a new connection."""
        while True:
            try:
                with connected(self._address) as connection, connection.cursor() as cursor:
                    self._serve(cursor)
            except (OSError, pymysql.err.OperationalError, pymysql.err.InterfaceError) as error:
                sys.stderr.write(f"{utc()} database: {error}\n")
                threading.Event().wait(BEAT)

    def _serve(self, cursor: Cursor) -> None:
        """Raises OSError, and the library's errors; what was being written then is written again."""
        if not self._number:
            self._enter(cursor)
        due = time.monotonic()
        while True:
            if time.monotonic() >= due:
                self._beat(cursor)
                due = time.monotonic() + BEAT
            try:
                self._doing = self._doing or self._todo.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                continue
            cursor.execute(*self._doing)
            self._doing = None

    def _enter(self, cursor: Cursor) -> None:
        """A start: a run of its own, and its hosts have no session yet."""
        me = self._me
        self._runid = int(time.time() * 1000)
        own = str(uuid.uuid5(uuid.NAMESPACE_DNS, me.name))
        cursor.execute(ENTER, (me.msid, self._runid, me.name, own, me.version, me.address, utc()))
        cursor.execute(LEFT, (utc(), ticks(time.time()), me.msid))
        cursor.execute("SELECT id FROM mshost WHERE msid = %s", (me.msid,))
        self._number = cursor.fetchone()["id"]

    def _beat(self, cursor: Cursor) -> None:
        which = (utc(), self._number, self._runid)
        cursor.execute("UPDATE mshost SET last_update = %s WHERE id = %s AND runid = %s", which)
        cursor.execute("SELECT id, msid, runid, state, last_update FROM mshost WHERE removed IS NULL")
        for row in cursor.fetchall():
            if row["id"] != self._number:
                self._look_at(cursor, row)
            elif row["state"] == "Down":
                self._enter(cursor)
                self._fenced()
        cursor.execute(f"SELECT id FROM host WHERE removed IS NULL AND resource_state IN {RESTING}")  # noqa: S608
        self.resting = frozenset(row["id"] for row in cursor.fetchall())

    def _look_at(self, cursor: Cursor, peer: dict[str, Any]) -> None:
        number, age = peer["id"], time.time() - peer["last_update"].replace(tzinfo=UTC).timestamp()
        self._silent[number] = self._silent.get(number, 0) + 1 if age > self._me.gone_after else 0
        gone = self._silent[number] >= LOOKS
        state = "Down" if gone else peer["state"]
        cursor.execute(PEER, (self._number, number, peer["runid"], state, utc()))
        if gone and peer["state"] == "Up":
            cursor.execute("UPDATE mshost SET state = 'Down' WHERE id = %s AND runid = %s", (number, peer["runid"]))
            cursor.execute(LEFT, (utc(), ticks(time.time()), peer["msid"]))


def ticks(seconds: float) -> int:
    """System.currentTimeMillis() >> 10."""
    return int(seconds * 1000) >> 10


def utc() -> str:
    """Now, as the driver writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def connected(address: str) -> Any:  # noqa: ANN401  # the library's
    """A connection of the servers' account; whatever it waits for has an end."""
    return pymysql.connect(
        host=address,
        port=PORT,
        user=USER,
        password=PASSWORD,
        database=SCHEMA,
        autocommit=True,
        cursorclass=pymysql.cursors.DictCursor,
        connect_timeout=PATIENCE,
        read_timeout=PATIENCE,
        write_timeout=PATIENCE,
    )
