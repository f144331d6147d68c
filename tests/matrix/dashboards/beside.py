"""A small OpenStack cloud in the lab of the small CloudStack one: its database, APIs, message bus, and who reports.

In every kind of trouble that its dashboard shows: some from the beginning, the rest when `fail` is called.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self

from cs_exporter.model import Schema
from cs_exporter.platforms.openstack.database import grants
from cs_exporter.probes.openstack.endpoint_rows import MOST
from tests.demo.cloud import Cloud
from tests.lab.certificates import Authority
from tests.lab.host import HostSpec
from tests.lab.mariadb import MariaDb
from tests.lab.mysql import MONITOR
from tests.lab.openstack_api import CLOUD, Fault, OpenStackApiServer
from tests.lab.openstack_database import Agent, OpenStackDatabase
from tests.lab.rabbitmq import PASSWORD, USER, Bus, RabbitmqNode

PLATFORM, EAST = "openstack", "nova_east"
CONTROLLER, NETWORK, STORAGE = "ctl1", "net1", "sto1"
DYING, FORCED, NOWHERE = "cmp1", "cmp2", "cmp3"
COMPUTES = (DYING, FORCED, NOWHERE)
SILENT = ("east1", "east2")
"""Of the cell, by rows that never were reports."""

MACHINES = (CONTROLLER, NETWORK, STORAGE, DYING, FORCED)
"""Those that there are; at the address of NOWHERE there is nobody."""

BUSES = (CONTROLLER, STORAGE)
SWITCH = "neutron-openvswitch-agent"
REPORT, DOWN = 5, 45
"""Seconds: of every service."""

AHEAD = 100.0
"""Seconds, of the clock of STORAGE."""

UNREAD = "nobody@example"
"""Where STORAGE's management API has another password than the exporter."""


class OpenStack:
    """`with` it: the cloud is there. `configured` adds it to the exporter's configuration."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.alive: dict[Agent, float] = {}
        """Who reports -> how far its writer's clock is ahead."""
        self._over = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            hosts = self.cloud.lab.add_hosts([HostSpec(name) for name in MACHINES])
            self.hosts = {host.name: host for host in hosts}
            self.server = MariaDb(self.hosts[CONTROLLER], max_connections=30)
            self.server.start()
            stack.callback(self.server.kill)
            self.buses = {name: Bus() for name in BUSES}
            self.buses[STORAGE].accepts = UNREAD
            self.nodes = {
                name: stack.enter_context(RabbitmqNode(bus, host=self.hosts[name])) for name, bus in self.buses.items()
            }
            self._serve(stack)
            self._write()
            reporting = threading.Thread(target=self._report, name="agents", daemon=True)
            reporting.start()
            stack.callback(reporting.join)
            stack.callback(self._over.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fail(self) -> None:
        """A hypervisor's agent and all of neutron's are silent; the bus has an alarm; one API breaks."""
        for agent in [one for one in self.alive if one.host == DYING or one.service == "neutron"]:
            self.alive.pop(agent)
        bus = self.buses[CONTROLLER]
        bus.counts["q-plugin"] = (5, 0, 0)
        bus.alarm = True
        self.api.inflict(Fault.NOT_READY, "volume")

    def configured(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The configuration with this cloud beside what it has."""
        quick: dict[str, dict[str, Any]] = {
            "openstack_census": {},
            "openstack_agents": {"answer_limit": 2, **self._rhythms()},
            "openstack_endpoints": {"deadline": 1, "catalog_limit": 2},
            "rabbitmq": {"answer_limit": 2},
        }
        probes = {name: {"interval": self.cloud.pace.interval, **more} for name, more in quick.items()}
        database = {"address": self.server.address, "password_file": str(self.server.password_file)}
        platform = {
            "database": {**database, "heat": "heat"},
            "cells": [{"name": "east", "schema": EAST, **database}],
            "openstack": {"cloud": CLOUD, "clouds_file": str(self.api.clouds_file)},
        }
        return {
            **before,
            "probes": {**before["probes"], **probes},
            "platforms": {**before["platforms"], PLATFORM: platform},
            "hosts": [*before["hosts"], *map(self._block, (CONTROLLER, NETWORK, STORAGE))],
        }

    def _block(self, name: str) -> dict[str, Any]:
        """OpenStack knows no address of those; nor whose the message bus is."""
        block: dict[str, Any] = {"name": name, "address": self.hosts[name].address, "platform": PLATFORM}
        if name not in BUSES:
            return block
        node, password = self.nodes[name], self.api.folder / "bus_password"
        password.write_text(f"{PASSWORD}\n", encoding="utf-8")
        ports = {"prometheus_port": node.prometheus_port, "management_port": node.management_port}
        rabbitmq = {**ports, "user": USER, "password_file": str(password)}
        return {**block, "roles": ["controller", "message_bus"], "probes": {"rabbitmq": rabbitmq}}

    def _rhythms(self) -> dict[str, int]:
        services = ("nova", "neutron", "cinder")
        return {f"{name}_{what}": value for name in services for what, value in _RHYTHM.items()}

    def _serve(self, stack: ExitStack) -> None:
        """The APIs, by TLS."""
        host, folder = self.hosts[CONTROLLER], self.cloud.directory / "openstack"
        folder.mkdir()
        authority = Authority(folder, "Cloud CA")
        tls = authority.issue(host.name, host.address)
        self.api = stack.enter_context(
            OpenStackApiServer(folder, address=host.address, namespace=host.namespace, tls=tls)
        )
        self.api.others = MOST
        self.api.write_clouds(cacert=str(authority.file))

    def _write(self) -> None:
        """Of the cell nobody ever reports: its services keep to memcached."""
        self.database = database = OpenStackDatabase(self.server, cells=("nova", EAST))
        database.create()
        for grant in grants((*(Schema(*one) for one in database.schemas),)):
            self.server.sql(f"GRANT {grant} TO '{MONITOR}'@'%'")
        self.server.sql(f"GRANT SELECT ON nova.compute_nodes TO '{MONITOR}'@'%'")
        told = [database.nova(CONTROLLER, binary) for binary in ("nova-conductor", "nova-scheduler")]
        for number, name in enumerate(COMPUTES, start=1):
            address = self.hosts[name].address if name in self.hosts else "192.0.2.9"
            database.compute_node(name, address)
            told += [database.nova(name, forced_down=int(name == FORCED))]
            told += [database.neutron(name, SWITCH, configurations={"tunneling_ip": f"198.51.100.{number}"})]
        told += [database.neutron(NETWORK, f"neutron-{what}-agent") for what in ("l3", "dhcp", "metadata")]
        told += [database.cinder(CONTROLLER, "cinder-scheduler")]
        self.alive = dict.fromkeys(told, 0.0)
        self.alive[database.cinder(f"{STORAGE}@lvm")] = AHEAD
        database.uninitialised(f"{STORAGE}@ceph")
        for name in SILENT:
            database.nova(name, cell=EAST, report_count=0, last_seen_up=None, updated_at=None)

    def _report(self) -> None:
        """All at once; whatever the conductor was given it keeps, and takes no other."""
        given = 0
        while not self._over.wait(REPORT):
            for agent, ahead in [*self.alive.items()]:
                self.database.report(agent, ahead=ahead)
            given += 1
            self.buses[CONTROLLER].counts["conductor"] = (0, given, 1)


_RHYTHM = {"report_interval": REPORT, "down_time": DOWN}
