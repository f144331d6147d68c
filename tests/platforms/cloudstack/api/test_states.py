"""How a cloud is by its API: states as they are, dates of every form, and what is not told is None and said."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.cloudstack import api
from cs_exporter.platforms.cloudstack.states import (
    HostState,
    ImageStoreState,
    Part,
    PoolState,
    ServerState,
    Source,
    States,
    SystemVmState,
)
from tests.lab.cloud_api import Fault, Manner
from tests.platforms.cloudstack.api.cloud_lists import CONNECTED, LIMIT, Rows, asking, host, pool, tables, vm


async def seen(folder: Path, rows: dict[str, Rows], **options: Any) -> States:  # noqa: ANN401  # the server's
    """The states of a cloud with these tables."""
    async with asking(folder, rows, **options) as (endpoint, lists, _):
        return await api.states(endpoint, lists, LIMIT)


MANNERS = [
    Manner(),
    Manner(offset=5.5),
    Manner(offset=-8),
    Manner(raw_pings=False),
    Manner(raw_pings=False, offset=5.5),
    Manner(page_limit=1),
]


@pytest.mark.parametrize("manner", MANNERS, ids=str)
async def test_hosts_in_every_manner_of_dates(tmp_path: Path, manner: Manner) -> None:
    """A raw tick of 1970 and a true date, in any zone, are the same moment."""
    states = await seen(tmp_path, tables(host=[host(1), host(2, type="SecondaryStorage")]), manner=manner)
    expected = HostState("host-1", "kvm1", "Routing", "Up", "Enabled", "KVM", "mgmt1", connected=CONNECTED)
    assert (Source.API, (expected,)) == (states.source, states.hosts)
    assert manner.raw_pings is any("17 minutes" in line for line in states.lacking)


async def test_a_host_that_is_lost_belongs_to_no_server(tmp_path: Path) -> None:
    """And one that was never connected has no date."""
    rows = tables(host=[host(1, status="Alert", mgmt_server_id=None, last_ping=None)])
    [found] = (await seen(tmp_path, rows)).hosts
    assert ("Alert", "", None) == (found.state, found.server, found.connected)


async def test_servers_have_the_agents_of_their_hosts(tmp_path: Path) -> None:
    """System VMs' agents count, as in the cloud."""
    rows = tables(host=[host(1), host(2, type="ConsoleProxy", name="v-2-VM"), host(3, mgmt_server_id=None)])
    states = await seen(tmp_path, rows)
    assert (ServerState("server-7", "mgmt1", "Up", "192.0.2.7", agents=2),) == states.servers


async def test_old_versions_do_not_name_the_server_of_a_host(tmp_path: Path) -> None:
    """Nor is a host then taken for lost, or a server for one without agents."""
    states = await seen(tmp_path, tables(), manner=Manner(server_uuids=False))
    assert ("7", None) == (states.hosts[0].server, states.servers[0].agents)
    assert any(line.startswith("which management server has which host") for line in states.lacking)


async def test_system_vms_and_their_agents(tmp_path: Path) -> None:
    """One whose agent never connected has none; one that is being expunged is not there."""
    rows = tables(
        host=[host(1), host(2, type="ConsoleProxy", name="vm2", status="Disconnected")],
        vm_instance=[
            vm(2, "Running", "ConsoleProxy"),
            vm(3, "Running", "SecondaryStorageVm"),
            vm(4, "Expunging", "ConsoleProxy"),
        ],
        console_proxy=[{"id": 2, "public_ip_address": "203.0.113.2"}],
    )
    states = await seen(tmp_path, rows)
    expected = (
        SystemVmState("vm2", "ConsoleProxy", "Running", "Disconnected", "203.0.113.2", "zone1", "vm-2"),
        SystemVmState("vm3", "SecondaryStorageVM", "Running", "", "", "zone1", "vm-3"),
    )
    assert expected == states.system_vms


async def test_guests_between_two_states(tmp_path: Path) -> None:
    """By zone and state, a project's too, with the age of whom was touched first; system VMs come without an age."""
    earlier = dt.datetime.fromtimestamp(time.time() - 600, dt.UTC).replace(tzinfo=None)
    rows = tables(
        data_center=[{"id": n, "uuid": f"zone-{n}", "name": f"zone{n}"} for n in (1, 2)],
        account=[{"id": 9, "type": 5}],
        vm_instance=[
            vm(2, "Migrating"),
            vm(3, "Migrating", update_time=earlier, account_id=9),
            vm(4, "Error", data_center_id=2),
            vm(5, "Running"),
            vm(6, "Starting", "ConsoleProxy"),
        ],
    )
    states = await seen(tmp_path, rows)
    found = [(vms.zone, vms.state, vms.count) for vms in states.vms]
    assert [("zone1", "Migrating", 2), ("zone1", "Starting", 1), ("zone2", "Error", 1)] == found
    ages = [None if vms.oldest is None else round(vms.oldest, -1) for vms in states.vms]
    assert [600, None, 60] == ages


async def test_storage(tmp_path: Path) -> None:
    """Whose hosts have a pool is asked of the pools' scope, and only where it is not Up; no secret of a URL stays."""
    rows = tables(
        host=[host(1), host(2, cluster_id=2), host(3, hypervisor_type="VMware")],
        storage_pool=[pool(1), pool(2, status="Maintenance"), pool(3, status="Removed", scope="ZONE", cluster_id=None)],
        image_store=[
            {
                "id": 1,
                "name": "s",
                "protocol": "cifs",
                "url": "cifs://u:p@192.0.2.41/s?password=x",
                "data_center_id": 1,
                "readonly": 1,
            }
        ],
    )
    states = await seen(tmp_path, rows)
    kind = "NetworkFilesystem"
    assert (
        PoolState("pool-1", "pool1", kind, "Up", "192.0.2.40", "/export/1", "zone1"),
        PoolState("pool-2", "pool2", kind, "Maintenance", "192.0.2.40", "/export/2", "zone1", ("host-1",)),
        PoolState("pool-3", "pool3", kind, "Removed", "192.0.2.40", "/export/3", "zone1", ("host-1", "host-2")),
    ) == states.pools
    assert (ImageStoreState("s", "cifs", "cifs://192.0.2.41/s", readonly=True, zone="zone1"),) == states.image_stores


async def test_what_agents_are_told_to_connect_to(tmp_path: Path) -> None:
    """The setting `host`, without the way to choose from it; others that contain the word are not it."""
    rows = tables(
        configuration=[{"name": "a.host", "value": "no"}, {"name": "host", "value": "192.0.2.7, 192.0.2.8@static"}]
    )
    assert ("192.0.2.7", "192.0.2.8") == (await seen(tmp_path, rows)).agents_servers


async def test_what_the_api_never_tells_is_none(tmp_path: Path) -> None:
    """And said."""
    states = await seen(tmp_path, tables())
    assert (None, None, None) == (states.investigations, states.hosts[0].transitions, states.servers[0].beat_age)
    assert any("investigations" in line for line in states.lacking)


async def test_guests_that_may_not_be_listed_are_asked_for_once(tmp_path: Path) -> None:
    """A role without the command has it for no state."""
    async with asking(tmp_path, tables(), forbidden={"listVirtualMachines"}) as (endpoint, lists, server):
        states = await api.states(endpoint, lists, LIMIT)
        assert ((), frozenset({Part.VMS})) == (states.vms, states.untold)
        assert "listVirtualMachines" not in {asked.command for asked in server.asked}
    assert 1 == sum("listVirtualMachines" in line for line in states.lacking)


async def test_a_list_that_fails_fails_the_states(tmp_path: Path) -> None:
    """A cloud without its Alerts would look well."""
    async with asking(tmp_path, tables()) as (endpoint, lists, server):
        server.inflict(Fault.HTML_503, "listStoragePools")
        with pytest.raises(ProbeFailed) as caught:
            await api.states(endpoint, lists, LIMIT)
    assert caught.value.reason is Reason.NOT_READY


async def test_guests_that_take_too_long_are_not_told(tmp_path: Path) -> None:
    """They are the last that is asked for, and the least: hosts have their states all the same."""
    async with asking(tmp_path, tables(vm_instance=[vm(2, "Error")])) as (endpoint, lists, server):
        server.inflict(Fault.HANG, "listVirtualMachines")
        states = await api.states(endpoint, lists, 1.0)
    assert ("Up", (), frozenset({Part.VMS})) == (states.hosts[0].state, states.vms, states.untold)
    assert any(line.startswith("guests: ") for line in states.lacking)


@pytest.mark.parametrize(
    ("command", "untold"),
    [
        ("listManagementServers", {Part.SERVERS}),
        ("listSystemVms", {Part.SYSTEM_VMS, Part.VMS}),
        ("listStoragePools", {Part.POOLS}),
        ("listImageStores", {Part.IMAGE_STORES}),
    ],
)
async def test_a_list_that_is_refused_is_untold(tmp_path: Path, command: str, untold: set[Part]) -> None:
    """It is not a cloud that has none of them."""
    assert untold == (await seen(tmp_path, tables(), forbidden={command})).untold
