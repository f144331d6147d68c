"""The tables that are read: what each stands for, and its columns that every version from 4.15 on has.

One list for the grants, for what is looked for in information_schema, and for naming what an account does not see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cs_exporter.platforms.columns import Columns


@dataclass(frozen=True, slots=True)
class Table:
    """`tells`: what is lost without it, as a line of `lacking` begins; `columns`: those that are read in all versions.

    `guarded`: others of its columns hold passwords, so that these alone are to be granted.
    """

    tells: str
    columns: tuple[str, ...]
    guarded: bool = False


def _table(tells: str, columns: str, *, guarded: bool = False) -> Table:
    return Table(tells, tuple(columns.split()), guarded)


READ: Mapping[str, Table] = {
    "host": _table(
        "hosts",
        "id uuid name type status resource_state hypervisor_type private_ip_address storage_ip_address data_center_id "
        "pod_id cluster_id mgmt_server_id last_ping update_count removed",
    ),
    "host_details": _table("TLS of agents", "host_id name value"),
    "cluster": _table("clusters", "id name removed"),
    "cluster_details": _table("settings of clusters", "cluster_id name value"),
    "host_pod_ref": _table("pods", "id name removed"),
    "data_center": _table("zones", "id name removed"),
    "configuration": _table("settings", "name value"),
    "storage_pool": _table(
        "primary storage",
        "id name uuid pool_type status host_address path data_center_id removed",
        guarded=True,
    ),
    "storage_pool_host_ref": _table("NFS mounts of hosts", "host_id pool_id local_path"),
    "image_store": _table("secondary storage", "name protocol url data_center_id removed"),
    "vm_instance": _table(
        "VMs",
        "id uuid name type state private_ip_address pod_id data_center_id hypervisor_type update_time removed",
        guarded=True,
    ),
    "console_proxy": _table("public addresses of console proxies", "id public_ip_address"),
    "secondary_storage_vm": _table("public addresses of secondary storage VMs", "id public_ip_address"),
    "mshost": _table("management servers", "id msid runid uuid name state service_ip version last_update removed"),
    "mshost_peer": _table(
        "what management servers hold each other to be", "owner_mshost peer_mshost peer_runid peer_state"
    ),
    "op_ha_work": _table("investigations", "step"),
}
"""All that is ever read, in the order in which it is granted. A host's mounts need storage_pool as well."""


def whole(columns: Columns, name: str) -> None:
    """Nothing. Raises LackingError where anything that is read of the table in all versions is not visible."""
    columns.table(name, " ".join(READ[name].columns))
