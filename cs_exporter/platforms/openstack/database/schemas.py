"""Which schemas of a database server are the cloud's, and which tables of each are read.

The pseudo-host names the schemas; whoever asks a cloud that has only an API has made a mistake.
"""

from __future__ import annotations

from cs_exporter.model import Host, ProbeFailed, Reason, Schema
from cs_exporter.platforms.openstack.agents import Service

TABLE = {Service.NOVA: "services", Service.NEUTRON: "agents", Service.CINDER: "services", Service.HEAT: "service"}
"""Where each service keeps what its agents report."""

COMPUTES = "compute_nodes"
"""Nova's table of hypervisors: their addresses. Nobody needs it, and where it may be read, it is."""

API = Schema("nova_api", "nova_api")
"""Nova's schema for what all cells share, by its usual name. Nobody needs it, and what is configured does not name it;
of its tables only these two are read, where they may be: its cell_mappings have passwords."""

AGGREGATES, METADATA = "aggregate_hosts", "aggregate_metadata"
"""Which hosts nova has put together, and what it says of them: their availability zone."""


def service_of(schema: Schema) -> Service:
    """Whose schema it is."""
    return Service.NOVA if schema == API else Service(schema.service)


def schemas_of(host: Host) -> tuple[Schema, ...]:
    """The schemas. Raises ProbeFailed where the pseudo-host has no database."""
    if host.cloud is None or not host.cloud.schemas:
        raise ProbeFailed(Reason.COMMAND, f"{host.name}: no database is configured for this cloud", ours=True)
    return host.cloud.schemas


def cell_of(host: Host, schema: Schema) -> str:
    """The cell whose schema of nova that is; empty where the cloud has only one."""
    if host.cloud is not None and host.cloud.cell:
        return host.cloud.cell
    cells = [each for each in schemas_of(host) if each.service == Service.NOVA]
    return schema.name if schema in cells and len(cells) > 1 else ""
