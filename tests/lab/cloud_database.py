"""CloudStack's database on a server of the lab, and somebody who writes into it as CloudStack itself does.

What the cloud's states mean is in who writes when: last_ping only with a transition, in ticks of 1.024 s; update_count
with each; no management server at a host that is lost; times in UTC.
"""

from __future__ import annotations

import time
import uuid as uuids
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymysql.converters import escape_string

from tests.lab.cloud_schema import VERSIONS, statements, upgrades
from tests.lab.mysql import MysqlServer, Row

Value = str | int | float | bool | None
LOST = frozenset({"Alert", "Down", "Disconnected"})
"""States in which no management server has the host."""

HOST_TYPES = {"ConsoleProxy": "ConsoleProxy", "SecondaryStorageVm": "SecondaryStorageVM"}
"""vm_instance.type of a system VM -> host.type of its agent."""

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that was written: `number` is its id (of a management server: its msid)."""

    number: int
    uuid: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A value that the server computes."""

    text: str


UTC_NOW = Expression("UTC_TIMESTAMP()")


def tick() -> int:
    """Now, as host.last_ping has it: milliseconds since the epoch, shifted by ten bits."""
    return int(time.time() * 1000) >> 10


class CloudDatabase:
    """The schema on a server; `create` makes it. `version`: one of cloud_schema.VERSIONS."""

    def __init__(self, server: MysqlServer, version: str = VERSIONS[-1], schema: str = "cloud") -> None:
        self.server = server
        self.version = version
        self.schema = schema

    def create(self) -> None:
        """Make the schema with empty tables, in place of one that is there."""
        self.drop()
        for statement in statements(self.schema):
            self.server.sql(statement)
        version, self.version = self.version, VERSIONS[0]
        self.upgrade(version)

    def drop(self) -> None:
        """Remove it."""
        self.server.sql(f"DROP DATABASE IF EXISTS {self.schema}")

    def upgrade(self, version: str) -> None:
        """Change the tables to those of a newer version; rows stay."""
        for statement in upgrades(self.schema, self.version, version):
            self.server.sql(statement)
        self.version = version

    def rows(self, table: str, where: str = "1") -> list[Row]:
        """The rows of a table, by root."""
        return self.server.sql(f"SELECT * FROM {self.schema}.{table} WHERE {where}")  # noqa: S608

    def insert(self, table: str, **values: Value | Expression) -> int:
        """Write a row; gives its id."""
        self.insert_all(table, [values])
        return int(self.server.sql("SELECT LAST_INSERT_ID() AS id")[0]["id"])

    def insert_all(self, table: str, rows: Sequence[Mapping[str, Value | Expression]]) -> None:
        """Write rows that have the same columns."""
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            lines = ", ".join(f"({', '.join(map(_literal, row.values()))})" for row in some)
            self.server.sql(f"INSERT INTO {self.schema}.{table} ({', '.join(some[0])}) VALUES {lines}")  # noqa: S608

    def update(self, table: str, where: str, **values: Value | Expression) -> None:
        """Change rows."""
        changes = ", ".join(f"{name} = {_literal(value)}" for name, value in values.items())
        self.server.sql(f"UPDATE {self.schema}.{table} SET {changes} WHERE {where}")  # noqa: S608

    def zone(self, name: str) -> int:
        """A zone; gives its id."""
        return self.insert("data_center", name=name, uuid=_uuid(), networktype="Advanced", allocation_state="Enabled")

    def pod(self, name: str, zone: int) -> int:
        """A pod; gives its id."""
        values: dict[str, Value] = {"gateway": "192.0.2.1", "cidr_address": "192.0.2.0", "cidr_size": 24}
        return self.insert("host_pod_ref", name=name, uuid=_uuid(), data_center_id=zone, **values)

    def cluster(self, name: str, pod: int, hypervisor: str = "KVM") -> int:
        """A cluster; gives its id."""
        [row] = self.rows("host_pod_ref", f"id = {pod}")
        place = {"pod_id": pod, "data_center_id": row["data_center_id"]}
        kinds = {"hypervisor_type": hypervisor, "cluster_type": "CloudManaged", "managed_state": "Managed"}
        return self.insert("cluster", name=name, uuid=_uuid(), allocation_state="Enabled", **place, **kinds)

    def management_server(self, name: str, address: str, msid: int | None = None, state: str = "Up") -> Entry:
        """A management server whose last beat was now."""
        entry = Entry(msid or uuids.uuid4().int >> 80, _uuid())
        self.insert(
            "mshost",
            msid=entry.number,
            runid=int(time.time() * 1000),
            name=name,
            uuid=entry.uuid,
            state=state,
            version=self.version,
            service_ip=address,
            service_port=9090,
            last_update=UTC_NOW,
        )
        return entry

    def beat(self, server: Entry, ahead: float = 0.0) -> None:
        """The heartbeat of a management server whose clock is ahead of the database's by that many seconds."""
        now = Expression(f"DATE_ADD(UTC_TIMESTAMP(), INTERVAL {ahead:.0f} SECOND)")
        self.update("mshost", f"msid = {server.number}", last_update=now)

    def peer(self, owner: Entry, peer: Entry, state: str) -> None:
        """What a management server holds another to be."""
        [one] = self.rows("mshost", f"msid = {owner.number}")
        [other] = self.rows("mshost", f"msid = {peer.number}")
        between = {"owner_mshost": one["id"], "peer_mshost": other["id"]}
        self.server.sql(
            f"DELETE FROM {self.schema}.mshost_peer WHERE owner_mshost = {one['id']} "  # noqa: S608
            f"AND peer_mshost = {other['id']}"
        )
        self.insert("mshost_peer", **between, peer_runid=other["runid"], peer_state=state, last_update=UTC_NOW)

    def hypervisor(
        self,
        name: str,
        address: str,
        cluster: int | None = None,
        server: Entry | None = None,
        **columns: Value | Expression,
    ) -> Entry:
        """A host of type Routing that is Up, or as `columns` say; `server` has it."""
        place: dict[str, Value] = {"data_center_id": 1}
        if cluster is not None:
            [row] = self.rows("cluster", f"id = {cluster}")
            place = {"data_center_id": row["data_center_id"], "pod_id": row["pod_id"], "cluster_id": cluster}
        kinds = {"type": "Routing", "hypervisor_type": "KVM", "version": self.version}
        return self._host(name, address, server, {**place, **kinds, **columns})

    def detail(self, host: Entry, name: str, value: str) -> None:
        """A row of host_details, such as `secured`."""
        self.insert("host_details", host_id=host.number, name=name, value=value)

    def system_vm(
        self,
        kind: str,
        address: str | None,
        public: str | None,
        zone: int,
        server: Entry | None = None,
        **columns: Value | Expression,
    ) -> Entry:
        """A system VM, `kind` as vm_instance.type has it, and its agent where a management server is given."""
        own = {"ConsoleProxy": ("v", "console_proxy"), "SecondaryStorageVm": ("s", "secondary_storage_vm")}
        letter, table = own[kind]
        uuid = _uuid()
        given = {"state": "Running", "data_center_id": zone, "private_ip_address": address, **columns}
        number = self.vm(f"new-{uuid}", type=kind, vm_type=kind, uuid=uuid, **given)
        name = f"{letter}-{number}-VM"
        self.update("vm_instance", f"id = {number}", **{"name": name, "instance_name": name, **columns})
        self.insert(table, id=number, public_ip_address=public)
        if server is not None:
            agent = {"type": HOST_TYPES[kind], "data_center_id": zone, "version": self.version}
            self._host(name, address, server, agent)
        return Entry(number, uuid)

    def vm(self, name: str, **columns: Value | Expression) -> int:
        """A guest that runs, or as `columns` say; gives its id."""
        given = {"name": name, "instance_name": name, "uuid": _uuid(), "state": "Running", "type": "User"}
        times = {"created": UTC_NOW, "update_time": UTC_NOW}
        return self.insert("vm_instance", **{**given, "data_center_id": 1, **times, **columns})

    def pool(self, name: str, address: str, path: str, zone: int = 1, **columns: Value | Expression) -> Entry:
        """A primary storage pool, by NFS and Up, or as `columns` say."""
        uuid = _uuid()
        where: dict[str, Value] = {"host_address": address, "path": path, "data_center_id": zone}
        kinds: dict[str, Value] = {"pool_type": "NetworkFilesystem", "status": "Up", "scope": "ZONE", "port": 2049}
        return Entry(self.insert("storage_pool", **{"name": name, "uuid": uuid, **where, **kinds, **columns}), uuid)

    def mount(self, host: Entry, pool: Entry, local_path: str | None = None) -> None:
        """The host is told to mount the pool; the agent says where it did."""
        path = local_path or f"/mnt/{pool.uuid}"
        self.insert("storage_pool_host_ref", host_id=host.number, pool_id=pool.number, created=UTC_NOW, local_path=path)

    def image_store(self, name: str, url: str, zone: int | None = 1, **columns: Value | Expression) -> int:
        """A secondary storage; gives its id."""
        protocol = url.partition(":")[0]
        kinds = {"protocol": protocol, "image_provider_name": protocol.upper(), "role": "Image", "scope": "ZONE"}
        return self.insert("image_store", name=name, uuid=_uuid(), url=url, data_center_id=zone, **{**kinds, **columns})

    def setting(self, name: str, value: str | None, default: str | None = None, scope: str = "Global") -> None:
        """A row of configuration, in place of one that is there."""
        bits = {"Global": 1, "Zone": 2, "Cluster": 6}
        new = VERSIONS.index(self.version) >= VERSIONS.index("4.20.1")
        self.server.sql(f"DELETE FROM {self.schema}.configuration WHERE name = '{name}'")  # noqa: S608
        self.insert(
            "configuration",
            instance="DEFAULT",
            name=name,
            value=value,
            default_value=default,
            scope=bits[scope] if new else scope,
        )

    def cluster_setting(self, cluster: int, name: str, value: str) -> None:
        """What a setting is in one cluster."""
        self.insert("cluster_details", cluster_id=cluster, name=name, value=value)

    def investigation(self, step: str = "Investigating") -> int:
        """A row of the high-availability manager's work; gives its id."""
        kinds = {"type": "HA", "vm_type": "User", "state": "Running"}
        return self.insert("op_ha_work", instance_id=1, created=UTC_NOW, step=step, **kinds)

    def transition(self, host: Entry, status: str, server: Entry | None = None) -> None:
        """A change of state: counted, and whoever is lost belongs to no management server."""
        changes: dict[str, Value | Expression] = {"status": status, "update_count": Expression("update_count + 1")}
        if status in LOST:
            changes |= {"mgmt_server_id": None, "disconnected": UTC_NOW}
        if server is not None:
            changes["mgmt_server_id"] = server.number
        self.update("host", f"id = {host.number}", **changes)

    def connect(self, host: Entry, server: Entry) -> None:
        """The agent connects: Connecting, which writes last_ping, then Up, which does not."""
        self.transition(host, "Connecting", server)
        self.update("host", f"id = {host.number}", last_ping=tick())
        self.transition(host, "Up", server)

    def investigated(self, host: Entry) -> None:
        """Pings are missing and the investigation says Up: the state stays, last_ping and update_count move."""
        self.transition(host, "Up")
        self.update("host", f"id = {host.number}", last_ping=tick())

    def resource_state(self, host: Entry, state: str) -> None:
        """What an operator wants of the host: Enabled, Disabled, PrepareForMaintenance, Maintenance, ..."""
        self.update("host", f"id = {host.number}", resource_state=state)

    def remove(self, table: str, number: int) -> None:
        """The row stays, and has a date; the guid may be used again."""
        more = {"guid": None, "mgmt_server_id": None, "status": "Removed"} if table == "host" else {}
        key = "msid" if table == "mshost" else "id"
        self.update(table, f"{key} = {number}", removed=UTC_NOW, **more)

    def grant(self, grants: Iterable[str], account: str = "'cs_exporter'@'%'") -> None:
        """Grant an account, each grant as GRANT's text up to TO."""
        for each in grants:
            self.server.sql(f"GRANT {each} TO {account}")

    def _host(self, name: str, address: str | None, server: Entry | None, columns: Mapping[str, Any]) -> Entry:
        uuid = str(columns.get("uuid") or _uuid())
        given: dict[str, Any] = {"name": name, "uuid": uuid, "guid": _uuid(), "status": "Up"}
        found = {"private_ip_address": address, "last_ping": tick(), "created": UTC_NOW}
        held = {"mgmt_server_id": server.number if server else None, "update_count": 2}
        return Entry(self.insert("host", **{**given, **found, **held, **columns}), uuid)


def _uuid() -> str:
    return str(uuids.uuid4())


def _literal(value: Value | Expression) -> str:
    if isinstance(value, Expression):
        return value.text
    if value is None:
        return "NULL"
    return f"'{escape_string(value)}'" if isinstance(value, str) else str(int(value) if value is True else value)
