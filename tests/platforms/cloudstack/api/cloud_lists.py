"""A small cloud's API for the adapter's tests: tables of plain rows behind the lab's server, asked by the transport.

So that what the adapter sees is what a signed, paged API gives, and no list that a test made up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cs_exporter.model import Host
from cs_exporter.ports import CloudApi, Counters
from cs_exporter.transports.cloud_api import CloudApis
from tests.lab.cloud_api import CloudApiServer, plain
from tests.transports.clouds.clouds import pseudo_host, target_of

LIMIT = 10.0
"""Seconds for an answer."""

Rows = Sequence[Mapping[str, Any]]
CONNECTED = 1_775_706_112.0
"""When kvm1 connected: a whole number of ticks of 1024 s, so that every version shows it exactly."""


def host(number: int, **columns: Any) -> Mapping[str, Any]:  # noqa: ANN401  # a row's values
    """A row of `host`: a KVM hypervisor that is Up, or as `columns` say."""
    kinds = {"type": "Routing", "hypervisor_type": "KVM", "status": "Up", "resource_state": "Enabled"}
    place = {"data_center_id": 1, "pod_id": 1, "cluster_id": 1, "private_ip_address": f"192.0.2.{number}"}
    ping = {"last_ping": int(CONNECTED * 1000) >> 10, "mgmt_server_id": 7}
    return {"id": number, "uuid": f"host-{number}", "name": f"kvm{number}", **kinds, **place, **ping, **columns}


def pool(number: int, **columns: Any) -> Mapping[str, Any]:  # noqa: ANN401  # a row's values
    """A row of `storage_pool`: a cluster's, by NFS and Up, or as `columns` say."""
    kinds = {"pool_type": "NetworkFilesystem", "status": "Up", "scope": "CLUSTER", "path": f"/export/{number}"}
    place = {"data_center_id": 1, "cluster_id": 1, "host_address": "192.0.2.40"}
    return {"id": number, "uuid": f"pool-{number}", "name": f"pool{number}", **kinds, **place, **columns}


def vm(number: int, state: str, kind: str = "User", **columns: Any) -> Mapping[str, Any]:  # noqa: ANN401  # a row's values
    """A row of `vm_instance`, touched a minute ago, or as `columns` say."""
    touched = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(minutes=1)
    named = {"id": number, "uuid": f"vm-{number}", "name": f"vm{number}", "type": kind, "state": state}
    return {**named, "data_center_id": 1, "pod_id": 1, "update_time": touched, **columns}


def tables(**others: Rows) -> dict[str, Rows]:
    """A zone with a cluster, a management server and a hypervisor; `others` come on top or instead."""
    found: dict[str, Rows] = {
        "data_center": [{"id": 1, "uuid": "zone-1", "name": "zone1"}],
        "host_pod_ref": [{"id": 1, "uuid": "pod-1", "name": "pod1", "data_center_id": 1}],
        "cluster": [
            {"id": number, "uuid": f"cluster-{number}", "name": f"cluster{number}", "pod_id": 1, "data_center_id": 1}
            for number in (1, 2)
        ],
        "mshost": [{"id": 1, "msid": 7, "uuid": "server-7", "name": "mgmt1", "state": "Up", "service_ip": "192.0.2.7"}],
        "host": [host(1)],
    }
    return {**found, **others}


@asynccontextmanager
async def asking(
    folder: Path,
    rows: Mapping[str, Rows],
    **options: Any,  # noqa: ANN401  # the server's
) -> AsyncIterator[tuple[Host, CloudApi, CloudApiServer]]:
    """The cloud's pseudo-host, its API, and the server of that with these tables."""
    with CloudApiServer(plain(**rows), folder, **options) as server:
        apis = CloudApis(Counters())
        endpoint = pseudo_host(target_of(server))
        yield endpoint, apis.of(endpoint), server
        await apis.close()
