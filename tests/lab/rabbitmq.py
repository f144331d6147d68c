"""A RabbitMQ node of the lab, seen from outside: the plugin's pages and the management API, by captures and faults.

What was captured at a moment is replayed, with whatever counts a test sets; AMQP itself is not spoken.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from aiohttp import web

from tests.lab.host import LabHost
from tests.lab.served import Served

CAPTURES = Path(__file__).parents[1] / "captures/openstack"
USER, PASSWORD = "mon", "secret-of-the-bus"
NODE = "rabbit@localhost"

HEALTHY, FROZEN_CONDUCTOR, FROZEN_NEUTRON, ALARM = "", "conductorstopped_", "neutronserverstopped_", "rabbitalarm_"
"""Moments that were captured: prefixes of their files."""

Counts = tuple[int, int, int]
"""ready, unacknowledged, consumers"""

_SAMPLE = re.compile(r'(rabbitmq_detailed_queue_(\w+)\{vhost="/",queue="([^"]*)"\}) \d+')
_WHICH = {"messages_ready": 0, "messages_unacked": 1, "consumers": 2}
_KEYS = ("messages_ready", "messages_unacknowledged", "consumers")
_ACKED = "rabbitmq_detailed_channel_messages_acked_total"
_ALARM = "rabbitmq_alarms_memory_used_watermark"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Bus:
    """What the node is and does. `counts`: of queues by name, instead of those captured; `acked`: messages confirmed.

    `channels`: the latter are told as the plugin of 3.10 does it, else as that of 4.0. `mute`: accepts and answers
    nothing. `permitted`: the account may see the queues; `tagged`: it may ask. `status`: of every answer of the plugin,
    instead of 200. `without`: paths that are not there, of the page of queues also with a family.
    """

    moment: str = HEALTHY
    counts: dict[str, Counts] = field(default_factory=dict)
    acked: dict[str, int] = field(default_factory=dict)
    channels: bool = True
    alarm: bool = False
    mute: bool = False
    permitted: bool = True
    vhosts: tuple[str, ...] = ("/",)
    tagged: bool = True
    accepts: str = PASSWORD
    status: int = 200
    without: set[str] = field(default_factory=set)
    extra: str = ""
    asked: list[str] = field(default_factory=list)
    sent: int = 0

    def text(self, name: str) -> str:
        """A file of that moment; of what was captured once, that."""
        path = CAPTURES / f"{self.moment}{name}"
        return (path if path.exists() else CAPTURES / name).read_text(encoding="utf-8")

    def detailed(self) -> str:
        """The plugin's page of queues."""

        def counted(match: re.Match[str]) -> str:
            counts = self.counts.get(match[3])
            which = _WHICH.get(match[2])
            return match[0] if counts is None or which is None else f"{match[1]} {counts[which]}"

        text = self.text("rabbitmq-prom-metrics_detailed_family_queue_coarse_met.txt")
        return _SAMPLE.sub(counted, self.of_version(text)) + self.extra

    def of_version(self, text: str) -> str:
        """A page with the version that the node is of."""
        return text if self.channels else text.replace('rabbitmq_version="3.10.8"', 'rabbitmq_version="4.0.5"')

    def confirmed(self, family: str) -> str:
        """The plugin's page of one family more; of one that it does not know there is nothing on it."""
        if family != ("channel_queue_metrics" if self.channels else "queue_delivery_metrics"):
            return "# TYPE erlang_uptime_seconds gauge\n"
        text = self.text("rabbitmq-prom-metrics_per-object_channel_queue.txt").replace(
            "rabbitmq_", "rabbitmq_detailed_"
        )
        lines = [line for line in text.splitlines() if not any(f'queue="{name}"' in line for name in self.acked)]
        there = "\n".join(lines)
        given = {name: 0 for name, (_, held, _) in self.counts.items() if held and f'queue="{name}"' not in there}
        lines += [
            f'{_ACKED}{{channel="<0.{number}.0>",vhost="/",queue="{name}"}} {count}'
            for number, (name, count) in enumerate({**given, **self.acked}.items())
        ]
        page = "\n".join([*lines, ""])
        return page if self.channels else re.sub(r'_channel(_\w+\{)channel="[^"]*",', r"_queue\1", page)

    def whole(self) -> str:
        """The plugin's other page."""
        on = self.alarm or self.moment == ALARM
        text = self.of_version(self.text("rabbitmq-prom-metrics.txt"))
        return text.replace(f"\n{_ALARM} 0", f"\n{_ALARM} {int(on)}")

    def queues(self) -> list[dict[str, object]]:
        """The management API's list."""
        rows: list[dict[str, object]] = json.loads(self.text("rabbitmq-api-queues-columns.json"))
        for row in rows:
            name = str(row["name"])
            row.update(zip(_KEYS, self.counts.get(name, ()), strict=False))
            if name in self.acked:
                row["message_stats"] = {"ack": self.acked[name]}
        return rows if self.permitted else []

    def check(self) -> tuple[int, object]:
        """The management API's check for alarms: status and body."""
        if not (self.alarm or self.moment == ALARM):
            return 200, {"status": "ok"}
        alarms = [{"node": NODE, "resource": "memory"}]
        return 503, {"alarms": alarms, "reason": "There are alarms in effect in the cluster", "status": "failed"}


@dataclass
class _Plugin(Served):
    bus: Bus = field(default_factory=Bus)

    def application(self) -> web.Application:
        """See Served."""
        app = web.Application()
        app.router.add_get("/metrics", _guarded(self.bus, lambda: _text(self.bus, self.bus.whole())))
        app.router.add_get("/metrics/detailed", self._detailed)
        return app

    async def _detailed(self, request: web.Request) -> web.StreamResponse:
        families = request.query.getall("family")
        if f"{request.path}?{families[0]}" in self.bus.without:
            raise web.HTTPNotFound
        text = self.bus.detailed if len(families) > 1 else partial(self.bus.confirmed, families[0])
        return await _guarded(self.bus, lambda: _text(self.bus, text()))(request)


@dataclass
class _Management(Served):
    bus: Bus = field(default_factory=Bus)

    def application(self) -> web.Application:
        """See Served."""
        app, bus = web.Application(), self.bus
        files = {"overview": "rabbitmq-api-overview.json", "nodes": "rabbitmq-api-nodes.json"}
        files["connections"] = "rabbitmq-api-connections.json"
        for path, file in files.items():
            app.router.add_get(f"/api/{path}", _known(bus, partial(_captured, bus, file)))
        app.router.add_get("/api/queues", _known(bus, lambda: (200, bus.queues())))
        app.router.add_get("/api/vhosts", _known(bus, lambda: (200, [{"name": name} for name in bus.vhosts])))
        app.router.add_get("/api/health/checks/alarms", _known(bus, bus.check))
        return app


@dataclass
class RabbitmqNode:
    """`with` one of these it answers at `prometheus_port` and `management_port`, as far as it has these plugins.

    `host`: it is that machine of the lab; otherwise it is here.
    """

    bus: Bus = field(default_factory=Bus)
    plugin: bool = True
    management: bool = True
    host: LabHost | None = None
    _open: ExitStack = field(default_factory=ExitStack, repr=False)
    prometheus_port: int = 0
    management_port: int = 0

    def __enter__(self) -> Self:
        address = self.host.address if self.host else "127.0.0.1"
        namespace = self.host.namespace if self.host else None
        plugin = self._open.enter_context(_Plugin(address=address, namespace=namespace, bus=self.bus))
        management = self._open.enter_context(_Management(address=address, namespace=namespace, bus=self.bus))
        self.prometheus_port, self.management_port = plugin.port, management.port
        for wanted, server in ((self.plugin, plugin), (self.management, management)):
            if not wanted:
                server.stop()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


def _captured(bus: Bus, file: str) -> tuple[int, object]:
    return 200, json.loads(bus.text(file))


def _text(bus: Bus, text: str) -> web.Response:
    return web.Response(text=text, status=bus.status)


def _guarded(bus: Bus, answer: Callable[[], web.Response]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        bus.asked.append(request.path)
        if bus.mute:
            await asyncio.Event().wait()
        if request.path in bus.without:
            raise web.HTTPNotFound
        response = answer()
        response.enable_compression()
        bus.sent += len(response.body) if isinstance(response.body, bytes) else 0
        return response

    return handle


def _known(bus: Bus, answer: Callable[[], tuple[int, object]]) -> Handler:
    """An answer in JSON, with the columns that were asked for, to who knows the password."""

    def said() -> web.Response:
        status, body = answer()
        return web.json_response(body, status=status)

    async def handle(request: web.Request) -> web.StreamResponse:
        expected = b64encode(f"{USER}:{bus.accepts}".encode()).decode()
        if not bus.mute and request.headers.get("Authorization") != f"Basic {expected}":
            bus.asked.append(request.path)
            return web.json_response({"error": "not_authorized", "reason": "Login failed"}, status=401)
        if not bus.mute and not bus.tagged:
            return web.json_response({"error": "not_authorized", "reason": "Not management user"}, status=401)
        columns = request.query.get("columns", "").split(",")
        return await _guarded(bus, lambda: _cut(said(), columns))(request)

    return handle


def _cut(response: web.Response, columns: list[str]) -> web.Response:
    """With those columns only, as the management API does it; a check has none."""
    body = json.loads(response.text or "null")
    if columns == [""]:
        return response
    rows = body if isinstance(body, list) else [body]
    cut = [{key: value for key, value in row.items() if key in columns} for row in rows]
    for short, row in zip(cut, rows, strict=True):
        if "message_stats.ack" in columns and "message_stats" in row:
            short["message_stats"] = {"ack": row["message_stats"]["ack"]}
    return web.json_response(cut if isinstance(body, list) else cut[0], status=response.status)
