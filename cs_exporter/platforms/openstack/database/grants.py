"""What our account needs on OpenStack's databases: SELECT on one table of each, none of which has a secret.

Cells are configured, not looked up: nova's own list of them (cell_mappings) has passwords.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cs_exporter.model import CloudKind, Schema
from cs_exporter.platforms.columns import Columns, LackingError
from cs_exporter.platforms.listing import quoted
from cs_exporter.platforms.openstack.agents import Service
from cs_exporter.platforms.openstack.database.rows import ASKED
from cs_exporter.platforms.openstack.database.schemas import AGGREGATES, API, COMPUTES, METADATA, TABLE
from cs_exporter.spec import Need

WHOM = "'cs_exporter'@'ADDRESS OF THE EXPORTER'"

USUAL = tuple(Schema(service.value, service.value) for service in (Service.NOVA, Service.NEUTRON, Service.CINDER))
"""The schemas of most clouds, by their usual names."""

_OF_COMPUTES = "host, host_ip, hypervisor_type, deleted"


def grants(schemas: Iterable[Schema] = USUAL) -> tuple[str, ...]:
    """Each grant as GRANT's text up to TO."""
    return tuple(f"SELECT ON {quoted(each.name)}.{quoted(TABLE[Service(each.service)])}" for each in schemas)


def missing(schemas: Sequence[Schema], visible: Mapping[Schema, Columns]) -> tuple[str, ...]:
    """Those of `grants` without which rows of agents, or parts of them, can't be read."""
    return grants(each for each in schemas if not _can_be_asked(Service(each.service), visible[each]))


def _can_be_asked(service: Service, columns: Columns) -> bool:
    question, _ = ASKED[service]
    try:
        question(columns)
    except LackingError:
        return False
    return service is not Service.NOVA or columns.has(TABLE[service], "forced_down")


def _typed(grant: str) -> str:
    return f"GRANT {grant.replace('`', '')} TO {WHOM};"


GRANTS = "\n".join(map(_typed, grants()))
"""All statements that are needed, as they are to be typed, for schemas of the usual names."""

OPTIONAL = "\n".join(
    map(
        _typed,
        (
            f"SELECT ({_OF_COMPUTES}) ON nova.{COMPUTES}",
            f"SELECT ON {API.name}.{AGGREGATES}",
            f"SELECT ON {API.name}.{METADATA}",
            *grants([Schema("heat", "heat")]),
        ),
    )
)
"""Hypervisors by address, where names are not resolved at the exporter, and by availability zone; heat's engines."""

NEED = Need(
    key="cloud database",
    lost="which machines the cloud has and how its agents are, by its databases",
    mend=f"the password of {WHOM} into the file that database.password_file of the platform names; where there is no "
    f"such account, first CREATE USER {WHOM} IDENTIFIED BY '...' WITH MAX_USER_CONNECTIONS 3; then the README's grants",
    applies=lambda host: host.cloud is not None and host.cloud.kind is CloudKind.OPENSTACK and bool(host.cloud.schemas),
)
"""Of whoever asks a cloud's databases; the checklist finds out by `lacking` what of it is not there."""
