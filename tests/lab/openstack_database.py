"""OpenStack's databases on a server of the lab, and somebody who writes into them as each service itself does.

Whose clock stamps a row, and what moves with it, is what tells death from skew: nova and cinder count their reports,
neutron counts nothing; times are UTC in whole seconds, of the clock that this writer is given.
"""

from __future__ import annotations

import json
import time
import uuid as uuids
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pymysql.converters import escape_string

from cs_exporter.ports import Sql, SqlRow, SqlServer
from tests.lab.mysql import MysqlServer, Row
from tests.lab.openstack_schema import CINDER, HEAT, NEUTRON, NOVA, NOVA_API, statements

Value = str | int | None

INTERVALS = {NOVA: 10, NEUTRON: 30, CINDER: 10, HEAT: 60}
"""Seconds between two reports, by default."""

TABLE = {NOVA: "services", NEUTRON: "agents", CINDER: "services", HEAT: "service"}
BEAT = {NOVA: "last_seen_up", NEUTRON: "heartbeat_timestamp", CINDER: "updated_at", HEAT: "updated_at"}
"""The column that a report moves."""

_COUNTED = frozenset({NOVA, CINDER})
_ROUNDING = 1
"""Seconds by which an age of the same report may differ from one look to the next."""

_TOPICS = {"nova-compute": "compute", "nova-conductor": "conductor", "nova-scheduler": "scheduler"}
_KINDS = {
    "neutron-dhcp-agent": ("DHCP agent", "dhcp_agent"),
    "neutron-l3-agent": ("L3 agent", "l3_agent"),
    "neutron-metadata-agent": ("Metadata agent", "N/A"),
    "neutron-openvswitch-agent": ("Open vSwitch agent", "N/A"),
    "neutron-linuxbridge-agent": ("Linux bridge agent", "N/A"),
}


@dataclass(frozen=True, slots=True)
class Agent:
    """A row that was written, by what its service tells it from others. `schema`: where it is."""

    service: str
    schema: str
    host: str
    binary: str

    @property
    def table(self) -> str:
        """As a statement names it."""
        return f"`{self.schema}`.`{TABLE[self.service]}`"

    @property
    def where(self) -> str:
        """The condition for the row."""
        return f"host = {_literal(self.host)} AND `binary` = {_literal(self.binary)}"


class OpenStackDatabase:
    """The schemas on one server. `cells`: nova's, here; a service whose schema is empty has none.

    `clock`: the wall clock by which rows are written, in seconds since the epoch.
    """

    def __init__(
        self,
        server: MysqlServer,
        *,
        cells: tuple[str, ...] = ("nova",),
        neutron: str = "neutron",
        cinder: str = "cinder",
        heat: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.server = server
        self.clock = clock
        self._written: dict[Agent, float] = {}
        named = [*((NOVA, cell) for cell in cells), (NEUTRON, neutron), (CINDER, cinder), (HEAT, heat)]
        self.schemas = tuple((service, name) for service, name in named if name)

    def create(self) -> None:
        """Make the schemas with empty tables, in place of those that are there; and the one that nova's cells share."""
        for service, schema in (*self.schemas, (NOVA_API, NOVA_API)):
            for statement in statements(service, schema):
                self.server.sql(statement)

    def drop(self) -> None:
        """Remove them."""
        for _, schema in (*self.schemas, (NOVA_API, NOVA_API)):
            self.server.sql(f"DROP DATABASE IF EXISTS `{schema}`")

    def schema(self, service: str) -> str:
        """The first one of a service."""
        return next(name for each, name in self.schemas if each == service)

    def rows(self, service: str, where: str = "1", table: str = "") -> list[Row]:
        """The rows of a service's table, by root."""
        named = f"`{self.schema(service)}`.`{table or TABLE[service]}`"
        return self.server.sql(f"SELECT * FROM {named} WHERE {where}")  # noqa: S608

    def nova(
        self, host: str, binary: str = "nova-compute", *, cell: str = "", age: float = 0, **columns: Value
    ) -> Agent:
        """A service of nova that reported so long ago, or as `columns` say."""
        agent = Agent(NOVA, cell or self.schema(NOVA), host, binary)
        beat = self.at(age)
        given: dict[str, Value] = {"host": host, "binary": binary, "topic": _TOPICS.get(binary), "report_count": 1}
        times: dict[str, Value] = {"created_at": self.at(age + 3600), "updated_at": beat, "last_seen_up": beat}
        flags: dict[str, Value] = {"disabled": 0, "deleted": 0, "forced_down": 0, "version": 64}
        self._insert(agent, {**given, **times, **flags, "uuid": _uuid(), **columns})
        return agent

    def nova_api(self, host: str, binary: str = "nova-osapi_compute", cell: str = "") -> Agent:
        """A row of nova's API, which never reports: no topic, no count, no time."""
        return self.nova(host, binary, cell=cell, topic=None, report_count=0, last_seen_up=None, updated_at=None)

    def compute_node(self, host: str, address: str, cell: str = "", kind: str = "QEMU", **columns: Value) -> None:
        """What nova-compute told of its machine: the address is its setting my_ip."""
        given: dict[str, Value] = {"host": host, "hypervisor_hostname": host, "host_ip": address, "deleted": 0}
        more: dict[str, Value] = {"hypervisor_type": kind, "cpu_info": "{}", "uuid": _uuid(), **columns}
        self._write(f"`{cell or self.schema(NOVA)}`.compute_nodes", {**given, **more})

    def aggregate(self, number: int, *hosts: str, **metadata: str) -> None:
        """Hosts that belong together, and what is said of them: availability_zone="az1"."""
        for host in hosts:
            self._write(f"{NOVA_API}.aggregate_hosts", {"host": host, "aggregate_id": number})
        for key, value in metadata.items():
            self._write(f"{NOVA_API}.aggregate_metadata", {"aggregate_id": number, "key": key, "value": value})

    def neutron(
        self,
        host: str,
        binary: str,
        *,
        age: float = 0,
        configurations: Mapping[str, object] | None = None,
        **columns: Value,
    ) -> Agent:
        """An agent of neutron that reported so long ago, or as `columns` say."""
        agent = Agent(NEUTRON, self.schema(NEUTRON), host, binary)
        kind, topic = _KINDS.get(binary, (binary, "N/A"))
        given: dict[str, Value] = {"id": _uuid(), "agent_type": kind, "binary": binary, "topic": topic, "host": host}
        times: dict[str, Value] = {name: self.at(age + 3600) for name in ("created_at", "started_at")}
        told = json.dumps(dict(configurations or {}))
        self._insert(agent, {**given, **times, "heartbeat_timestamp": self.at(age), "configurations": told, **columns})
        return agent

    def cinder(self, host: str, binary: str = "cinder-volume", *, age: float = 0, **columns: Value) -> Agent:
        """A service of cinder that reported so long ago; `host`: ctl1, or ctl1@backend of a cinder-volume."""
        agent = Agent(CINDER, self.schema(CINDER), host, binary)
        given: dict[str, Value] = {"host": host, "binary": binary, "topic": binary, "report_count": 1}
        times: dict[str, Value] = {"created_at": self.at(age + 3600), "updated_at": self.at(age)}
        flags: dict[str, Value] = {"disabled": 0, "deleted": 0, "availability_zone": "nova", "frozen": 0}
        self._insert(agent, {**given, **times, **flags, "uuid": _uuid(), **columns})
        return agent

    def uninitialised(self, host: str, *, age: float = 0) -> Agent:
        """A cinder-volume whose backend never initialised: it never reported since its row was made."""
        made = self.at(age)
        return self.cinder(host, report_count=0, created_at=made, updated_at=made)

    def heat(self, host: str, *, age: float = 0, **columns: Value) -> Agent:
        """An engine of heat that reported so long ago."""
        agent = Agent(HEAT, self.schema(HEAT), host, "heat-engine")
        given: dict[str, Value] = {"id": _uuid(), "engine_id": _uuid(), "host": host, "hostname": host}
        kind: dict[str, Value] = {"binary": agent.binary, "topic": "engine", "report_interval": INTERVALS[HEAT]}
        times: dict[str, Value] = {"created_at": self.at(age + 3600), "updated_at": self.at(age)}
        self._insert(agent, {**given, **kind, **times, **columns})
        return agent

    def report(self, agent: Agent, *, ahead: float = 0, number: int = 1) -> None:
        """One more report (or several), stamped by a clock that is that many seconds ahead of ours."""
        self._stamp(agent, self.at(-ahead), number)

    def aged(self, agent: Agent, age: float) -> None:
        """Make the row that old, as a recorded timeline has it: the same report as before, or one that came since.

        What was measured in whole seconds may differ by one for the same report; then nothing is written.
        """
        beat = BEAT[agent.service]
        [row] = self.server.sql(f"SELECT {beat} AS beat FROM {agent.table} WHERE {agent.where}")  # noqa: S608
        moved = int(self.clock() - age) - row["beat"].replace(tzinfo=UTC).timestamp()
        if abs(moved) > _ROUNDING:
            since = self.clock() - self._written[agent]
            self._stamp(agent, self.at(age), max(1, round(since / INTERVALS[agent.service])))

    def change(self, agent: Agent, **columns: Value) -> None:
        """Change columns: disabled, forced_down, admin_state_up, report_count, deleted, ..."""
        text = ", ".join(f"`{name}` = {_literal(value)}" for name, value in columns.items())
        self.server.sql(f"UPDATE {agent.table} SET {text} WHERE {agent.where}")  # noqa: S608

    def disable(self, agent: Agent, reason: str = "maintenance") -> None:
        """By an operator, through the API: updated_at moves, the heartbeat of nova does not."""
        self.change(agent, disabled=1, disabled_reason=reason, updated_at=self.at(0))

    def remove(self, agent: Agent) -> None:
        """Nova and cinder keep the row and mark it by its own id; neutron and heat have it no more."""
        if agent.service in _COUNTED:
            mark = "id" if agent.service == NOVA else "1"
            gone = f"deleted = {mark}, deleted_at = {_literal(self.at(0))}"
            self.server.sql(f"UPDATE {agent.table} SET {gone} WHERE {agent.where}")  # noqa: S608
        else:
            self.server.sql(f"DELETE FROM {agent.table} WHERE {agent.where}")  # noqa: S608

    def at(self, age: float) -> str:
        """The time so many seconds ago, as a DATETIME has it."""
        return datetime.fromtimestamp(int(self.clock() - age), UTC).strftime("%Y-%m-%d %H:%M:%S")

    def _stamp(self, agent: Agent, when: str, number: int) -> None:
        times = {BEAT[agent.service]: when} | ({"updated_at": when} if agent.service == NOVA else {})
        text = ", ".join(f"{name} = {_literal(value)}" for name, value in times.items())
        self._written[agent] = self.clock()
        counted = f", report_count = report_count + {number}" if agent.service in _COUNTED else ""
        self.server.sql(f"UPDATE {agent.table} SET {text}{counted} WHERE {agent.where}")  # noqa: S608

    def _insert(self, agent: Agent, values: Mapping[str, Value]) -> None:
        self._written[agent] = self.clock()
        self._write(agent.table, values)

    def _write(self, table: str, values: Mapping[str, Value]) -> None:
        names = ", ".join(f"`{name}`" for name in values)
        listed = ", ".join(map(_literal, values.values()))
        self.server.sql(f"INSERT INTO {table} ({names}) VALUES ({listed})")  # noqa: S608


class AtTime:
    """A server's kept connection that is asked at times of the test's choosing: a timeline is replayed at any speed.

    The server's own functions of time give what `clock` does (SET timestamp of its session); no other session's do.
    """

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    async def login(self, deadline: float) -> SqlServer:
        """See Sql."""
        return await self._sql.login(deadline)

    async def query(self, statement: str, deadline: float) -> tuple[SqlRow, ...]:
        """See Sql; the session is told the time first."""
        await self._sql.query(f"SET SESSION timestamp = {self._clock():.6f}", deadline)
        return await self._sql.query(statement, deadline)

    async def leave(self) -> None:
        """See Sql."""
        await self._sql.leave()


def _uuid() -> str:
    return str(uuids.uuid4())


def _literal(value: Value) -> str:
    if value is None:
        return "NULL"
    return f"'{escape_string(value)}'" if isinstance(value, str) else str(value)
