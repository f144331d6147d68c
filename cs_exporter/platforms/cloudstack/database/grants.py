"""What our account needs on CloudStack's database: SELECT on a few tables, of two only on columns without secrets.

In three others, secrets are rows beside those that are read (encrypted by the cloud); MySQL can't grant by row.
"""

from __future__ import annotations

from cs_exporter.platforms.cloudstack.database.columns import TABLES, Columns
from cs_exporter.platforms.cloudstack.database.listing import quoted
from cs_exporter.spec import Need

WHOM = "'cs_exporter'@'ADDRESS OF THE EXPORTER'"

_ONLY = {
    "storage_pool": "id, name, uuid, pool_type, status, host_address, path, data_center_id, removed",
    "vm_instance": "id, uuid, name, type, state, private_ip_address, pod_id, data_center_id, hypervisor_type, "
    "update_time, removed",
}
"""Columns of tables that have passwords in others: user_info, vnc_password; these are in every version from 4.15 on."""


def grants(schema: str = "cloud") -> tuple[str, ...]:
    """Each grant as GRANT's text up to TO."""
    return tuple(_grant(schema, table) for table in TABLES)


def _grant(schema: str, table: str) -> str:
    only = f" ({_ONLY[table]})" if table in _ONLY else ""
    return f"SELECT{only} ON {quoted(schema)}.{quoted(table)}"


def missing(columns: Columns) -> tuple[str, ...]:
    """Those of `grants` without which something that is read is not visible."""
    return tuple(
        _grant(columns.schema, table)
        for table in TABLES
        if table not in columns.visible or not columns.has(table, *_ONLY.get(table, "").replace(",", "").split())
    )


GRANTS = "\n".join(f"GRANT {each.replace('`', '')} TO {WHOM};" for each in grants())
"""All statements, as they are to be typed, for a database of the usual name."""

NEED = Need(
    key="cloud database",
    lost="who belongs to the cloud and how its hosts are, by its database",
    mend=f"CREATE USER {WHOM} IDENTIFIED BY '...' WITH MAX_USER_CONNECTIONS 3; then its password into the file that "
    "database.password_file of the platform names, and the grants of the README",
    applies=lambda host: host.cloud is not None and host.cloud.database is not None,
)
"""Of whoever asks a cloud's database; the checklist finds out by `lacking` what of it is not there."""
