"""The sheet of the probe `mysql_connections`: whether a database server has connections left, and who holds them.

Asked over one connection that is kept: when the server is full it is the only one that still gets an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field

from cs_exporter.model import Host, ProbeFailed, Role
from cs_exporter.ports import Io
from cs_exporter.probes.mysql import trail as mysql_trail
from cs_exporter.probes.mysql.metrics import METRICS
from cs_exporter.probes.mysql.pools import client_rows
from cs_exporter.probes.mysql.reading import Answered, MysqlConnectionsReading, State
from cs_exporter.probes.mysql.symptoms import SYMPTOMS
from cs_exporter.probes.mysql.talk import Look, state_of
from cs_exporter.spec import Need, ProbeSettings, ProbeSpec, Seconds

PoolSize = Annotated[int, Field(ge=1, le=1_000_000)]


class MysqlConnectionsSettings(ProbeSettings):
    """Settings of the probe mysql_connections."""

    interval: Seconds = Field(default=15.0, gt=0, description="rounded up to a multiple of global.interval")
    answer_limit: Seconds = Field(
        default=4.0, gt=0, le=60, description="what has not answered by then, login and all questions, is mute"
    )
    clients_every: Seconds = Field(default=60.0, gt=0, description="between two counts of the server's process list")
    top: int = Field(default=20, ge=1, le=200, description="clients that are shown; all others are summed up")
    pool_sizes: dict[str, PoolSize] = Field(
        default_factory=dict,
        description="name or address of a client -> size of its connection pool, or CLIENT/DATABASE -> size of its "
        "pool for that database",
    )
    management_pool_sizes: dict[str, PoolSize] = Field(
        default={"cloud": 250, "cloud_usage": 100},
        description="database -> size of the pool that each management server has for it (db.properties: maxActive)",
    )

    def longest_wait(self) -> float:
        """A server that says nothing is a verdict too."""
        return self.answer_limit

    def with_management(self, servers: Iterable[str]) -> Self:
        """These settings with the pools of management servers, by name; sizes that are given for one stay."""
        given = {key.partition("/")[0] for key in self.pool_sizes}
        added = {
            f"{server}/{database}": size
            for server in servers
            if server not in given
            for database, size in self.management_pool_sizes.items()
        }
        return self.model_copy(update={"pool_sizes": {**added, **self.pool_sizes}}) if added else self


async def probe(host: Host, io: Io, settings: MysqlConnectionsSettings) -> MysqlConnectionsReading:
    """Ask the server over the kept connection, logging in where there is none; once more where it was lost.

    Raises ProbeFailed where nothing was found out: not let in, at the account's own limit, or trouble on our own side.
    """
    last = io.previous(MysqlConnectionsReading)
    before = last.reading if last else None
    look = Look(host, io, settings.answer_limit, settings.clients_every, before)
    state = State.LOST
    for _ in range(2):
        try:
            answered = await look.look()
        except ProbeFailed as failure:
            found = state_of(failure)
            if found is None:
                raise
            state = found
            if state is not State.LOST:
                break
            await io.sql.leave()  # what is broken, or about to be, is not kept for the second attempt
        else:
            return _spoken(host, settings, answered, before)
    return _silent(state, before, io.clock.monotonic())


def _spoken(
    host: Host, settings: MysqlConnectionsSettings, answered: Answered, before: MysqlConnectionsReading | None
) -> MysqlConnectionsReading:
    most = answered.variables.max_connections
    sizes = {_client(host, key): size for key, size in settings.pool_sizes.items()}
    clients = client_rows(answered.clients.sessions, sizes, settings.top) if answered.clients else ()
    state = State.SATURATED if answered.status.connections >= most else State.OK
    trail = mysql_trail.follow(
        before.trail if before else None,
        answered.at,
        answered.account.connection,
        answered.status,
        answered.galera,
    )
    return MysqlConnectionsReading(state, answered, answered, clients, trail)


def _silent(state: State, before: MysqlConnectionsReading | None, now: float) -> MysqlConnectionsReading:
    """Nothing is known of now but the state; what is compared over time is kept for the next answer."""
    trail = mysql_trail.waited(before.trail if before else None, now)
    return MysqlConnectionsReading(state, None, before.last if before else None, (), trail)


def _client(host: Host, key: str) -> str:
    """A key of the pool sizes with the client's name for its address."""
    client, slash, database = key.partition("/")
    return f"{host.names.get(client, client)}{slash}{database}"


def _is_database(host: Host) -> bool:
    return Role.DATABASE in host.roles


_WHOM = "TO cs_exporter@'ADDRESS OF THE EXPORTER';"

NEEDS = (
    Need(
        key="database account",
        lost="all but whether the database server accepts connections",
        mend="CREATE USER cs_exporter@'ADDRESS OF THE EXPORTER' IDENTIFIED BY '...' WITH MAX_USER_CONNECTIONS 3; "
        "then its password into mysql.password_file; where it exists, correct that file, or ALTER USER",
        applies=_is_database,
    ),
    Need(
        key="process grant",
        lost="who holds the connections, and whether a client's pool is used up",
        mend=f"GRANT PROCESS ON *.* {_WHOM}",
        applies=_is_database,
    ),
    Need(
        key="replication grant",
        lost="whether a replica replicates, and how far it is behind",
        mend=f"MariaDB: GRANT SLAVE MONITOR ON *.* {_WHOM} MySQL (and MariaDB before 10.5): "
        f"GRANT REPLICATION CLIENT ON *.* {_WHOM}",
        applies=_is_database,
    ),
)

SPEC: ProbeSpec[MysqlConnectionsSettings, MysqlConnectionsReading] = ProbeSpec(
    name="mysql_connections",
    question="Has the database server connections left, who holds them, and does it replicate?",
    settings=MysqlConnectionsSettings,
    reading=MysqlConnectionsReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    needs=NEEDS,
    applies=_is_database,
)
