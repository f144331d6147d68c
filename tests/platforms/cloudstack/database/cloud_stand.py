"""A small cloud in a real database, and how the exporter's account asks it.

Shared by the tests of all that is read there; the account has the documented grants and no others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from cs_exporter.model import CloudKind, CloudTarget, Host
from cs_exporter.platforms.cloudstack.database import grants
from cs_exporter.ports import Sql
from tests.lab.cloud_database import CloudDatabase, Entry
from tests.lab.mysql import PASSWORD, MysqlServer
from tests.transports.mysql.databases import servers, watched

LIMIT = 10.0
"""Seconds for an answer."""

MARIADB = pytest.mark.parametrize("database", ["mariadb"], indirect=True)
"""For tests whose subject does not depend on the server."""

SCHEMA = "cloud"
ACCOUNT = "reader"
"""Has nothing but what is documented: the lab's own account has rights on the whole server."""


def endpoint(server: MysqlServer, schema: str | None = SCHEMA, **names: str) -> Host:
    """The pseudo-host of the cloud whose database is on that server; `names`: uuid -> inventory name."""
    target = CloudTarget(CloudKind.CLOUDSTACK, schema)
    return replace(watched(server, user=ACCOUNT), name="endpoint:cloudstack", cloud=target, names=names)


def account(cloud: CloudDatabase, *without: str) -> None:
    """Make the exporter's account anew, with the documented grants but those on the tables `without`."""
    who = f"'{ACCOUNT}'@'%'"
    cloud.server.sql(f"DROP USER IF EXISTS {who}")
    cloud.server.sql(f"CREATE USER {who} IDENTIFIED BY '{PASSWORD}'")
    cloud.grant(
        (each for each in grants(cloud.schema) if not each.endswith(tuple(f"`{name}`" for name in without))), who
    )


@asynccontextmanager
async def asking(server: MysqlServer) -> AsyncIterator[Sql]:
    """The kept connection of the exporter's account."""
    async with servers() as made:
        yield made.of(endpoint(server))


class SmallCloud:
    """Two management servers, three hypervisors of which one is no Linux, a system VM of each kind, four storages."""

    def __init__(self, cloud: CloudDatabase) -> None:
        self.database = cloud
        self.zone = cloud.zone("zone1")
        self.cluster = cloud.cluster("cluster1", cloud.pod("pod1", self.zone))
        self.servers = [cloud.management_server(f"mgmt{number}", f"192.0.2.{number}") for number in (1, 2)]
        first, second = self.servers
        storage = {"storage_ip_address": "198.51.100.11"}
        self.kvm1 = cloud.hypervisor("kvm1", "192.0.2.11", self.cluster, first, **storage)
        self.kvm2 = cloud.hypervisor("kvm2", "192.0.2.12", self.cluster, second, storage_ip_address="192.0.2.12")
        self.esx = cloud.hypervisor("esx1", "192.0.2.13", self.cluster, first, hypervisor_type="VMware")
        cloud.detail(self.kvm1, "secured", "true")
        cloud.detail(self.kvm1, "password", "never to be read")
        self.proxy = cloud.system_vm("ConsoleProxy", "192.0.2.31", "203.0.113.31", self.zone, first)
        self.ssvm = cloud.system_vm("SecondaryStorageVm", "192.0.2.32", "203.0.113.32", self.zone)
        self.pool = cloud.pool("primary", "192.0.2.41", "/export/primary", self.zone)
        self.ill = cloud.pool("ill", "192.0.2.42", "/export/ill", self.zone, status="Maintenance")
        self.ceph = cloud.pool("ceph", "192.0.2.43", "rbd?user=a&password=b", self.zone, pool_type="RBD")
        for host in (self.kvm1, self.kvm2, self.esx):
            for pool in (self.pool, self.ill, self.ceph):
                cloud.mount(host, pool, "/srv/primary" if (host, pool) == (self.kvm2, self.pool) else None)
        cloud.image_store("secondary", "nfs://192.0.2.44/export/secondary", self.zone)
        cloud.image_store("bucket", "https://key:secret@s3.example/bucket", None, protocol="s3", readonly=1)
        cloud.setting("ping.interval", None, "30")
        cloud.setting("host", "192.0.2.1,192.0.2.2@roundrobin")

    @property
    def names(self) -> dict[str, str]:
        """Uuid -> name of the machines that have a row of their own."""
        proxy, ssvm = f"v-{self.proxy.number}-VM", f"s-{self.ssvm.number}-VM"
        entries: dict[str, Entry] = {"kvm1": self.kvm1, "kvm2": self.kvm2, "esx1": self.esx}
        entries |= {"mgmt1": self.servers[0], "mgmt2": self.servers[1], proxy: self.proxy, ssvm: self.ssvm}
        return {entry.uuid: name for name, entry in entries.items()}
