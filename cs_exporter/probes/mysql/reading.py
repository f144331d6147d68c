"""What one look at a database server came to: the reading of the probe mysql_connections, and its parts.

A server that is full, frozen, gone, out of reach or shuts us out is a reading too: a failure says nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cs_exporter.parsers.mysql_clients import ClientSessions
from cs_exporter.parsers.mysql_galera import GaleraNode
from cs_exporter.parsers.mysql_replication import Channel
from cs_exporter.parsers.mysql_status import ServerStatus, ServerVariables
from cs_exporter.ports import SqlServer
from cs_exporter.probes.mysql.pools import ClientRow
from cs_exporter.probes.mysql.trail import Connection, Trail


class State(StrEnum):
    """How the server stands to whoever wants a connection."""

    OK = "ok"
    SATURATED = "saturated"  # every connection is in use: the next client is refused
    BLOCKED = "blocked"  # it refuses our address, after too many interrupted handshakes from it (error 1129)
    NOT_READY = "not_ready"  # a Galera node that lets clients in and refuses whatever they ask (error 1047)
    REFUSED = "refused"  # nobody listens
    MUTE = "mute"  # a connection stands and nothing comes: frozen
    UNREACHABLE = "unreachable"  # no answer to a connection request, or no way there: its machine or the path is down
    LOST = "lost"  # it accepts connections and breaks them


UP = frozenset({State.OK, State.SATURATED, State.BLOCKED, State.NOT_READY})
"""States of a server that runs."""


class Question(StrEnum):
    """A part of the reading that may be missing while all else is known."""

    GRANTS = "grants"
    CLIENTS = "clients"
    REPLICATION = "replication"


@dataclass(frozen=True, slots=True)
class Account:
    """What our account may do in the connection that is kept.

    A grant or its withdrawal counts from the next login on, in both flavours, though SHOW GRANTS shows it at once.
    """

    connection: Connection
    privileges: frozenset[str] | None  # None: the server does not say
    denied: frozenset[str]  # privileges that are missing for a part of the reading
    reserved: frozenset[str]  # privileges by which it could take the administrator's last slot
    checked: float  # monotonic


@dataclass(frozen=True, slots=True)
class ClientList:
    """Who was connected, and when that was asked (monotonic)."""

    made: float
    sessions: tuple[ClientSessions, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a server that let us in said."""

    at: float  # monotonic, when its status came
    server: SqlServer
    status: ServerStatus
    variables: ServerVariables
    galera: GaleraNode | None
    account: Account
    channels: tuple[Channel, ...]
    clients: ClientList | None
    unanswered: frozenset[Question]
    given_up: Mapping[Question, float] = field(default_factory=dict)
    """When (monotonic) a question was last asked whose answer did not come: a session of ours may wait for it still."""
    unready: bool = False
    """A question about tables was refused by error 1047, whatever the node says of itself."""


@dataclass(frozen=True, slots=True)
class MysqlConnectionsReading:
    """The server's state, and what it said where it spoke.

    `last`: what it said when it last spoke, now or before. Of that only the limit on connections is ever shown.
    """

    state: State
    answered: Answered | None
    last: Answered | None
    clients: tuple[ClientRow, ...]
    trail: Trail | None

    @property
    def max_connections(self) -> int | None:
        """The limit on connections, as last known; None where the server does not run."""
        return self.last.variables.max_connections if self.last and self.state in UP else None

    @property
    def saturated(self) -> bool | None:
        """Whether every connection is in use; None: not known."""
        if self.state is State.SATURATED:
            return True
        return False if self.state is State.OK else None

    @property
    def ready(self) -> bool | None:
        """Whether a Galera node answers statements on tables, by its word and by what it did; None: it is no node."""
        if self.state is State.NOT_READY:
            return False
        if self.answered is None or (self.answered.galera is None and not self.answered.unready):
            return None
        return self.answered.galera is not None and self.answered.galera.ready and not self.answered.unready

    def out_of_use(self, channel: Channel) -> bool:
        """Whether a replication channel was stopped and left there: the server takes changes itself, as one promoted.

        A replica that is to go on refuses them (read_only), or its threads stopped by an error.
        """
        return channel.stopped and self.answered is not None and not self.answered.variables.read_only

    @property
    def galera(self) -> GaleraNode | None:
        """The node's view of its cluster, where it is one and spoke."""
        return self.answered.galera if self.answered else None
