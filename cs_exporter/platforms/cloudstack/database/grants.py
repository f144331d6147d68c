"""What our account needs on CloudStack's database: SELECT on a few tables, of two only on columns without secrets.

In two others, secrets are rows beside those that are read (encrypted by the cloud); MySQL can't grant by row.
"""

from __future__ import annotations

from cs_exporter.platforms.cloudstack.database.columns import TABLES
from cs_exporter.platforms.cloudstack.database.listing import quoted

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


GRANTS = "\n".join(f"GRANT {each.replace('`', '')} TO {WHOM};" for each in grants())
"""All statements, as they are to be typed, for a database of the usual name."""
