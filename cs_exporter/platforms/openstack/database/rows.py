"""The rows of each service: what is asked of its table, and what a line of the answer says of an agent.

Statements and the meaning of their lines stand together, because a field is known by its place only. Ages are by the
database's clock and never a condition: a row that is too old is what is looked for. `binary` is a reserved word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address

from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import Listing, Record, integer
from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.platforms.openstack.database.schemas import TABLE

MOST = 50_000
"""Lines of one list that are taken at most."""

_MICROSECONDS = 1e6
_SILENT = "'nova-osapi_compute', 'nova-metadata'"
"""Nova's rows for whoever serves its APIs: they never report."""

_TUNNEL = '"tunneling_ip"'
_ADDRESS = re.compile(r'\s*:\s*"([^"]*)"')
_TO_THE_ADDRESS = 60
"""Characters behind the key that have the address: of the whole text, which is JSON, nothing else is wanted."""


def nova(columns: Columns) -> Listing:
    """Live rows of nova.services."""
    table = columns.table(TABLE[Service.NOVA], "id host binary report_count disabled deleted created_at last_seen_up")
    forced = "s.forced_down" if columns.has(TABLE[Service.NOVA], "forced_down") else "''"
    return Listing(
        (
            *("s.id", "s.host", "s.`binary`", _optional(columns, Service.NOVA, "topic"), "s.report_count"),
            *(_age("COALESCE(s.last_seen_up, s.created_at)"), "s.last_seen_up", "s.disabled", forced),
        ),
        f"{table} s WHERE s.deleted = 0 AND s.`binary` NOT IN ({_SILENT}) ORDER BY s.id",
        MOST,
    )


def nova_agents(records: Iterable[Record], schema: str, cell: str = "") -> list[AgentState]:
    """Of `nova`."""
    return [
        AgentState(
            *(Service.NOVA, binary, host, f"{cell or schema}:{number}", _seconds(age)),
            beat=beat,
            reported=bool(beat),
            reports=integer(count),
            enabled=disabled in ("", "0"),
            forced_down=forced == "1",
            cell=cell,
            topic=topic,
        )
        for number, host, binary, topic, count, age, beat, disabled, forced in records
    ]


def neutron(columns: Columns) -> Listing:
    """All rows of neutron.agents; those of OVN are not among them."""
    table = columns.table(
        TABLE[Service.NEUTRON], "id host binary agent_type admin_state_up created_at heartbeat_timestamp"
    )
    tunnel = "''"
    if columns.has(TABLE[Service.NEUTRON], "configurations"):
        found = f"LOCATE('{_TUNNEL}', s.configurations)"
        tunnel = f"IF({found} > 0, SUBSTRING(s.configurations, {found} + {len(_TUNNEL)}, {_TO_THE_ADDRESS}), '')"
    return Listing(
        (
            *("s.id", "s.host", "s.`binary`", "s.agent_type", _optional(columns, Service.NEUTRON, "topic")),
            *(_age("COALESCE(s.heartbeat_timestamp, s.created_at)"), "s.heartbeat_timestamp", "s.admin_state_up"),
            *(_optional(columns, Service.NEUTRON, "availability_zone"), tunnel),
        ),
        f"{table} s ORDER BY s.id",
        MOST,
    )


def neutron_agents(records: Iterable[Record], _schema: str, _cell: str = "") -> list[AgentState]:
    """Of `neutron`."""
    return [
        AgentState(
            *(Service.NEUTRON, binary, host, uuid, _seconds(age)),
            beat=beat,
            reported=bool(beat),
            enabled=admin_state == "1",
            zone=zone,
            kind=kind,
            topic=topic,
            tunnel_address=_tunnel_address(configured),
        )
        for uuid, host, binary, kind, topic, age, beat, admin_state, zone, configured in records
    ]


def cinder(columns: Columns) -> Listing:
    """Live rows of cinder.services."""
    table = columns.table(TABLE[Service.CINDER], "id host binary report_count disabled deleted created_at updated_at")
    return Listing(
        (
            *("s.id", "s.host", "s.`binary`", _optional(columns, Service.CINDER, "topic"), "s.report_count"),
            *(_age("COALESCE(s.updated_at, s.created_at)"), "s.updated_at", "s.disabled"),
            _optional(columns, Service.CINDER, "availability_zone"),
        ),
        f"{table} s WHERE s.deleted = 0 ORDER BY s.id",
        MOST,
    )


def cinder_agents(records: Iterable[Record], schema: str, _cell: str = "") -> list[AgentState]:
    """Of `cinder`. A row's time is that of its making until a first report is counted."""
    return [
        AgentState(
            *(Service.CINDER, binary, host, f"{schema}:{number}", _seconds(age)),
            beat=beat,
            reported=count != "0",
            reports=integer(count),
            enabled=disabled in ("", "0"),
            zone=zone,
            topic=topic,
        )
        for number, host, binary, topic, count, age, beat, disabled, zone in records
    ]


def heat(columns: Columns) -> Listing:
    """The youngest row of each host in heat.service: each of its workers has one, and leaves it there when it dies."""
    table = columns.table(TABLE[Service.HEAT], "hostname binary created_at updated_at deleted_at")
    age = _age("MAX(COALESCE(s.updated_at, s.created_at))")
    source = f"{table} s WHERE s.deleted_at IS NULL GROUP BY s.hostname, s.`binary`"
    return Listing(("s.hostname", "s.`binary`", age, "MAX(s.updated_at)"), source, MOST)


def heat_agents(records: Iterable[Record], schema: str, _cell: str = "") -> list[AgentState]:
    """Of `heat`."""
    return [
        AgentState(
            *(Service.HEAT, binary, host, f"{schema}:{host}:{binary}", _seconds(age)),
            beat=beat,
            reported=bool(beat),
        )
        for host, binary, age, beat in records
    ]


ASKED: Mapping[
    Service, tuple[Callable[[Columns], Listing], Callable[[Iterable[Record], str, str], list[AgentState]]]
] = {
    Service.NOVA: (nova, nova_agents),
    Service.NEUTRON: (neutron, neutron_agents),
    Service.CINDER: (cinder, cinder_agents),
    Service.HEAT: (heat, heat_agents),
}
"""Service -> what is asked, and who turns lines of the answer, the schema's name and the cell into agents."""


def _optional(columns: Columns, service: Service, name: str) -> str:
    return f"s.{name}" if columns.has(TABLE[service], name) else "''"


def _age(time: str) -> str:
    """Microseconds since a time by the database's clock; negative where that time is still to come."""
    return f"TIMESTAMPDIFF(MICROSECOND, {time}, UTC_TIMESTAMP(6))"


def _seconds(age: str) -> float | None:
    return int(age) / _MICROSECONDS if age else None


def _tunnel_address(configured: str) -> str:
    """What follows the key in an agent's configuration; empty where it is no address (null, empty, cut off)."""
    found = _ADDRESS.match(configured)
    try:
        return str(ip_address(found.group(1))) if found else ""
    except ValueError:
        return ""
