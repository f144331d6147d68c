"""CloudStack's database in the lab: every version of its tables, and rows as CloudStack writes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.cloud_database import CloudDatabase, tick
from tests.lab.cloud_schema import VERSIONS
from tests.lab.mysql import MysqlServer
from tests.lab.mysql_fixtures import BOTH

pytestmark = pytest.mark.lab


@pytest.fixture
def cloud(database: MysqlServer) -> Iterator[CloudDatabase]:
    """The newest version's tables, empty."""
    made = CloudDatabase(database)
    made.create()
    yield made
    made.drop()


@BOTH
def test_versions(cloud: CloudDatabase) -> None:
    """Each version has what was documented for it; an upgrade keeps the rows."""
    cloud = CloudDatabase(cloud.server, "4.15")
    cloud.create()
    host = cloud.hypervisor("kvm1", "192.0.2.11")
    [old] = cloud.rows("host")
    with pytest.raises(Exception, match="Data too long"):
        cloud.management_server("mgmt1", "192.0.2.1", state="PreparingForMaintenance")
    for version in VERSIONS[1:]:
        cloud.upgrade(version)
    cloud.management_server("mgmt1", "192.0.2.1", state="PreparingForMaintenance")
    [new] = cloud.rows("host")
    assert {"arch", "last_mgmt_server_id", "storage_access_groups"} == new.keys() - old.keys()
    assert (host.uuid, "x86_64") == (new["uuid"], new["arch"])


@BOTH
def test_life_of_a_host(cloud: CloudDatabase) -> None:
    """Transitions are counted, last_ping moves with some of them only, and a lost host has no management server."""
    server = cloud.management_server("mgmt1", "192.0.2.1")
    host = cloud.hypervisor("kvm1", "192.0.2.11", server=server, last_ping=7)
    cloud.transition(host, "Alert")
    [alert] = cloud.rows("host")
    assert ("Alert", 3, 7, None) == tuple(alert[n] for n in ("status", "update_count", "last_ping", "mgmt_server_id"))
    cloud.connect(host, server)
    [up] = cloud.rows("host")
    assert ("Up", 5, server.number) == (up["status"], up["update_count"], up["mgmt_server_id"])
    assert tick() - up["last_ping"] < 60
    cloud.remove("host", host.number)
    [removed] = cloud.rows("host")
    assert removed["removed"] is not None
    assert removed["guid"] is None


@BOTH
def test_system_vms(cloud: CloudDatabase) -> None:
    """A system VM is a VM, a row with its public address, and a host that its agent is."""
    server = cloud.management_server("mgmt1", "192.0.2.1")
    zone = cloud.zone("zone1")
    vm = cloud.system_vm("SecondaryStorageVm", "192.0.2.31", "198.51.100.31", zone, server)
    [row], [public], [agent] = cloud.rows("vm_instance"), cloud.rows("secondary_storage_vm"), cloud.rows("host")
    assert (vm.uuid, f"s-{vm.number}-VM") == (row["uuid"], row["name"])
    assert (row["name"], "SecondaryStorageVM") == (agent["name"], agent["type"])
    assert (vm.number, "198.51.100.31") == (public["id"], public["public_ip_address"])


@BOTH
def test_place_storage_and_settings(cloud: CloudDatabase) -> None:
    """All else that the exporter looks at can be written."""
    zone = cloud.zone("zone1")
    cluster = cloud.cluster("cluster1", cloud.pod("pod1", zone))
    one, other = (cloud.management_server(f"mgmt{number}", f"192.0.2.{number}") for number in (1, 2))
    cloud.peer(one, other, "Down")
    cloud.peer(one, other, "Up")
    cloud.beat(one, ahead=5)
    host = cloud.hypervisor("kvm1", "192.0.2.11", cluster, one)
    cloud.detail(host, "secured", "true")
    cloud.mount(host, cloud.pool("primary", "192.0.2.41", "/export/primary", zone))
    cloud.image_store("secondary", "nfs://192.0.2.42/export/secondary", zone)
    cloud.setting("ping.interval", "60", scope="Cluster")
    cloud.cluster_setting(cluster, "ping.interval", "30")
    cloud.investigation()
    cloud.investigated(host)
    cloud.resource_state(host, "Maintenance")
    tables = ("host_details", "storage_pool_host_ref", "image_store", "cluster_details", "op_ha_work", "mshost_peer")
    assert [1] * 6 == [len(cloud.rows(table)) for table in tables]
    [row] = cloud.rows("host")
    assert (zone, cluster, "Maintenance") == (row["data_center_id"], row["cluster_id"], row["resource_state"])
