"""What the small cloud's own database says of it: one zone, two pods, hosts, system VMs, pools, and its settings.

Written once, as CloudStack has it when all of it was added; what changes after that the management servers write.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.demo.pace import Pace
from tests.lab.agent_programs_database import ACCOUNT
from tests.lab.agent_programs_session import uuid_of
from tests.lab.cloud_database import CloudDatabase, Entry
from tests.lab.mysql import MysqlServer

ZONE, PODS = "z1", ("near", "far")
FIRST_MSID = 345052351121
"""Management servers are known by numbers that they make of a network card's address."""

GRANTS = ("SELECT ON cloud.*",)


def write(
    server: MysqlServer,
    pace: Pace,
    management: Mapping[str, int],
    hypervisors: Mapping[str, tuple[str, str]],
) -> CloudDatabase:
    """Make the schema on that server, with rows, and let the account that monitors read it.

    `management`: name -> its number; `hypervisors`: name -> its address and pod, their ids counted from 1.
    """
    tables = CloudDatabase(server)
    tables.create()
    for statement in ACCOUNT:
        server.sql(statement)
    tables.grant(GRANTS)
    _settings(tables, pace)
    zone = tables.zone(ZONE)
    clusters = {name: tables.cluster(f"c-{name}", tables.pod(name, zone)) for name in PODS}
    servers = [Entry(number, uuid_of(name)) for name, number in management.items()]
    for number, (name, (address, pod)) in enumerate(hypervisors.items(), start=1):
        owner = servers[number % len(servers)]
        host = tables.hypervisor(name, address, clusters[pod], owner, id=number, uuid=uuid_of(name))
        tables.detail(Entry(number, host.uuid), "secured", "false")
    return tables


def add_pool(tables: CloudDatabase, name: str, source: tuple[str, str], mounted: Mapping[int, str]) -> None:
    """An NFS pool. `source`: the server's address and the export; `mounted`: ids of hosts -> where they have it."""
    pool = tables.pool(name, *source, uuid=uuid_of(name))
    for number, point in mounted.items():
        tables.mount(Entry(number, ""), pool, point)


def _settings(tables: CloudDatabase, pace: Pace) -> None:
    for name, value in pace.cloud_settings().items():
        tables.setting(name, value)
