"""What our account needs on CloudStack's database: SELECT on a few tables, of two only on columns without passwords.

MySQL can't grant by row: three others (host_details, cluster_details, configuration) have secrets in rows beside those
that are read, encrypted by the cloud; a store of SMB or S3 may have its account in image_store.url, which is read.
"""

from __future__ import annotations

from cs_exporter.platforms.cloudstack.database.tables import READ
from cs_exporter.platforms.columns import Columns
from cs_exporter.platforms.listing import quoted
from cs_exporter.spec import Need

WHOM = "'cs_exporter'@'ADDRESS OF THE EXPORTER'"


def grants(schema: str = "cloud") -> tuple[str, ...]:
    """Each grant as GRANT's text up to TO."""
    return tuple(_grant(schema, table) for table in READ)


def _grant(schema: str, table: str) -> str:
    only = f" ({', '.join(READ[table].columns)})" if READ[table].guarded else ""
    return f"SELECT{only} ON {quoted(schema)}.{quoted(table)}"


def missing(columns: Columns) -> tuple[str, ...]:
    """Those of `grants` without which something that is read is not visible."""
    return tuple(
        _grant(columns.schema, table)
        for table in READ
        if table not in columns.visible or (READ[table].guarded and not columns.has(table, *READ[table].columns))
    )


GRANTS = "\n".join(f"GRANT {each.replace('`', '')} TO {WHOM};" for each in grants())
"""All statements, as they are to be typed, for a database of the usual name."""

NEED = Need(
    key="cloud database",
    lost="who belongs to the cloud and how its hosts are, by its database",
    mend=f"the password of {WHOM} into the file that database.password_file of the platform names; where there is no "
    f"such account, first CREATE USER {WHOM} IDENTIFIED BY '...' WITH MAX_USER_CONNECTIONS 3; then the README's grants",
    applies=lambda host: host.cloud is not None and host.cloud.database is not None,
)
"""Of whoever asks a cloud's database; the checklist finds out by `lacking` what of it is not there."""
