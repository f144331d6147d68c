"""A receiver of Alertmanager's webhooks that keeps what it gets: what reached somebody, and when.

The tests of paging judge by notifications, as whoever is paged does, and not by what Prometheus thinks of an alert.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Alert:
    """One alert of a notification. `starts`, `ends`: epoch seconds; `ends` is None while it fires."""

    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts: float
    ends: float | None

    @property
    def name(self) -> str:
        """Its alertname."""
        return self.labels["alertname"]


@dataclass(frozen=True)
class Notification:
    """One delivery: Alertmanager's webhook payload, version 4, and when it came (epoch seconds).

    `group`: the labels that its alerts are grouped by. `key`: the same for all notifications of one group.
    """

    received: float
    receiver: str
    status: str
    key: str
    group: Mapping[str, str]
    alerts: tuple[Alert, ...]

    @property
    def firing(self) -> tuple[Alert, ...]:
        """Those of its alerts that fire."""
        return tuple(alert for alert in self.alerts if alert.status == "firing")

    @property
    def names(self) -> set[str]:
        """The alertnames of those that fire."""
        return {alert.name for alert in self.firing}


@dataclass
class Receiver:
    """`url`: where Alertmanager is to deliver, a `webhook_configs` url; `got`: everything so far, oldest first."""

    url: str
    got: list[Notification] = field(default_factory=list)

    def of(self, receiver: str) -> list[Notification]:
        """What came for one of Alertmanager's receivers, such as "page"."""
        return [one for one in self.got if one.receiver == receiver]


class _Server(ThreadingHTTPServer):
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Keep the notification; its answer says that it arrived."""
        received = time.time()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.receiver.got.append(_notification(body, received))
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiving(address: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver on a free port of that address, until the block ends."""
    with _Server((address, 0), _Handler) as server:
        server.receiver = Receiver(f"http://{address}:{server.server_address[1]}/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.receiver
        finally:
            server.shutdown()
            thread.join()


def _notification(body: Mapping[str, Any], received: float) -> Notification:
    return Notification(
        received=received,
        receiver=body["receiver"],
        status=body["status"],
        key=body["groupKey"],
        group=body["groupLabels"],
        alerts=tuple(_alert(one) for one in body["alerts"]),
    )


def _alert(body: Mapping[str, Any]) -> Alert:
    firing = body["status"] == "firing"
    ends = None if firing else _epoch(body["endsAt"])
    return Alert(body["status"], body["labels"], body["annotations"], _epoch(body["startsAt"]), ends)


def _epoch(text: str) -> float:
    """RFC 3339 with up to nine digits of the second, as Go writes it."""
    return datetime.fromisoformat(text).timestamp()
