"""An exporter that serves one page for ever, for tests that want a Prometheus to have known samples.

And a port that nobody listens on, for that Prometheus.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FIRST_PORT, LAST_PORT = 21_000, 32_000
"""Below those that the kernel gives to connections."""


class _Server(ThreadingHTTPServer):
    page: bytes


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer /metrics with the page, and nothing else."""
        known = self.path == "/metrics"
        self.send_response(HTTPStatus.OK if known else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(self.server.page if known else b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(page: bytes) -> Iterator[str]:
    """A server of that page; gives its address and port."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.page = page
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def free_address() -> str:
    """An address and port of this machine that nobody listens on now."""
    for port in range(FIRST_PORT, LAST_PORT):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return f"127.0.0.1:{port}"
    raise AssertionError
