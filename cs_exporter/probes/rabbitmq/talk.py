"""How a RabbitMQ node is asked: the plugin's pages, the management API, and in which order, all within one limit.

Both are parts of the node's one process, so where the one is mute there is little hope in the other; but they have
ports of their own, which filters and configurations tell apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from cs_exporter.model import Host, MysqlTls, ProbeFailed, Reason, UnparsableError
from cs_exporter.parsers import rabbitmq_api, rabbitmq_metrics
from cs_exporter.parsers.rabbitmq import Node
from cs_exporter.parsers.rabbitmq_api import CONNECTION_COLUMNS, NODE_COLUMNS, OVERVIEW_COLUMNS, QUEUE_COLUMNS
from cs_exporter.ports import HttpAnswer, HttpCall, HttpLogin, Io
from cs_exporter.probes.rabbitmq.queues import Folded, Key, fold, lasting
from cs_exporter.probes.rabbitmq.reading import Answered, Question, Source
from cs_exporter.probes.rabbitmq.settings import RabbitmqSettings

T = TypeVar("T")

DETAILED = (
    "/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count&family=node_coarse_metrics"
    "&family=node_metrics"
)
WHOLE = "/metrics"
CONFIRMED = "/metrics/detailed?family="
"""What was confirmed: by queue, and before version 4 by channel and queue."""
BY_QUEUE, BY_CHANNEL = "queue_delivery_metrics", "channel_queue_metrics"
_BY_QUEUE_SINCE = 4
TOO_OLD = "RabbitMQ before 3.10?"
"""Said where there is no page of single queues."""
HELD = ("blocked", "blocking")
"""States of connections that an alarm holds: those that have published since, and all others."""

MOST = 64 << 20
"""Bytes of a page of queues: about a hundred thousand of them."""
LONG = 16 << 20
"""The same, of what was confirmed: without it, it takes longer to tell who is frozen."""
SHORT = 8 << 20
"""The same, of all other answers."""
_LONG = 256 << 10
"""Bytes from which on a page is read in a thread: in the event loop's it would take its turn for too long."""

_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 401, 403, 404


class Look:
    """One look at a node."""

    def __init__(self, host: Host, io: Io, settings: RabbitmqSettings) -> None:
        self._host, self._io, self._settings = host, io, settings
        self._ends = io.clock.monotonic() + settings.answer_limit
        self._unanswered: dict[Question, str] = {}

    @property
    def left(self) -> float:
        """Seconds that are left of the limit."""
        return max(self._ends - self._io.clock.monotonic(), 0.05)

    async def look(self) -> Answered:
        """Ask. Raises ProbeFailed where nobody told of the queues, with what says most of why."""
        if not self._settings.prometheus_port:
            return await self._by_management()
        try:
            return await self._by_plugin()
        except ProbeFailed as failure:
            if self._settings.user is None:
                raise
            try:
                return await self._by_management()
            except ProbeFailed as other:
                raise max(failure, other, key=_telling) from other

    async def _by_plugin(self) -> Answered:
        body = await self.page(DETAILED, MOST)
        text, queues = await self._read(lambda: self._of_plugin(body), len(body))
        node = rabbitmq_metrics.node(text)
        answered = await self._of_node(Answered(Source.PLUGIN, node, queues), text)
        return replace(answered, acknowledged=await self._confirmed(answered), unanswered=self._unanswered)

    async def _of_node(self, answered: Answered, text: str) -> Answered:
        """With the node's state, by whomever may tell of it. `text`: what is known of it by the page of queues."""
        if self._settings.user is not None:
            try:
                return await self._with_management(answered)
            except ProbeFailed as failure:
                self._unanswered[Question.MANAGEMENT] = failure.detail
        node = answered.node
        try:
            body = await self.page(WHOLE)
            node = await self._read(lambda: rabbitmq_metrics.node(text, body.decode(errors="replace")), len(body))
        except ProbeFailed as failure:
            self._unanswered[Question.NODE] = failure.detail
        running = None if node.peers is None or node.name is None else node.peers | {node.name}
        return replace(answered, node=node, running=running)

    async def _confirmed(self, answered: Answered) -> Mapping[Key, int] | None:
        """What consumers of this node have confirmed. A node that is alone is asked only while something is held."""
        node = answered.node
        held = any(row.queue.unacknowledged for row in answered.queues.rows)
        if not held and node.name is not None and answered.running == frozenset({node.name}):
            return None
        major = (node.version or "").partition(".")[0]
        by_queue = major.isdecimal() and int(major) >= _BY_QUEUE_SINCE
        try:
            counts = await self._counts(BY_QUEUE) if by_queue else {}
            return counts or await self._counts(BY_CHANNEL)
        except ProbeFailed:
            return None

    async def _counts(self, family: str) -> Mapping[Key, int]:
        """What a page of confirmations says of lasting queues; of a family that the node does not know, nothing."""
        body = await self.page(f"{CONFIRMED}{family}", LONG)
        return await self._read(
            lambda: lasting(rabbitmq_metrics.acknowledged(body.decode(errors="replace"))), len(body)
        )

    async def _by_management(self) -> Answered:
        overview = await self.api(f"overview?columns={OVERVIEW_COLUMNS}", rabbitmq_api.overview)
        told, queues, acknowledged = await self.api(
            f"queues?columns={QUEUE_COLUMNS}", lambda body: self._of_management(body, overview.node), MOST
        )
        if not told and overview.queues != 0:
            raise self._sees_none(overview.queues)
        node = Node(name=overview.node, cluster=overview.cluster, version=overview.version)
        return await self._with_management(Answered(Source.MANAGEMENT, node, queues, acknowledged=acknowledged))

    async def _with_management(self, answered: Answered) -> Answered:
        """With what the API alone tells: partitions, who runs, and whom an alarm holds; and its alarms of now."""
        name = answered.node.name
        members = await self.api(f"nodes?columns={NODE_COLUMNS}", rabbitmq_api.members)
        own = next((member for member in members if member.name == name), None)
        answer = await self.ask_api("health/checks/alarms")
        alarms = await self._read(lambda: rabbitmq_api.alarms(answer.status, answer.body), 0)
        node = replace(
            answered.node,
            uses={**(own.uses if own else {}), **answered.node.uses},
            alarms=frozenset(alarm.resource for alarm in alarms if alarm.node == name and alarm.resource is not None),
            partitioned=None if own is None or own.partitions is None else len(own.partitions),
        )
        running = frozenset(member.name for member in members if member.running)
        return replace(answered, node=node, running=running, blocked=await self._blocked(name, alarmed=bool(alarms)))

    async def _blocked(self, node: str | None, *, alarmed: bool) -> dict[str, int]:
        """Asked only while there is an alarm in the cluster: without one nobody is held, whatever old figures say."""
        if not alarmed:
            return dict.fromkeys(HELD, 0)
        found = await self.api(f"connections?columns={CONNECTION_COLUMNS}", rabbitmq_api.connections, MOST)
        return {state: found[node, state] + found[None, state] for state in HELD}

    def _sees_none(self, there: int | None) -> ProbeFailed:
        user = self._settings.user
        told = "there must be some" if there is None else f"there are {there}"
        return ProbeFailed(
            Reason.DENIED,
            f"the account {user} is shown no queue, and {told}: it has no permissions on the virtual host; "
            f"rabbitmqctl set_permissions -p / {user} '' '' ''",
        )

    def _of_plugin(self, body: bytes) -> tuple[str, Folded]:
        """The page of queues: what it says of the node, and the queues. For any thread. Raises UnparsableError."""
        text = body.decode(errors="replace")
        queues = fold(rabbitmq_metrics.queues(text), self._host.names, self._settings.top)
        return rabbitmq_metrics.without_queues(text), queues

    def _of_management(self, body: bytes, node: str) -> tuple[bool, Folded, Mapping[Key, int] | None]:
        """The list of queues: whether there are any, those of that node, and what was confirmed. For any thread."""
        rows = rabbitmq_api.queues(body)
        own = [queue for at, queue in rows if at in {None, node}]
        counts = {(queue.vhost, queue.name): queue.acknowledged or 0 for queue in own}
        counted = any(queue.acknowledged is not None for queue in own)
        return bool(rows), fold(own, self._host.names, self._settings.top), lasting(counts) if counted else None

    async def page(self, path: str, most: int = SHORT) -> bytes:
        """A page of the plugin. Raises ProbeFailed. Where somebody else can tell, it has half of the time."""
        port = self._settings.prometheus_port
        limit = self.left if self._settings.user is None else self.left / 2
        answer = await self._get(port, self._settings.prometheus_tls, path, None, most, limit)
        if answer.status == _NOT_FOUND:
            detail = f"port {port} has no {path.partition('?')[0]}: {TOO_OLD} give the probe rabbitmq a user"
            raise ProbeFailed(Reason.UNPARSABLE, detail)
        return self._good(answer, port, path).body

    async def ask_api(self, path: str, most: int = SHORT) -> HttpAnswer:
        """What the management API answers, of whatever status. Raises ProbeFailed."""
        settings = self._settings
        login = HttpLogin(settings.user or "", settings.password_file or "")
        return await self._get(
            settings.management_port, settings.management_tls, f"/api/{path}", login, most, self.left
        )

    async def api(self, path: str, parse: Callable[[bytes], T], most: int = SHORT) -> T:
        """What `parse` makes of a good answer of the management API. Raises ProbeFailed."""
        answer = self._good(await self.ask_api(path, most), self._settings.management_port, f"/api/{path}")
        return await self._read(lambda: parse(answer.body), len(answer.body))

    async def _get(
        self, port: int, tls: MysqlTls, path: str, login: HttpLogin | None, most: int, limit: float
    ) -> HttpAnswer:
        address = self._host.address
        scheme = "http" if tls is MysqlTls.OFF else "https"
        url = f"{scheme}://{f'[{address}]' if ':' in address else address}:{port}{path}"
        call = HttpCall(url, login, tls is MysqlTls.VERIFIED, self._settings.ca_file, most)
        return await self._io.http.get(call, limit)

    def _good(self, answer: HttpAnswer, port: int, path: str) -> HttpAnswer:
        if answer.status == _OK:
            return answer
        said = rabbitmq_api.reason(answer.body)
        detail = f"port {port}: {path.partition('?')[0]} answers {answer.status}{f' ({said})' if said else ''}"
        if answer.status in {_UNAUTHORIZED, _FORBIDDEN}:
            mend = "correct user and password_file; the user needs the tag monitoring"
            raise ProbeFailed(Reason.DENIED, f"{detail}: {mend}")
        raise ProbeFailed(Reason.UNPARSABLE, detail)

    async def _read(self, parse: Callable[[], T], length: int) -> T:
        try:
            return await asyncio.to_thread(parse) if length > _LONG else parse()
        except UnparsableError as error:
            raise ProbeFailed(Reason.UNPARSABLE, str(error)) from error


_TELLING = (Reason.REFUSED, Reason.UNREACHABLE, Reason.RESET, Reason.TIMEOUT, Reason.MUTE)
"""Of two failures that one is told which says most; whoever said a word says more than all of these."""


def _telling(failure: ProbeFailed) -> int:
    return _TELLING.index(failure.reason) if failure.reason in _TELLING else len(_TELLING)
