"""Management servers with a database: rows say of hosts and servers what CloudStack's would, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.lab import faults
from tests.lab.agent_programs_database import ACCOUNT
from tests.lab.agents import Agent, ManagementServer, pings_stuck, running
from tests.lab.cloud_database import CloudDatabase
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.mysql import MysqlServer, Row
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

EVERY, GONE_AFTER = 0.2, 3.0
DEADLINE = 20.0
NUMBER = 4


@dataclass
class Cloud:
    """Two servers with one database, and the agent of the one host that is in it."""

    database: CloudDatabase
    hosts: list[LabHost]
    servers: list[ManagementServer]
    agent: Agent

    def host(self) -> Row:
        """The host's row."""
        return self.database.rows("host", f"id = {NUMBER}")[0]

    def servers_rows(self) -> list[Row]:
        """The servers' rows, in their order."""
        return sorted(self.database.rows("mshost"), key=lambda row: int(row["msid"]))

    def until(self, condition: Callable[[Row], object], what: str) -> Row:
        """Wait for it to be so of the host's row; gives that."""
        wait_until(lambda: condition(self.host()), DEADLINE, what)
        return self.host()

    def up(self, server: int = 1) -> Row:
        """Wait until that server has it."""
        return self.until(lambda row: (row["status"], row["mgmt_server_id"]) == ("Up", server), "the host to be Up")


@pytest.fixture
def cloud(lab: Lab, mariadb: MysqlServer) -> Iterator[Cloud]:
    """All of it at work."""
    database = CloudDatabase(mariadb)
    database.create()
    for statement in ACCOUNT:
        mariadb.sql(statement)
    hosts = lab.add_hosts([HostSpec(name) for name in ("rows-ms1", "rows-ms2", "rows-kvm")])
    database.hypervisor("rows-kvm", hosts[2].address, id=NUMBER, status="Disconnected")
    servers = [
        ManagementServer(
            host, every=EVERY, check_health=2 * EVERY, database=mariadb.address, msid=number, gone_after=GONE_AFTER
        )
        for number, host in enumerate(hosts[:2], start=1)
    ]
    agent = Agent(hosts[2], hosts[:2], number=NUMBER)
    with running(*servers, agent):
        yield Cloud(database, hosts, servers, agent)
    for host in hosts:
        lab.remove_host(host)
    database.drop()


def test_a_silent_host(cloud: Cloud) -> None:
    """Counted with each change, of nobody while lost; last_ping is when it connected, in ticks, and no heartbeat."""
    before = cloud.up()
    assert abs(before["last_ping"] * 1.024 - time.time()) < DEADLINE
    with faults.frozen(cloud.agent):
        lost = cloud.until(lambda row: row["status"] == "Alert", "the host to be in Alert")
    assert (None, before["last_ping"], before["update_count"] + 1) == (
        lost["mgmt_server_id"],
        lost["last_ping"],
        lost["update_count"],
    )
    assert lost["disconnected"] is not None
    assert ["Host disconnected, name: rows-kvm"] == [
        str(row["subject"]).partition(" (id")[0] for row in cloud.database.rows("alert")
    ]
    again = cloud.until(lambda row: row["status"] == "Up", "the host to be back")
    assert lost["update_count"] + 2 == again["update_count"]


def test_pings_that_are_missing(cloud: Cloud) -> None:
    """The host is Up all the time, and each investigation is counted and moves last_ping."""
    before = cloud.up()
    with pings_stuck(cloud.agent):
        after = cloud.until(lambda row: row["update_count"] > before["update_count"] + 2, "investigations")
        later = cloud.until(lambda row: row["last_ping"] > after["last_ping"], "last_ping to move")
    assert {"Up"} == {after["status"], later["status"]}


def test_a_host_in_maintenance(cloud: Cloud) -> None:
    """Nobody investigates its silence: it is Disconnected, and no alert."""
    cloud.up()
    cloud.database.update("host", f"id = {NUMBER}", resource_state="Maintenance")
    beat = cloud.servers_rows()[0]["last_update"]
    wait_until(lambda: (cloud.servers_rows()[0]["last_update"] - beat).total_seconds() > 2, DEADLINE, "two beats")
    with faults.frozen(cloud.agent):
        cloud.until(lambda row: row["status"] == "Disconnected", "the host to be Disconnected")
    assert [] == cloud.database.rows("alert")
    assert "so no investigation" in cloud.servers[0].log()


def test_a_server_that_is_lost(cloud: Cloud) -> None:
    """Its agents go to the other, which after a while calls it Down; when it is there again it is Up."""
    cloud.up()
    with faults.stopped(cloud.servers[0]):
        cloud.up(2)
        wait_until(lambda: "Down" == cloud.servers_rows()[0]["state"], DEADLINE, "the server to be Down")
        peers = cloud.database.rows("mshost_peer", "peer_state = 'Down'")
        assert [(2, 1)] == [(len(cloud.servers_rows()), len(peers))]
    wait_until(lambda: ["Up", "Up"] == [row["state"] for row in cloud.servers_rows()], DEADLINE, "both to be Up")
    assert "Up" == cloud.host()["status"]


def test_a_database_that_goes_and_comes(cloud: Cloud) -> None:
    """What happened meanwhile is written then."""
    cloud.up()
    server = cloud.database.server
    server.stop()
    cloud.agent.stop()
    wait_until(lambda: "is Alert, current status is Up" in cloud.servers[0].log(), DEADLINE, "the host to be lost")
    server.start()
    cloud.until(lambda row: row["status"] == "Alert", "the row to be written")
