"""Hosts that a test puts into a cloud's database, and the configuration of whoever is to find them there.

They have addresses behind which there is nobody, so that hundreds of them cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cs_exporter.probes import PROBES
from tests.lab.cloud_database import CloudDatabase
from tests.lab.lab import Lab
from tests.live.watch import configuration

CENSUS, CLOUD = "cloudstack_census", "endpoint:cloudstack"
ONLY_CENSUS: Mapping[str, Any] = {
    "probes": {spec.name: {"enabled": False} for spec in PROBES if spec.name != CENSUS},
}
"""What the hosts of a platform have where nobody is to be asked anything: they have no machines behind them."""


def configured(lab: Lab, cloud: CloudDatabase, hosts: Mapping[str, Any] = ONLY_CENSUS) -> str:
    """A configuration of that cloud alone; `hosts`: what its hosts have."""
    database = {"address": cloud.server.address, "password_file": str(cloud.server.password_file)}
    return configuration(lab, [], platforms={"cloudstack": {"database": database, "hosts": hosts}})


def fill(cloud: CloudDatabase, number: int) -> None:
    """So many hypervisors."""
    place = {"data_center_id": 1, "pod_id": 1, "cluster_id": 1}
    kinds = {"type": "Routing", "hypervisor_type": "KVM", "status": "Up", "version": cloud.version}
    cloud.insert_all(
        "host",
        [
            {
                "name": f"kvm{n}", "uuid": f"uuid-{n}", "guid": f"guid-{n}",
                "private_ip_address": f"192.0.{2 + n // 250}.{n % 250 + 1}", "last_ping": 1, **place, **kinds,
            }
            for n in range(number)
        ],
    )  # fmt: skip


@contextmanager
def emptied(cloud: CloudDatabase, left: int = 0) -> Iterator[None]:
    """Its table of hosts is empty, or has only so many, and as it was afterwards: another database than before."""
    cloud.server.sql("RENAME TABLE cloud.host TO cloud.host_before")
    cloud.server.sql("CREATE TABLE cloud.host LIKE cloud.host_before")
    cloud.server.sql(f"INSERT INTO cloud.host SELECT * FROM cloud.host_before ORDER BY id LIMIT {left}")  # noqa: S608  # a number
    yield
    cloud.server.sql("DROP TABLE cloud.host")
    cloud.server.sql("RENAME TABLE cloud.host_before TO cloud.host")
