"""OpenStack's hosts beside CloudStack's in one daemon: cells that fail alone, and a cloud that comes late.

With real databases: a cell's server is the lab's one, asked under a pseudo-host and for a schema of its own.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.config import load
from cs_exporter.daemon import Daemon
from cs_exporter.exposition.frame import HOST_MAINTENANCE, host_families
from cs_exporter.model import Failure, Host, Role
from cs_exporter.probes import PROBES
from cs_exporter.probes.openstack import openstack_agents
from cs_exporter.probes.openstack.openstack_census import SPEC
from cs_exporter.web.tables import targets_json
from tests.lab.cloud_database import CloudDatabase
from tests.lab.lab import Lab
from tests.lab.mysql import PASSWORD, MysqlServer
from tests.lab.openstack_database import OpenStackDatabase
from tests.lab.wait import wait_until_async
from tests.live.watch import INTERVAL, configuration

pytestmark = pytest.mark.lab

PATIENCE = 5 * INTERVAL
WHOLE, EAST = "endpoint:openstack", "endpoint:openstack.east"
CENSUSES = ("cloudstack_census", SPEC.name)
AGENTS = openstack_agents.SPEC.name
ACCOUNT = "reader"
HOUR = 3600


class Stand:
    """The databases of an OpenStack cloud and of its cell `east`, and daemons that watch both clouds."""

    def __init__(self, folder: Path, lab: Lab, server: MysqlServer) -> None:
        self.lab = lab
        self.server = server
        self.cloud = OpenStackDatabase(server)
        self.east = OpenStackDatabase(server, cells=("nova_east",), neutron="", cinder="")
        self.file = folder / "cs_exporter.yml"
        self.write(CENSUSES)

    def write(self, asked: Collection[str], **sections: Mapping[str, Any]) -> None:
        """Write the configuration: these probes alone, with what its sections have besides."""
        hosts: dict[str, Any] = {"probes": {spec.name: {"enabled": spec.name in asked} for spec in PROBES}}
        database = {"address": self.server.address, "password_file": str(self.server.password_file)}
        openstack = {**database, "user": ACCOUNT}
        cells = [{"name": "east", "address": self.server.address, "schema": "nova_east"}]
        platforms = {
            "cloudstack": {"database": database, "hosts": hosts},
            "openstack": {"database": openstack, "cells": cells, "hosts": hosts},
        }
        self.file.write_text(configuration(self.lab, [], platforms=platforms, **sections), encoding="utf-8")

    def create(self) -> None:
        """A controller and two hypervisors, and three of the cell: neutron knows the switches of two."""
        self.cloud.create()
        self.cloud.nova("ctl1", "nova-conductor")
        for name in ("cmp1", "kvm1"):
            self.cloud.nova(name)
        self.create_east()
        for number, name in enumerate(("cmp1", "east1", "east2")):
            told = {"tunneling_ip": f"198.51.100.{number}"}
            self.cloud.neutron(name, "neutron-openvswitch-agent", configurations=told)

    def create_east(self) -> None:
        """The cell's own database."""
        self.east.create()
        for name in ("east1", "east2", "east3"):
            self.east.nova(name)

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[Daemon]:
        """One that runs."""
        daemon = Daemon(lambda: load(self.file))
        await daemon.start()
        try:
            yield daemon
        finally:
            await daemon.stop()


@pytest.fixture
def stand(tmp_path: Path, lab: Lab, mariadb: MysqlServer, cloud: CloudDatabase) -> Iterator[Stand]:
    """Both clouds have a hypervisor of the same name."""
    cloud.hypervisor("kvm1", "192.0.2.1", 1)
    made = Stand(tmp_path, lab, mariadb)
    mariadb.sql(f"CREATE USER IF NOT EXISTS '{ACCOUNT}'@'%' IDENTIFIED BY '{PASSWORD}'")
    mariadb.sql(f"GRANT SELECT ON *.* TO '{ACCOUNT}'@'%'")
    made.create()
    yield made
    made.cloud.drop()
    made.east.drop()
    mariadb.sql(f"DROP USER '{ACCOUNT}'@'%'")


def found(daemon: Daemon, platform: str = "openstack") -> dict[str, Host]:
    """Who is watched of a cloud, but for the cloud itself."""
    hosts = daemon.board.inventory
    return {host.name: host for host in hosts if host.cloud is None and host.platform == platform}


def failure(daemon: Daemon, name: str) -> Failure | None:
    """Why that pseudo-host's latest census failed."""
    entry = daemon.board.entry(SPEC.name, name)
    return entry.failure if entry else None


async def asked(daemon: Daemon, name: str, number: int, probe: str = SPEC.name) -> None:
    """Wait until a pseudo-host has been asked so often from now on."""

    def runs() -> int:
        entry = daemon.board.entry(probe, name)
        return entry.runs if entry else 0

    before = runs()
    await wait_until_async(lambda: runs() >= before + number, (number + 3) * INTERVAL, f"{name} to be asked")


OPENSTACK = {"ctl1", "cmp1", "kvm1@openstack", "east1", "east2", "east3"}
"""All of them: who knows east3 has heard the cell."""


async def test_both_platforms_side_by_side(stand: Stand) -> None:
    """Each host belongs to its own; a name that both have is CloudStack's, and OpenStack's behind its @; so in /sd."""
    async with stand.daemon() as daemon:
        await wait_until_async(lambda: OPENSTACK == found(daemon).keys(), PATIENCE, "OpenStack's hosts")
        await wait_until_async(lambda: {"kvm1"} == found(daemon, "cloudstack").keys(), PATIENCE, "CloudStack's host")
        east = found(daemon)["east1"]
        assert ([Role.HYPERVISOR], ["198.51.100.1"]) == ([*east.roles], [*east.addresses.values()])
        inventory = daemon.board.inventory
        names = inventory.hosts[WHOLE].names
        assert ("kvm1@openstack", "east2") == (names["kvm1"], names["east2"])
        assert names == inventory.hosts[EAST].names
        listed = json.loads(targets_json([host for host in inventory if host.cloud is None]))
        assert {*OPENSTACK, "kvm1"} == {one["labels"]["__meta_cs_host"] for one in listed}


async def test_a_cell_that_fails_or_is_empty_takes_nobody_away(stand: Stand) -> None:
    """Neither its own hosts, nor anybody else's; and a host that leaves the rest meanwhile does leave."""
    async with stand.daemon() as daemon:
        await wait_until_async(lambda: OPENSTACK == found(daemon).keys(), PATIENCE, "all hosts")
        stand.server.sql("DELETE FROM nova_east.services")
        await asked(daemon, EAST, 5)
        assert OPENSTACK == found(daemon).keys()
        stand.east.drop()
        await wait_until_async(lambda: failure(daemon, EAST), PATIENCE, "a failed census of the cell")
        stand.server.sql("UPDATE nova.services SET deleted = id WHERE host = 'kvm1'")
        await wait_until_async(lambda: OPENSTACK - {"kvm1@openstack"} == found(daemon).keys(), PATIENCE, "one to leave")
        await asked(daemon, WHOLE, 4)
        assert OPENSTACK - {"kvm1@openstack"} == found(daemon).keys()
        stand.create_east()
        await wait_until_async(lambda: not failure(daemon, EAST), PATIENCE, "the cell's answer")
        assert 0 == sum(standing.held for standing in daemon.snapshot().health.discovery)


async def maintained(daemon: Daemon, *expected: str) -> None:
    """Wait until the page says of these, and of nobody else, that work on them is planned."""

    def shown() -> bool:
        (family,) = (family for family in host_families(daemon.snapshot()) if family.head is HOST_MAINTENANCE)
        return {*expected} == {row.labels[0] for row in family.rows if row.value}

    await wait_until_async(shown, 2 * INTERVAL, f"maintenance of {expected}")


async def test_who_is_forced_down_is_in_maintenance_at_once(stand: Stand) -> None:
    """An hour before the next census is due, a cell's own host as well; and as soon it is so no longer."""
    stand.write((*CENSUSES, AGENTS), probes={SPEC.name: {"interval": HOUR}})
    async with stand.daemon() as daemon:
        await wait_until_async(lambda: OPENSTACK == found(daemon).keys(), PATIENCE, "all hosts")
        for name in (WHOLE, EAST):
            await asked(daemon, name, 1, AGENTS)
        await maintained(daemon)
        for schema, host in (("nova", "cmp1"), ("nova_east", "east2")):
            forced = f"UPDATE {schema}.services SET forced_down = %d WHERE host = '{host}'"  # noqa: S608
            stand.server.sql(forced % 1)
            await maintained(daemon, host)
            stand.server.sql(forced % 0)
            await maintained(daemon)


async def test_what_comes_late_is_found(stand: Stand) -> None:
    """A cell, and then a whole cloud, that is not there when the exporter starts: that is ready, and asks on."""
    stand.east.drop()
    stand.server.stop()
    try:
        async with stand.daemon() as daemon:
            await wait_until_async(lambda: daemon.board.health.first_sweep_done, PATIENCE, "ready")
            assert {} == found(daemon)
            stand.server.start()
            known = OPENSTACK - {"east3"}
            await wait_until_async(lambda: known <= found(daemon).keys(), 2 * PATIENCE, "the cloud's hosts")
            assert failure(daemon, EAST)
            stand.create_east()
            stand.east.nova("east4")
            await wait_until_async(lambda: {*OPENSTACK, "east4"} == found(daemon).keys(), PATIENCE, "the cell's")
    finally:
        if not stand.server.processes():
            stand.server.start()
