"""The tables of nova, neutron, cinder and heat that tell of agents, as the lab makes them.

Columns, types and keys as of the release Zed, what is beside the point left out; `binary` is a reserved word.
"""

from __future__ import annotations

NOVA, NEUTRON, CINDER, HEAT = "nova", "neutron", "cinder", "heat"
NOVA_API = "nova_api"
"""What nova's cells share; it has no agents."""

_TIMES = "created_at DATETIME NULL, updated_at DATETIME NULL, deleted_at DATETIME NULL"
_NAMES = "host VARCHAR(255) NULL, `binary` VARCHAR(255) NULL, topic VARCHAR(255) NULL"
_COUNTED = "report_count INT NOT NULL DEFAULT 0, disabled TINYINT(1) NULL, disabled_reason VARCHAR(255) NULL"
_TAIL = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb3"

TABLES = {
    NOVA: {
        "services": f"{_TIMES}, id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, {_NAMES}, {_COUNTED}, deleted INT NULL, "
        "last_seen_up DATETIME NULL, forced_down TINYINT(1) NULL, version INT NULL, uuid VARCHAR(36) NULL UNIQUE, "
        "UNIQUE KEY by_topic (host, topic, deleted), UNIQUE KEY by_binary (host, `binary`, deleted)",
        "compute_nodes": f"{_TIMES}, id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, vcpus INT NOT NULL DEFAULT 0, "
        "hypervisor_type MEDIUMTEXT NOT NULL, cpu_info MEDIUMTEXT NOT NULL, hypervisor_hostname VARCHAR(255) NULL, "
        "deleted INT NULL, host_ip VARCHAR(39) NULL, host VARCHAR(255) NULL, uuid VARCHAR(36) NULL UNIQUE, "
        "UNIQUE KEY by_name (host, hypervisor_hostname, deleted)",
    },
    NOVA_API: {
        "aggregate_hosts": "created_at DATETIME NULL, updated_at DATETIME NULL, "
        "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, host VARCHAR(255) NULL, aggregate_id INT NOT NULL, "
        "UNIQUE KEY by_host (host, aggregate_id)",
        "aggregate_metadata": "created_at DATETIME NULL, updated_at DATETIME NULL, "
        "id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, aggregate_id INT NOT NULL, `key` VARCHAR(255) NOT NULL, "
        "value VARCHAR(255) NOT NULL, UNIQUE KEY by_key (aggregate_id, `key`)",
    },
    NEUTRON: {
        "agents": "id VARCHAR(36) NOT NULL PRIMARY KEY, agent_type VARCHAR(255) NOT NULL, "
        "`binary` VARCHAR(255) NOT NULL, topic VARCHAR(255) NOT NULL, host VARCHAR(255) NOT NULL, "
        "admin_state_up TINYINT(1) NOT NULL DEFAULT 1, created_at DATETIME NOT NULL, started_at DATETIME NOT NULL, "
        "heartbeat_timestamp DATETIME NOT NULL, description VARCHAR(255) NULL, configurations VARCHAR(4095) NOT NULL, "
        "`load` INT NOT NULL DEFAULT 0, availability_zone VARCHAR(255) NULL, resource_versions VARCHAR(8191) NULL, "
        "resources_synced TINYINT(1) NULL, UNIQUE KEY by_type (agent_type, host), KEY by_host (host)",
    },
    CINDER: {
        "services": f"{_TIMES}, deleted TINYINT(1) NULL, id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, {_NAMES}, "
        f"{_COUNTED}, availability_zone VARCHAR(255) NULL, modified_at DATETIME NULL, "
        "replication_status VARCHAR(36) NULL, frozen TINYINT(1) NULL, active_backend_id VARCHAR(255) NULL, "
        "cluster_name VARCHAR(255) NULL, uuid VARCHAR(36) NULL UNIQUE",
    },
    HEAT: {
        "service": "id VARCHAR(36) NOT NULL PRIMARY KEY, engine_id VARCHAR(255) NOT NULL, host VARCHAR(255) NOT NULL, "
        "hostname VARCHAR(255) NOT NULL, `binary` VARCHAR(255) NOT NULL, topic VARCHAR(255) NOT NULL, "
        "report_interval INT NOT NULL, created_at DATETIME NULL, updated_at DATETIME NULL, deleted_at DATETIME NULL",
    },
}
"""Service -> table -> what is between the brackets of its CREATE TABLE."""


def statements(service: str, schema: str) -> list[str]:
    """What makes an empty schema of that service, in place of one that is there."""
    made = [f"CREATE TABLE `{schema}`.`{table}` ({text}) {_TAIL}" for table, text in TABLES[service].items()]
    return [f"DROP DATABASE IF EXISTS `{schema}`", f"CREATE DATABASE `{schema}`", *made]
