"""What CloudStack's list commands answer, from rows of its own tables: fields, filters, pages and dates of 4.22.

Only what a monitoring account asks. What is empty is left out, as in the API's JSON.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pymysql
from pymysql.constants.ER import NO_SUCH_TABLE

from tests.lab.cloud_api_signing import BAD_PARAMETER, INTERNAL, RefusedError

Row = Mapping[str, Any]
Tables = Callable[[str], Sequence[Row]]
"""Name of a table of the `cloud` database -> its rows, removed ones too; columns that are missing count as NULL.

May raise pymysql's errors.
"""

_SYSTEM_VMS = {"ConsoleProxy": "consoleproxy", "SecondaryStorageVm": "secondarystoragevm"}
_PROJECT = 5
"""account.type of those that are projects."""
_PLACED = frozenset({"all", "capacity", "events", "stats"})


@dataclass(frozen=True)
class Manner:
    """How versions and settings differ. `offset`: hours that the account's time zone is ahead of UTC.

    `raw_pings`: lastpinged shows ticks as if they were milliseconds (before 4.23). `server_uuids`: managementserverid
    is the server's uuid, and not its msid. `server_addresses`: servers tell their address.
    """

    page_limit: int = 500
    offset: float = 0.0
    raw_pings: bool = True
    server_uuids: bool = True
    server_addresses: bool = True


@dataclass
class Answer:
    """One page of a list."""

    key: str
    count: int
    rows: list[dict[str, Any]] = field(default_factory=list)

    def body(self, command: str) -> dict[str, Any]:
        """The JSON as the API sends it: an empty list is an empty object, a page beyond the last has a count only."""
        inner = {"count": self.count} if self.count else {}
        return {f"{command.lower()}response": {**inner, **({self.key: self.rows} if self.rows else {})}}


class Answering:
    """The answer to one request; each table is read once for it."""

    def __init__(self, tables: Tables, manner: Manner) -> None:
        self._read = tables
        self._manner = manner

    def listed(self, command: str, fields: Mapping[str, str]) -> Answer:
        """The page that was asked for. Raises RefusedError(431) for pages that CloudStack refuses."""
        key, make = LISTS[command]
        rows = [_without_empty(row) for row in make(self, fields)]
        first, last = self._page(fields)
        return Answer(key, len(rows), rows[first:last])

    def _page(self, fields: Mapping[str, str]) -> tuple[int, int]:
        page, size = fields.get("page"), fields.get("pagesize")
        if page is None and size is not None:
            raise RefusedError(BAD_PARAMETER, '"page" parameter is required when "pagesize" is specified')
        if size is None and page is not None:
            raise RefusedError(BAD_PARAMETER, '"pagesize" parameter is required when "page" is specified')
        limit = self._manner.page_limit
        if size is not None and int(size) > limit:
            raise RefusedError(BAD_PARAMETER, f"Page size can't exceed max allowed page size value: {limit}")
        length = limit if size is None else int(size)
        first = length * (int(page or "1") - 1)
        return first, first + length

    def hosts(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listHosts."""
        details = frozenset(fields.get("details", "all").split(","))
        clusters, pods, zones = (self._by_id(name) for name in ("cluster", "host_pod_ref", "data_center"))
        servers = {row["msid"]: row for row in self._live("mshost")}
        for row in _chosen(self._live("host"), fields, type="type", state="status"):
            cluster, pod = clusters.get(row.get("cluster_id"), {}), pods.get(row.get("pod_id"), {})
            zone, server = zones.get(row.get("data_center_id"), {}), servers.get(row.get("mgmt_server_id"), {})
            yield {
                "id": row["uuid"],
                "name": row["name"],
                "state": row["status"],
                "type": row["type"],
                "ipaddress": row.get("private_ip_address"),
                "zoneid": zone.get("uuid"),
                "podid": pod.get("uuid"),
                "clusterid": cluster.get("uuid"),
                "hypervisor": row.get("hypervisor_type"),
                "version": row.get("version"),
                "resourcestate": row.get("resource_state"),
                "lastpinged": self._pinged(row.get("last_ping")),
                "disconnected": self._date(row.get("disconnected")),
                "created": self._date(row.get("created")),
                "managementserverid": server.get("uuid" if self._manner.server_uuids else "msid"),
                "managementservername": server.get("name") if self._manner.server_uuids else None,
                **(_names(zonename=zone, podname=pod, clustername=cluster) if details & _PLACED else {}),
                **(self._host_details(row) if "all" in details else {}),
            }

    def servers(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listManagementServers."""
        for row in _chosen(self._live("mshost"), fields, name="name"):
            address = row.get("service_ip") if self._manner.server_addresses else None
            told = {"serviceip": address, "ipaddress": address}
            yield {"id": row["uuid"], "name": row["name"], "state": row["state"], "version": row.get("version"), **told}

    def server_metrics(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listManagementServersMetrics."""
        agents = [row.get("mgmt_server_id") for row in self._live("host")]
        counts = {row["uuid"]: agents.count(row["msid"]) for row in self._live("mshost")}
        for row in self.servers(fields):
            yield {**row, "agentcount": counts[row["id"]], "collectiontime": self._date(dt.datetime.now(dt.UTC))}

    def system_vms(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listSystemVms."""
        zones, pods = self._by_id("data_center"), self._by_id("host_pod_ref")
        agents = {row["name"]: row for row in self._live("host")}
        publics = {row["id"]: row for name in ("console_proxy", "secondary_storage_vm") for row in self._tables(name)}
        for row in _chosen(self._live("vm_instance"), fields, state="state"):
            name = row.get("instance_name") or row["name"]
            if row["type"] in _SYSTEM_VMS:
                yield {
                    "id": row["uuid"],
                    "name": name,
                    "systemvmtype": _SYSTEM_VMS[row["type"]],
                    "state": row["state"],
                    "agentstate": agents.get(name, {}).get("status") or "Unknown",
                    "publicip": publics.get(row["id"], {}).get("public_ip_address"),
                    "privateip": row.get("private_ip_address"),
                    "hypervisor": row.get("hypervisor_type"),
                    **_identified("pod", pods.get(row.get("pod_id"), {})),
                    **_identified("zone", zones.get(row.get("data_center_id"), {})),
                }

    def vms(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listVirtualMachines: guests only, of all accounts or of all projects."""
        zones, of_projects = self._by_id("data_center"), fields.get("projectid") == "-1"
        projects = {row["id"] for row in self._tables("account") if row["type"] == _PROJECT}
        for row in _chosen(self._live("vm_instance"), fields, state="state"):
            wanted = (row.get("account_id") in projects) is of_projects and fields.get("listall") == "true"
            if row["type"] == "User" and wanted:
                yield {
                    "id": row["uuid"],
                    "name": row["name"],
                    "state": row["state"],
                    "lastupdated": self._date(row.get("update_time")),
                    **_identified("zone", zones.get(row.get("data_center_id"), {})),
                }

    def pools(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listStoragePools."""
        clusters, zones = self._by_id("cluster"), self._by_id("data_center")
        for row in _chosen(self._live("storage_pool"), fields, name="name"):
            yield {
                "id": row["uuid"],
                "name": row["name"],
                "type": row["pool_type"],
                "state": row["status"],
                "scope": row.get("scope"),
                "ipaddress": row.get("host_address"),
                "path": row.get("path"),
                "hypervisor": row.get("hypervisor"),
                **_identified("cluster", clusters.get(row.get("cluster_id"), {})),
                **_identified("zone", zones.get(row.get("data_center_id"), {})),
            }

    def stores(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listImageStores: those with the role Image, not the caches."""
        zones = self._by_id("data_center")
        for row in _chosen(self._live("image_store"), fields, name="name"):
            if row.get("role") in (None, "Image"):
                yield {
                    "id": row.get("uuid"),
                    "name": row["name"],
                    "protocol": row["protocol"],
                    "url": row.get("url"),
                    "providername": row.get("image_provider_name"),
                    "scope": row.get("scope"),
                    "readonly": bool(row.get("readonly")),
                    **_identified("zone", zones.get(row.get("data_center_id"), {})),
                }

    def clusters(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listClusters."""
        pods, zones = self._by_id("host_pod_ref"), self._by_id("data_center")
        for row in _chosen(self._live("cluster"), fields, name="name"):
            yield {
                "id": row["uuid"],
                "name": row["name"],
                "hypervisortype": row.get("hypervisor_type"),
                "allocationstate": row.get("allocation_state"),
                **_identified("pod", pods.get(row.get("pod_id"), {})),
                **_identified("zone", zones.get(row.get("data_center_id"), {})),
            }

    def pods(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listPods."""
        zones = self._by_id("data_center")
        for row in _chosen(self._live("host_pod_ref"), fields, name="name"):
            zone = _identified("zone", zones.get(row.get("data_center_id"), {}))
            yield {"id": row["uuid"], "name": row["name"], **zone}

    def zones(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listZones."""
        for row in _chosen(self._live("data_center"), fields, name="name"):
            yield {"id": row["uuid"], "name": row["name"], "allocationstate": row.get("allocation_state")}

    def configurations(self, fields: Mapping[str, str]) -> Iterable[Row]:
        """Of listConfigurations: names that contain `name`; with `clusterid`, as it is in that cluster."""
        cluster = {row["uuid"]: row["id"] for row in self._live("cluster")}.get(fields.get("clusterid", ""))
        own = {row["name"]: row["value"] for row in self._tables("cluster_details") if row["cluster_id"] == cluster}
        for row in self._tables("configuration"):
            if fields.get("name", "") in row["name"]:
                value = row.get("value") if row.get("value") is not None else row.get("default_value")
                yield {"name": row["name"], "category": row.get("category"), "value": own.get(row["name"], value)}

    def _tables(self, name: str) -> Sequence[Row]:
        """Rows of a table; none where the version lacks it. Without its database the API has an internal error."""
        try:
            return self._read(name)
        except (pymysql.MySQLError, OSError) as error:
            if error.args[:1] == (NO_SUCH_TABLE,):
                return ()
            raise RefusedError(INTERNAL, "Internal error executing command") from None

    def _live(self, table: str) -> list[Row]:
        return [row for row in self._tables(table) if row.get("removed") is None]

    def _by_id(self, table: str) -> dict[Any, Row]:
        return {row["id"]: row for row in self._live(table)}

    def _host_details(self, host: Row) -> Row:
        hidden = ("username", "password")
        rows = (row for row in self._tables("host_details") if row["host_id"] == host["id"])
        return {"details": {row["name"]: row["value"] for row in rows if row["name"] not in hidden}}

    def _pinged(self, tick: int | None) -> str | None:
        if tick is None:
            return None
        milliseconds = tick if self._manner.raw_pings else tick << 10
        return self._date(dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC))

    def _date(self, moment: dt.datetime | None) -> str | None:
        if moment is None:
            return None
        zone = dt.timezone(dt.timedelta(hours=self._manner.offset))
        known = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return known.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S%z")


def _chosen(rows: Iterable[Row], fields: Mapping[str, str], **columns: str) -> Iterable[Row]:
    """Rows whose columns have what the fields of these names say, where they are given."""
    wanted = {column: fields[name] for name, column in columns.items() if name in fields}
    return (row for row in rows if all(row.get(column) == value for column, value in wanted.items()))


def _names(**entities: Row) -> dict[str, Any]:
    return {name: entity.get("name") for name, entity in entities.items()}


def _identified(kind: str, entity: Row) -> dict[str, Any]:
    return {f"{kind}id": entity.get("uuid"), f"{kind}name": entity.get("name")}


def _without_empty(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


LISTS: Mapping[str, tuple[str, Callable[[Answering, Mapping[str, str]], Iterable[Row]]]] = {
    "listHosts": ("host", Answering.hosts),
    "listManagementServers": ("managementserver", Answering.servers),
    "listManagementServersMetrics": ("managementserver", Answering.server_metrics),
    "listSystemVms": ("systemvm", Answering.system_vms),
    "listVirtualMachines": ("virtualmachine", Answering.vms),
    "listStoragePools": ("storagepool", Answering.pools),
    "listImageStores": ("imagestore", Answering.stores),
    "listClusters": ("cluster", Answering.clusters),
    "listPods": ("pod", Answering.pods),
    "listZones": ("zone", Answering.zones),
    "listConfigurations": ("configuration", Answering.configurations),
}
"""Command -> the key of its elements, and what makes them."""
