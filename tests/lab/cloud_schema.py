"""Tables of CloudStack's database as its versions have them, as far as the exporter's account may look at them.

Written from the columns that the project documents: 4.15 whole, and each later version as changes to the one before.
"""

from __future__ import annotations

from collections.abc import Iterator

VERSIONS = ("4.15", "4.19", "4.20.1", "4.22")
"""Oldest first. Others look like the newest one of these that is not newer."""

_ID = "id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY"
_TRAFFIC = "private_ip_address char(40), private_netmask varchar(15), private_mac_address varchar(17)"
_PUBLIC = "public_ip_address char(40), public_netmask varchar(15), public_mac_address varchar(17)"

_TABLES = {
    "host": f"{_ID}, name varchar(255) NOT NULL, uuid varchar(40) UNIQUE, status varchar(32) NOT NULL, "
    f"type varchar(32) NOT NULL, {_TRAFFIC}, storage_ip_address char(40), storage_netmask varchar(15), "
    f"storage_mac_address varchar(17), cluster_id bigint unsigned, {_PUBLIC}, proxy_port int unsigned, "
    "data_center_id bigint unsigned NOT NULL, pod_id bigint unsigned, cpu_sockets int unsigned, cpus int unsigned, "
    "speed int unsigned, url varchar(255), fs_type varchar(32), hypervisor_type varchar(32), "
    "hypervisor_version varchar(32), ram bigint unsigned, resource varchar(255), version varchar(40) NOT NULL, "
    "parent varchar(255), total_size bigint unsigned, capabilities varchar(255), guid varchar(255) UNIQUE, "
    "available int(1) unsigned NOT NULL DEFAULT 1, setup int(1) unsigned NOT NULL DEFAULT 0, "
    "dom0_memory bigint unsigned NOT NULL DEFAULT 0, last_ping int(10) unsigned NOT NULL, "
    "mgmt_server_id bigint unsigned, disconnected datetime, created datetime, removed datetime, "
    "update_count bigint unsigned NOT NULL DEFAULT 0, resource_state varchar(32) NOT NULL DEFAULT 'Enabled', "
    "INDEX (removed), INDEX (last_ping), INDEX (status), INDEX (data_center_id), INDEX (type), INDEX (cluster_id)",
    "host_details": f"{_ID}, host_id bigint unsigned NOT NULL, name varchar(255) NOT NULL, "
    "value varchar(255) NOT NULL, UNIQUE (host_id, name)",
    "cluster": f"{_ID}, name varchar(255), uuid varchar(40) UNIQUE, guid varchar(255) UNIQUE, "
    "pod_id bigint unsigned NOT NULL, data_center_id bigint unsigned NOT NULL, hypervisor_type varchar(32), "
    "cluster_type varchar(64), allocation_state varchar(32), managed_state varchar(32), removed datetime",
    "cluster_details": f"{_ID}, cluster_id bigint unsigned NOT NULL, name varchar(255) NOT NULL, value varchar(255), "
    "INDEX (cluster_id)",
    "host_pod_ref": f"{_ID}, name varchar(255), uuid varchar(40) UNIQUE, data_center_id bigint unsigned NOT NULL, "
    "gateway varchar(255), cidr_address varchar(15), cidr_size bigint unsigned, description varchar(255), "
    "allocation_state varchar(32), external_dhcp tinyint NOT NULL DEFAULT 0, removed datetime",
    "data_center": f"{_ID}, name varchar(255), uuid varchar(40) UNIQUE, description varchar(255), dns1 varchar(255), "
    "internal_dns1 varchar(255), networktype varchar(255) NOT NULL DEFAULT 'Basic', allocation_state varchar(32), "
    "zone_token varchar(255), is_local_storage_enabled tinyint NOT NULL DEFAULT 0, removed datetime",
    "storage_pool": f"{_ID}, name varchar(255), uuid varchar(255) UNIQUE, pool_type varchar(32) NOT NULL, "
    "port int unsigned NOT NULL DEFAULT 0, data_center_id bigint unsigned NOT NULL, pod_id bigint unsigned, "
    "cluster_id bigint unsigned, used_bytes bigint unsigned, capacity_bytes bigint unsigned, "
    "host_address varchar(255) NOT NULL, user_info varchar(255), path varchar(255) NOT NULL, created datetime, "
    "removed datetime, update_time datetime, status varchar(32), storage_provider_name varchar(255), "
    "scope varchar(255), hypervisor varchar(32), managed int(1) unsigned, capacity_iops bigint unsigned, "
    "parent bigint unsigned NOT NULL DEFAULT 0, INDEX (removed), INDEX (pod_id), INDEX (cluster_id)",
    "storage_pool_details": f"{_ID}, pool_id bigint unsigned NOT NULL, name varchar(255) NOT NULL, "
    "value varchar(255) NOT NULL, INDEX (pool_id), INDEX (name)",
    "storage_pool_host_ref": f"{_ID}, host_id bigint unsigned NOT NULL, pool_id bigint unsigned NOT NULL, "
    "created datetime NOT NULL, last_updated datetime, local_path varchar(255), INDEX (host_id), INDEX (pool_id)",
    "image_store": f"{_ID}, name varchar(255) NOT NULL, uuid varchar(255), protocol varchar(255) NOT NULL, "
    "url varchar(2048), image_provider_name varchar(255) NOT NULL, data_center_id bigint unsigned, "
    "scope varchar(255), created datetime, removed datetime, role varchar(255), parent varchar(255), "
    "total_size bigint unsigned, used_bytes bigint unsigned, readonly tinyint DEFAULT 0",
    "vm_instance": f"{_ID}, name varchar(255) NOT NULL, uuid varchar(40) UNIQUE, instance_name varchar(255) NOT NULL, "
    "state varchar(32) NOT NULL, vm_template_id bigint unsigned, guest_os_id bigint unsigned NOT NULL DEFAULT 1, "
    "private_mac_address varchar(17), private_ip_address char(40), pod_id bigint unsigned, "
    "data_center_id bigint unsigned NOT NULL, host_id bigint unsigned, last_host_id bigint unsigned, "
    "vnc_password varchar(255) NOT NULL DEFAULT '', ha_enabled tinyint NOT NULL DEFAULT 0, "
    "update_count bigint unsigned NOT NULL DEFAULT 0, update_time datetime, created datetime NOT NULL, "
    "removed datetime, type varchar(32) NOT NULL, vm_type varchar(32) NOT NULL DEFAULT 'User', "
    "account_id bigint unsigned NOT NULL DEFAULT 1, domain_id bigint unsigned NOT NULL DEFAULT 1, "
    "hypervisor_type varchar(32), power_state varchar(74), power_state_update_time datetime, "
    "power_host bigint unsigned, "
    "INDEX (removed), INDEX (type), INDEX (pod_id), INDEX (update_time), INDEX (state), INDEX (data_center_id)",
    "mshost": f"{_ID}, msid bigint unsigned NOT NULL UNIQUE, runid bigint NOT NULL DEFAULT 0, name varchar(255), "
    "uuid varchar(40), state varchar(10) NOT NULL DEFAULT 'Down', version varchar(255), service_ip char(40) NOT NULL, "
    "service_port int NOT NULL, last_update datetime, removed datetime, alert_count int NOT NULL DEFAULT 0, "
    "INDEX (removed), INDEX (last_update)",
    "mshost_peer": f"{_ID}, owner_mshost bigint unsigned NOT NULL, peer_mshost bigint unsigned NOT NULL, "
    "peer_runid bigint NOT NULL, peer_state varchar(10) NOT NULL DEFAULT 'Down', last_update datetime, "
    "UNIQUE i_mshost_peer (owner_mshost, peer_mshost, peer_runid)",
    "configuration": "category varchar(255) NOT NULL DEFAULT 'Advanced', instance varchar(255) NOT NULL, "
    "component varchar(255) NOT NULL DEFAULT 'management-server', name varchar(255) NOT NULL PRIMARY KEY, "
    "value varchar(4095), description varchar(1024), default_value varchar(4095), updated datetime, "
    "scope varchar(255), is_dynamic tinyint NOT NULL DEFAULT 0",
    "op_ha_work": f"{_ID}, instance_id bigint unsigned NOT NULL, type varchar(32) NOT NULL, "
    "vm_type varchar(32) NOT NULL, state varchar(32) NOT NULL, mgmt_server_id bigint unsigned, "
    "host_id bigint unsigned, created datetime NOT NULL, "
    "tried int unsigned, taken datetime, step varchar(32) NOT NULL, time_to_try bigint, "
    "updated bigint unsigned NOT NULL DEFAULT 0, INDEX (step), INDEX (instance_id)",
    "console_proxy": f"id bigint unsigned NOT NULL PRIMARY KEY, {_PUBLIC}, active_session int NOT NULL DEFAULT 0, "
    "last_update datetime, session_details blob",
    "secondary_storage_vm": f"id bigint unsigned NOT NULL PRIMARY KEY, {_PUBLIC}, guid varchar(255), "
    "nfs_share varchar(255), last_update datetime, role varchar(64) NOT NULL DEFAULT 'templateProcessor'",
    "alert": f"{_ID}, uuid varchar(40) UNIQUE, type int(1) unsigned NOT NULL, cluster_id bigint unsigned, "
    "pod_id bigint unsigned, data_center_id bigint unsigned, subject varchar(999), sent_count int unsigned NOT NULL, "
    "created datetime, last_sent datetime, resolved datetime, name varchar(255), content varchar(5000), "
    "archived tinyint(1) unsigned NOT NULL DEFAULT 0, INDEX (last_sent)",
}

TABLES = tuple(_TABLES)

_CHANGES = {
    "4.19": (
        "mshost MODIFY COLUMN state varchar(25) NOT NULL DEFAULT 'Down'",
        "configuration ADD COLUMN display_text varchar(255), MODIFY COLUMN value varchar(8191)",
    ),
    "4.20.1": (
        "host ADD COLUMN arch varchar(8) DEFAULT 'x86_64', ADD COLUMN last_mgmt_server_id bigint unsigned",
        "cluster ADD COLUMN arch varchar(8) DEFAULT 'x86_64'",
        "storage_pool ADD COLUMN used_iops bigint unsigned",
        "mshost_peer DROP INDEX i_mshost_peer, ADD UNIQUE i_mshost_peer (owner_mshost, peer_mshost)",
        # What was words is the sum of bits from here on (1 global, 2 zone, 4 cluster, ...).
        "configuration MODIFY COLUMN scope bigint",
    ),
    "4.22": (
        "host ADD COLUMN storage_access_groups varchar(255)",
        "cluster ADD COLUMN storage_access_groups varchar(255)",
        "host_pod_ref ADD COLUMN storage_access_groups varchar(255)",
        "data_center ADD COLUMN storage_access_groups varchar(255)",
    ),
}

_SCOPES = "configuration SET scope = CASE scope WHEN 'Cluster' THEN '6' WHEN 'Zone' THEN '2' ELSE '1' END"


def statements(schema: str) -> Iterator[str]:
    """What makes all tables of the oldest version in a new schema."""
    yield f"CREATE DATABASE {schema} CHARACTER SET utf8mb3"
    for table, columns in _TABLES.items():
        yield f"CREATE TABLE {schema}.{table} ({columns}) ENGINE=InnoDB"


def upgrades(schema: str, before: str, to: str) -> Iterator[str]:
    """What makes a newer version of a schema, as the cloud's own start does: rows stay, nobody else is told."""
    for version in VERSIONS[VERSIONS.index(before) + 1 : VERSIONS.index(to) + 1]:
        if version == "4.20.1":
            yield f"TRUNCATE {schema}.mshost_peer"
            yield f"UPDATE {schema}.{_SCOPES}"
        yield from (f"ALTER TABLE {schema}.{change}" for change in _CHANGES[version])
