"""How a node is asked: within one limit, at an address of either kind, and what a look costs the bus."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.model import MysqlTls, ProbeFailed, Reason
from cs_exporter.parsers import rabbitmq_api, rabbitmq_metrics
from cs_exporter.ports import HttpAnswer, HttpCall, HttpLogin
from cs_exporter.probes.rabbitmq.queues import Scope, fold
from cs_exporter.probes.rabbitmq.settings import RabbitmqSettings
from cs_exporter.probes.rabbitmq.talk import DETAILED, MOST, Look
from tests import world
from tests.lab.rabbitmq import NODE, Bus
from tests.probes.mysql.mysql_stand import FakeClock
from tests.probes.rabbitmq.rabbitmq_stand import stand

ACCOUNT: dict[str, Any] = {"user": "mon", "password_file": "/etc/mon"}


@dataclass
class SlowHttp:
    """ports.Http: whoever is asked fails as told, after so many seconds."""

    clock: FakeClock
    failures: dict[int, Reason]
    takes: float = 0.0
    calls: list[tuple[HttpCall, float]] = field(default_factory=list)

    async def get(self, call: HttpCall, deadline: float) -> HttpAnswer:
        """One request, that fails."""
        self.calls.append((call, deadline))
        self.clock.now += min(self.takes, deadline)
        port = int(call.url.split("/")[2].rpartition(":")[2])
        raise ProbeFailed(self.failures[port], f"port {port}")


async def failed(http: SlowHttp, address: str = "192.0.2.9", **settings: object) -> ProbeFailed:
    """How a look ends at whom everybody fails."""
    given = RabbitmqSettings.model_validate({**settings, "answer_limit": 4.0})
    with stand() as node:
        host = replace(node.host, address=address)
    with pytest.raises(ProbeFailed) as caught:
        await Look(host, world.io(http=http, clock=http.clock), given).look()
    return caught.value


async def test_the_limit_is_of_all_questions() -> None:
    """Who has another to ask leaves him half of the time; alone it may take all of it."""
    alone, first = (SlowHttp(FakeClock(), {15692: Reason.MUTE, 15672: Reason.MUTE}, takes=9) for _ in range(2))
    await failed(alone)
    await failed(first, **ACCOUNT)
    assert [4.0] == [deadline for _, deadline in alone.calls]
    assert [2.0, 2.0] == [deadline for _, deadline in first.calls]


@pytest.mark.parametrize(
    ("plugin", "management", "told"),
    [
        (Reason.REFUSED, Reason.DENIED, Reason.DENIED),
        (Reason.MUTE, Reason.REFUSED, Reason.MUTE),
        (Reason.UNREACHABLE, Reason.REFUSED, Reason.UNREACHABLE),
        (Reason.UNPARSABLE, Reason.MUTE, Reason.UNPARSABLE),
        (Reason.REFUSED, Reason.REFUSED, Reason.REFUSED),
    ],
)
async def test_which_failure_is_told(plugin: Reason, management: Reason, told: Reason) -> None:
    """The one that says more of the node: an answer, then silence, then a closed port."""
    failure = await failed(SlowHttp(FakeClock(), {15692: plugin, 15672: management}), **ACCOUNT)
    assert told is failure.reason


async def test_how_it_is_asked() -> None:
    """Addresses of IPv6 stand in brackets; TLS and the account go where the settings say, and to no other port."""
    http = SlowHttp(FakeClock(), {15692: Reason.REFUSED, 15672: Reason.REFUSED})
    await failed(http, "2001:db8::1", **ACCOUNT, management_tls=MysqlTls.VERIFIED, ca_file="/etc/ca.pem")
    (plugin, _), (management, _) = http.calls
    assert f"http://[2001:db8::1]:15692{DETAILED}" == plugin.url
    assert (None, False, MOST) == (plugin.login, plugin.verify, plugin.most)
    assert management.url.startswith("https://[2001:db8::1]:15672/api/overview?columns=")
    assert (HttpLogin("mon", "/etc/mon"), True, "/etc/ca.pem") == (
        management.login,
        management.verify,
        management.ca_file,
    )


def many(count: int) -> str:
    """Lines of so many queues."""
    return "".join(
        f'rabbitmq_detailed_queue_{kind}{{vhost="/",queue="compute.host{number}"}} {value}\n'
        for kind, value in (("messages_ready", 0), ("messages_unacked", 0), ("consumers", 1))
        for number in range(count)
    )


async def test_a_long_page() -> None:
    """Thousands of queues come whole; those that are not shown are counted."""
    with stand(bus=Bus(extra=many(3000)), top=100) as node:
        reading = await node.poll()
    assert reading.answered is not None
    folded = reading.answered.queues
    assert (3084, 100) == (folded.total, len(folded.rows))
    assert folded.temporary is not None
    assert 3084 == len(folded.rows) + sum(fold.queues for fold in folded.temporary.values()) + TOGETHER
    assert 17 == sum(row.scope is Scope.TOPIC for row in folded.rows)


@pytest.mark.parametrize("way", ["plugin", "management"])
async def test_long_pages_are_read_beside_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Of ten thousand queues nothing is parsed nor folded in the event loop's thread, and nothing of it twice."""
    calls: list[tuple[str, int]] = []

    def watched(name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *others: Any) -> Any:  # noqa: ANN401  # as the wrapped one
            first = first if isinstance(first, str | bytes) else list(first)
            if len(first) > (THOUSANDS if isinstance(first, list) else PAGE):
                calls.append((name, threading.get_ident()))
            return inner(first, *others)

        return call

    for module, name in ((rabbitmq_metrics, "queues"), (rabbitmq_metrics, "node"), (rabbitmq_api, "queues")):
        monkeypatch.setattr(module, name, watched(name, getattr(module, name)))
    monkeypatch.setattr(sys.modules[Look.__module__], "fold", watched("fold", fold))
    bus = Many() if way == "management" else Bus(extra=many(10_000))
    with stand(tmp_path if way == "management" else None, bus, plugin=way == "plugin", answer_limit=30.0) as node:
        reading = await node.poll()
    assert reading.answered is not None
    assert reading.answered.queues.total > THOUSANDS
    assert ["fold", "queues"] == sorted(name for name, _ in calls)
    assert threading.get_ident() not in {ident for _, ident in calls}


THOUSANDS, PAGE = 5_000, 500_000
"""Queues, and characters, that are many."""


class Many(Bus):
    """Ten thousand more queues, by the management API."""

    def queues(self) -> list[dict[str, object]]:
        """The management API's list."""
        row = {"vhost": "/", "node": NODE, "messages_ready": 0, "messages_unacknowledged": 0, "consumers": 1}
        return [*super().queues(), *({"name": f"compute.host{number}", **row} for number in range(10_000))]


TOGETHER = 10
"""Queues of agents that are shown as one with another."""


async def test_what_a_look_costs(tmp_path: Path) -> None:
    """Two pages, or one and two short answers; never the management API's full list (127 kB and more)."""
    with stand() as node:
        await node.poll()
    assert (2, True) == (len(node.bus.asked), node.bus.sent < 135_000)
    with stand(tmp_path) as node:
        await node.poll()
    assert (3, True) == (len(node.bus.asked), node.bus.sent < 50_000)
    with stand(tmp_path, plugin=False) as node:
        await node.poll()
    assert (4, True) == (len(node.bus.asked), node.bus.sent < 15_000)
