"""An SSH server inside the test that connects to wherever it is asked, and a client's connection to it.

For what a real host can't be made to do; how OpenSSH does it is in test_tunnel.py.
"""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncssh

from cs_exporter.ports import Counters
from cs_exporter.transports.ssh.forward import Forward

_KEY = asyncssh.generate_private_key("ssh-ed25519")


class _Obliging(asyncssh.SSHServer):
    """Lets everybody in, to everywhere."""

    def begin_auth(self, username: str) -> bool:
        """See asyncssh.SSHServer."""
        del username
        return False

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        """See asyncssh.SSHServer."""
        del dest_host, dest_port, orig_host, orig_port
        return True


@asynccontextmanager
async def forwarding(counters: Counters | None = None) -> AsyncIterator[tuple[Forward, asyncssh.SSHClientConnection]]:
    """The way out of such a server's machine, which is this one, and the connection it goes by."""
    async with asyncssh.listen("127.0.0.1", 0, server_factory=_Obliging, server_host_keys=[_KEY]) as server:
        sock = socket.create_connection(("127.0.0.1", server.get_port()))
        sock.settimeout(0)
        async with asyncssh.connect(
            "127.0.0.1", sock=sock, username="csmon", known_hosts=None, client_keys=None, config=None, agent_path=None
        ) as connection:
            yield Forward(connection, sock, time, counters or Counters()), connection
