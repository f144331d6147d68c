"""A cloud of any size in a lab's database, written in a second or two: for what must hold for a thousand hosts.

Beside its hosts it has guests, because a real cloud's table of VMs is the one that nobody may read from end to end.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from tests.lab.cloud_database import UTC_NOW, CloudDatabase, Entry, Expression, Value, tick

_OF_A_CLUSTER, _OF_A_NETWORK = 25, 250


def crowd(cloud: CloudDatabase, hosts: int, pools: int = 5, guests: int = 0) -> list[Entry]:
    """Three management servers, and hypervisors in clusters of 25 that have every pool; gives the hypervisors."""
    zone = cloud.zone("zone1")
    pod = cloud.pod("pod1", zone)
    clusters = [cloud.cluster(f"cluster{number}", pod) for number in range(-(-hosts // _OF_A_CLUSTER))]
    servers = [cloud.management_server(f"mgmt{number}", f"192.0.2.{number}") for number in (1, 2, 3)]
    storage = [cloud.pool(f"primary{number}", f"192.0.2.{40 + number}", "/export", zone) for number in range(pools)]
    alike: dict[str, Value | Expression] = {
        "status": "Up",
        "type": "Routing",
        "hypervisor_type": "KVM",
        "version": cloud.version,
        "last_ping": tick(),
    }
    alike |= {"data_center_id": zone, "pod_id": pod, "update_count": 7}
    rows: list[dict[str, Value | Expression]] = [
        {
            **alike,
            "name": f"kvm{number:04d}",
            "uuid": _uuid(),
            "guid": _uuid(),
            "cluster_id": clusters[number // _OF_A_CLUSTER],
            "private_ip_address": f"10.1.{number // _OF_A_NETWORK}.{number % _OF_A_NETWORK + 1}",
            "storage_ip_address": f"10.2.{number // _OF_A_NETWORK}.{number % _OF_A_NETWORK + 1}",
            "mgmt_server_id": servers[number % len(servers)].number,
        }
        for number in range(hosts)
    ]
    cloud.insert_all("host", rows)
    entries = [Entry(row["id"], row["uuid"]) for row in cloud.rows("host")]
    cloud.insert_all("host_details", [{"host_id": host.number, "name": "secured", "value": "true"} for host in entries])
    cloud.insert_all("storage_pool_host_ref", _mounts(entries, storage))
    cloud.insert_all("vm_instance", [_guest(zone, number) for number in range(guests)])
    return entries


def _mounts(hosts: Sequence[Entry], pools: Sequence[Entry]) -> list[dict[str, Value | Expression]]:
    return [
        {"host_id": host.number, "pool_id": pool.number, "created": UTC_NOW, "local_path": f"/mnt/{pool.uuid}"}
        for host in hosts
        for pool in pools
    ]


def _guest(zone: int, number: int) -> dict[str, Value | Expression]:
    named = {"name": f"guest{number}", "instance_name": f"i-2-{number}-VM", "uuid": _uuid()}
    times = {"created": UTC_NOW, "update_time": UTC_NOW}
    return {**named, "state": "Running", "type": "User", "data_center_id": zone, **times}


def _uuid() -> str:
    return str(uuid.uuid4())
