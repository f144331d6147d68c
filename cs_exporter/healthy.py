"""`python -m cs_exporter.healthy [HOST:PORT]`: exit status 0 where an exporter's process answers, 1 where none does.

The health check of the container image: quick, because it imports nothing of the exporter, and without curl. A frozen
process's kernel still accepts connections, so only an answer counts: any, where passwords, other paths or TLS are used.
"""

from __future__ import annotations

import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection

DEFAULT = "127.0.0.1:10595"
DEADLINE = 2.0
"""Seconds for each step; all of them fit into the 5 that the image allows."""

_SERVER_ERROR = 500


def answers(host: str, port: int) -> bool:
    """Whether the process that listens there speaks, by HTTP or else by TLS."""
    try:
        return _status(host, port) < _SERVER_ERROR
    except TimeoutError:
        return False
    except (HTTPException, OSError):
        return _answers_by_tls(host, port)


def _answers_by_tls(host: str, port: int) -> bool:
    """A finished handshake is the process's own work; whose certificate it shows does not matter."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = HTTPSConnection(host, port, timeout=DEADLINE, context=context)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True


def _status(host: str, port: int) -> int:
    connection = HTTPConnection(host, port, timeout=DEADLINE)
    try:
        connection.request("GET", "/-/healthy")
        return connection.getresponse().status
    finally:
        connection.close()


def main() -> None:
    """The entry point."""
    host, colon, port = (sys.argv[1] if len(sys.argv) > 1 else DEFAULT).rpartition(":")
    if not (host and colon and port.isdecimal() and len(sys.argv) <= 2):  # noqa: PLR2004 (the name and one argument)
        sys.exit(f"cs_exporter.healthy: {' '.join(sys.argv[1:])!r} is no address; write HOST:PORT, as in {DEFAULT}")
    sys.exit(0 if answers(host.strip("[]"), int(port)) else 1)


if __name__ == "__main__":
    main()
