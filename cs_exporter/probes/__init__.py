"""The register of probes: one sheet each, in the order in which users read about them.

A literal tuple, so that a probe can be found by reading and nothing is imported by name.
"""

from __future__ import annotations

from cs_exporter.probes.agents import agent_countdown, agent_heartbeat
from cs_exporter.probes.blockdevices import block_storage
from cs_exporter.probes.certificates import agent_certificates
from cs_exporter.probes.clocks import clock_fleet, time_drift
from cs_exporter.probes.clouds import cloud_discovery, cloud_hosts
from cs_exporter.probes.cloudstack import cloudstack_census, cloudstack_states
from cs_exporter.probes.logs import agent_log, management_log
from cs_exporter.probes.mysql import galera_cluster, mysql_connections
from cs_exporter.probes.nfs import nfs_mounts, nfs_server
from cs_exporter.probes.openstack import openstack_agents, openstack_census, openstack_endpoints
from cs_exporter.probes.paths import path_directions, path_mtu
from cs_exporter.probes.ports import port_reachability
from cs_exporter.probes.rabbitmq import rabbitmq, rabbitmq_cluster
from cs_exporter.probes.storage import storage_heartbeat
from cs_exporter.spec import AnyDerived, AnySpec

PROBES: tuple[AnySpec, ...] = (
    time_drift.SPEC,
    mysql_connections.SPEC,
    agent_heartbeat.SPEC,
    management_log.SPEC,
    nfs_mounts.SPEC,
    nfs_server.SPEC,
    storage_heartbeat.SPEC,
    agent_log.SPEC,
    block_storage.SPEC,
    agent_certificates.SPEC,
    port_reachability.SPEC,
    path_mtu.SPEC,
    cloudstack_census.SPEC,
    cloudstack_states.SPEC,
    openstack_census.SPEC,
    openstack_agents.SPEC,
    openstack_endpoints.SPEC,
    rabbitmq.SPEC,
)

DERIVED: tuple[AnyDerived, ...] = (
    clock_fleet.SPEC,
    galera_cluster.SPEC,
    agent_countdown.SPEC,
    cloud_hosts.SPEC,
    cloud_discovery.SPEC,
    rabbitmq_cluster.SPEC,
    path_directions.SPEC,
)
