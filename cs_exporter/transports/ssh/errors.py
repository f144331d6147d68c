"""What asyncssh raises, as one reason and a line that an operator can act on.

Apart from the transport because the library's ways of failing change with its versions.
"""

from __future__ import annotations

import asyncssh

from cs_exporter.model import Host, ProbeFailed, Reason
from cs_exporter.transports.reasons import from_os_error

# The first class that fits counts.
_TABLE: tuple[tuple[type[asyncssh.Error], Reason, str], ...] = (
    (
        asyncssh.PermissionDenied,
        Reason.DENIED,
        "account {user!r} is not let in (is our public key in its ~/.ssh/authorized_keys, and is that file its own?)",
    ),
    (
        asyncssh.HostKeyNotVerifiable,
        Reason.HOST_KEY,
        "the host's key is unknown or has changed (compare it on the host, then put it into {known_hosts})",
    ),
    (asyncssh.ChannelOpenError, Reason.EXHAUSTED, "the server opens no further session (MaxSessions?)"),
    (asyncssh.ConnectionLost, Reason.RESET, "the connection broke in the login"),
    (asyncssh.KeyExchangeFailed, Reason.DENIED, "no algorithm in common"),
)


class Phase(asyncssh.SSHClient):
    """Follows one login, to say afterwards in which phase it got stuck."""

    def __init__(self) -> None:
        self._connection: asyncssh.SSHClientConnection | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """See asyncssh.SSHClient."""
        self._connection = conn

    @property
    def begun(self) -> bool:
        """Whether the login has a connection of its own."""
        return self._connection is not None

    def stuck(self) -> str:
        """Where the login stands now."""
        connection = self._connection
        if connection is None or not connection.get_extra_info("server_version"):
            return "hung before the end of the server's banner"
        if not connection.get_extra_info("send_cipher"):
            return (
                "hung in the key exchange although the version exchange passed: large packets are lost on the way,"
                " a path-MTU black hole (check the MTU of every device between here and the host)"
            )
        return "hung in the login: the server does not answer the authentication"


def failure_of(error: OSError | asyncssh.Error, host: Host) -> ProbeFailed:
    """Turn an error of a login or a session into a failure."""
    where = f"{host.address} port {host.ssh.port}"
    if isinstance(error, OSError):
        return from_os_error(error, where)
    for kind, reason, said in _TABLE:
        if isinstance(error, kind):
            mend = said.format(user=host.ssh.user, known_hosts=host.ssh.known_hosts)
            return ProbeFailed(reason, f"{where}: {mend}: {error.reason}")
    return ProbeFailed(Reason.UNPARSABLE, f"{where}: not the SSH protocol: {error.reason}")
