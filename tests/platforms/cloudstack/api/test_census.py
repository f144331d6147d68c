"""Who belongs to a cloud by its API: every machine with its place and mounts, and never fewer because of a refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cs_exporter.model import Census, CloudHost, CloudMount, Place, ProbeFailed, Reason, Role, Traffic
from cs_exporter.platforms.cloudstack import api
from tests.lab import fair
from tests.lab.cloud_api import Fault, Manner
from tests.platforms.cloudstack.api.cloud_lists import LIMIT, Rows, asking, host, pool, tables, vm


async def taken(folder: Path, rows: dict[str, Rows], **options: Any) -> Census:  # noqa: ANN401  # the server's
    """The census of a cloud with these tables."""
    async with asking(folder, rows, **options) as (endpoint, lists, _):
        return await api.census(endpoint, lists, LIMIT)


def named(census: Census, name: str) -> CloudHost:
    """The machine of that name."""
    [found] = [machine for machine in census.hosts if machine.name == name]
    return found


async def test_a_hypervisor_with_all_that_is_told(tmp_path: Path) -> None:
    """Names of its place come from clusters, because details=min has ids only; settings are the cloud's."""
    settings: Rows = [{"name": "ping.interval", "value": "30"}, {"name": "ping.timeout", "default_value": "3"}]
    census = await taken(tmp_path, tables(storage_pool=[pool(1)], configuration=settings))
    expected = CloudHost(
        uuid="host-1",
        name="kvm1",
        address="192.0.2.1",
        roles=frozenset({Role.HYPERVISOR}),
        place=Place("zone1", "pod1", "cluster1", "KVM"),
        mounts=(CloudMount("/mnt/pool-1", "192.0.2.40", "/export/1"),),
        settings={"agent_heartbeat": {"ping_interval": 30.0, "ping_timeout": 3.0}},
    )
    assert expected == named(census, "kvm1")
    assert (True, frozenset(), False) == (census.complete, census.removed, census.stand_in)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, 60.0), ("", 60.0), ("often", 60.0), ("-1", 60.0), ("inf", 60.0), ("15", 15.0)]
)
async def test_a_setting_without_a_number_is_what_is_built_in(
    tmp_path: Path, value: str | None, expected: float
) -> None:
    """And a setting whose name only contains the one that is meant is another."""
    rows: Rows = [{"name": "ping.interval.other", "value": "1"}, {"name": "ping.interval", "value": value}]
    census = await taken(tmp_path, tables(configuration=rows))
    assert expected == named(census, "kvm1").settings["agent_heartbeat"]["ping_interval"]


@pytest.mark.parametrize(
    ("columns", "maintenance"),
    [
        ({"resource_state": "Maintenance"}, True),
        ({"resource_state": "PrepareForMaintenance"}, True),
        ({"resource_state": "ErrorInMaintenance"}, False),
        ({"resource_state": "Disabled"}, False),
        ({"status": "Alert"}, False),
    ],
)
async def test_planned_work(tmp_path: Path, columns: dict[str, str], maintenance: bool) -> None:  # noqa: FBT001  # a table's column
    """Only what is planned mutes; whatever its state, the machine is there."""
    census = await taken(tmp_path, tables(host=[host(1, **columns)]))
    assert maintenance is named(census, "kvm1").maintenance


async def test_hypervisors_that_nobody_logs_in_to(tmp_path: Path) -> None:
    """They have no mounts of ours either."""
    rows = tables(host=[host(1, hypervisor_type="VMware")], storage_pool=[pool(1, scope="ZONE", cluster_id=None)])
    found = named(await taken(tmp_path, rows), "kvm1")
    assert (False, ()) == (found.asked, found.mounts)


async def test_management_servers_and_system_vms(tmp_path: Path) -> None:
    """A system VM is at its public address; one that is going is not there; other guests are not machines of ours."""
    rows = tables(
        vm_instance=[
            vm(2, "Running", "ConsoleProxy", private_ip_address="192.0.2.52"),
            vm(3, "Starting", "SecondaryStorageVm", private_ip_address="192.0.2.53", hypervisor_type="KVM"),
            vm(4, "Expunging", "SecondaryStorageVm", private_ip_address="192.0.2.54"),
            vm(5, "Running"),
        ],
        console_proxy=[{"id": 2, "public_ip_address": "203.0.113.2"}],
        mshost=[
            {
                "msid": 7,
                "uuid": "server-7",
                "name": "mgmt1",
                "state": "PreparingForMaintenance",
                "service_ip": "192.0.2.7",
            }
        ],
    )
    census = await taken(tmp_path, rows)
    assert ["kvm1", "mgmt1", "vm2", "vm3"] == [machine.name for machine in census.hosts]
    proxy, other, server = (named(census, name) for name in ("vm2", "vm3", "mgmt1"))
    assert ("203.0.113.2", {Traffic.MANAGEMENT: "192.0.2.52"}, False) == (proxy.address, proxy.addresses, proxy.asked)
    assert ("192.0.2.53", {}) == (other.address, other.addresses)
    assert Place("zone1", "pod1", "", "KVM") == other.place
    assert [frozenset({role}) for role in (Role.CONSOLE_PROXY, Role.SECONDARY_STORAGE_VM, Role.MANAGEMENT)] == [
        machine.roles for machine in (proxy, other, server)
    ]
    assert (True, True) == (server.asked, server.maintenance)


async def test_storage_servers(tmp_path: Path) -> None:
    """Of pools that somebody mounts, and of secondary storage; a machine of the cloud that is one has both roles."""
    stores = [
        {"id": 1, "name": "a", "protocol": "nfs", "url": "nfs://192.0.2.41/export/a", "data_center_id": 1},
        {"id": 2, "name": "b", "protocol": "s3", "url": "https://s3.example/b", "data_center_id": None},
    ]
    pools = [
        pool(1),
        pool(2, host_address="192.0.2.1", status="Maintenance"),
        pool(3, pool_type="RBD"),
        pool(4, scope="HOST"),
    ]
    pools.append(pool(5, host_address="192.0.2.45", cluster_id=2))
    census = await taken(tmp_path, tables(storage_pool=pools, image_store=stores))
    assert ["kvm1", "mgmt1", "192.0.2.40", "192.0.2.41"] == [machine.name for machine in census.hosts]
    assert frozenset({Role.HYPERVISOR, Role.STORAGE}) == named(census, "kvm1").roles
    assert "nfs:192.0.2.41" == named(census, "192.0.2.41").uuid


@pytest.mark.parametrize(
    ("command", "complete", "words"),
    [
        ("listManagementServers", False, "management servers: listManagementServers at"),
        ("listSystemVms", False, "system VMs: listSystemVms at"),
        ("listStoragePools", False, "primary storage: listStoragePools at"),
        ("listImageStores", False, "secondary storage: listImageStores at"),
        ("listClusters", True, "names of zones, pods and clusters: listClusters at"),
        ("listConfigurations", True, "setting ping.interval: listConfigurations at"),
    ],
)
async def test_what_the_account_may_not_list_is_said(tmp_path: Path, command: str, complete: bool, words: str) -> None:  # noqa: FBT001  # a table's column
    """And where machines may be missing for it, nobody counts as gone."""
    census = await taken(tmp_path, tables(), forbidden={command})
    assert complete is census.complete
    assert any(line.startswith(words) for line in census.lacking), census.lacking
    assert "kvm1" == census.hosts[0].name


async def test_settings_that_may_not_be_read_are_not_the_defaults(tmp_path: Path) -> None:
    """A cloud with long intervals would page for every host, just when only the API can be asked."""
    refused = await taken(tmp_path, tables(), forbidden={"listConfigurations"})
    unset = await taken(tmp_path, tables())
    assert {} == refused.hosts[0].settings
    assert {"agent_heartbeat": {"ping_interval": 60.0, "ping_timeout": 2.5}} == unset.hosts[0].settings


@pytest.mark.parametrize("command", ["listHosts", "listSystemVms", "listConfigurations"])
@pytest.mark.parametrize("fault", [Fault.INTERNAL, Fault.HTML_503, Fault.SHORT_PAGE])
async def test_a_list_that_fails_fails_the_census(tmp_path: Path, command: str, fault: Fault) -> None:
    """Half of one would look like machines that are gone."""
    rows = tables(
        vm_instance=[vm(2, "Running", "ConsoleProxy")], configuration=[{"name": "ping.interval", "value": "9"}]
    )
    async with asking(tmp_path, rows) as (endpoint, lists, server):
        server.inflict(fault, command)
        with pytest.raises(ProbeFailed) as caught:
            await api.census(endpoint, lists, LIMIT)
    assert caught.value.reason in (Reason.NOT_READY, Reason.UNPARSABLE)


async def test_machines_without_an_address(tmp_path: Path) -> None:
    """Old versions tell none of management servers: these are left out, are not gone, and nobody else is protected."""
    census = await taken(tmp_path, tables(), manner=Manner(server_addresses=False))
    assert (["kvm1"], True) == ([machine.name for machine in census.hosts], census.complete)
    assert (frozenset({"server-7"}), ()) == (census.nowhere, census.lacking)
    assert any(line.startswith("addresses of mgmt1:") for line in census.untold)


async def test_all_lists_together_have_one_deadline(tmp_path: Path) -> None:
    """A list that never comes takes what is left, and no more."""
    began = fair.seconds()
    async with asking(tmp_path, tables()) as (endpoint, lists, server):
        server.inflict(Fault.HANG, "listManagementServers")
        with pytest.raises(ProbeFailed) as caught:
            await api.census(endpoint, lists, 0.5)
        assert fair.seconds() - began < 5
    assert caught.value.reason is Reason.MUTE
