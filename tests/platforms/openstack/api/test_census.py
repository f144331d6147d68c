"""Who belongs to a cloud, by lists of its APIs; an answer in which somebody may be missing says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.model import Place, ProbeFailed, Reason, Role, Traffic
from cs_exporter.platforms.openstack.api import census
from tests.lab.openstack_api import Fault, captured
from tests.platforms.openstack.api.open_lists import LIMIT, cloud

DOWN = {"binary": "nova-compute", "host": "cmp9", "status": "UNKNOWN"}


def hypervisor(host: str, address: str, kind: str = "QEMU") -> Mapping[str, Any]:
    """A row of nova.hypervisors."""
    return {
        "hypervisor_hostname": f"{host}.example",
        "host_ip": address,
        "hypervisor_type": kind,
        "service": {"host": host},
    }


async def test_machines_have_the_roles_of_their_agents(tmp_path: Path) -> None:
    """By name; a loopback is no address, so that the name counts."""
    async with cloud(tmp_path) as (_, host, api):
        found = await census(host, api, LIMIT)
    roles = {one.uuid: one.roles for one in found.hosts}
    hypervisor, controller, network = Role.HYPERVISOR, Role.CONTROLLER, Role.NETWORK
    assert {"cmp1": {hypervisor}, "cmp2": {hypervisor}, "ctl1": {controller}, "net1": {network}} == roles
    assert {one.name for one in found.hosts} == {one.address for one in found.hosts}
    assert (True, ()) == (found.complete, found.lacking)


async def test_what_nova_knows_of_hypervisors(tmp_path: Path) -> None:
    """Their addresses and kinds, by the name of their nova-compute; where several share one, what they agree on."""
    rows = [
        hypervisor("cmp1", "192.0.2.11"),
        hypervisor("cmp2", "192.0.2.12", "ironic"),
        hypervisor("cmp2", "192.0.2.13", "ironic"),
    ]
    async with cloud(tmp_path, lists={"nova.hypervisors": rows}) as (_, host, api):
        found = {one.name: one for one in (await census(host, api, LIMIT)).hosts}
    assert ("192.0.2.11", Place("nova", hypervisor="QEMU")) == (found["cmp1"].address, found["cmp1"].place)
    assert ("cmp2", Place("nova", hypervisor="ironic")) == (found["cmp2"].address, found["cmp2"].place)


async def test_maintenance_and_tunnels(tmp_path: Path) -> None:
    """forced_down is planned work; a tunnel's endpoint is the address on the overlay."""
    agents = captured("neutron-agents.json", "agents")
    for agent in agents:
        if agent["host"] == "cmp1":
            agent["configurations"]["tunneling_ip"] = "10.9.0.11"
    nova = captured("disabled_forceddown_nova-os-services-2.69.json", "services")
    async with cloud(tmp_path, lists={"neutron.agents": agents, "nova.services": nova}) as (_, host, api):
        found = {one.name: one for one in (await census(host, api, LIMIT)).hosts}
    assert ["cmp2"] == [name for name, one in found.items() if one.maintenance]
    assert {"cmp1": {Traffic.OVERLAY: "10.9.0.11"}} == {
        name: one.addresses for name, one in found.items() if one.addresses
    }


async def test_where_a_cell_is_down_nobody_counts_as_gone(tmp_path: Path) -> None:
    """Its computes are named; others of it may not be."""
    nova = [*captured("nova-os-services-2.69.json", "services"), DOWN]
    async with cloud(tmp_path, lists={"nova.services": nova}) as (_, host, api):
        found = await census(host, api, LIMIT)
    assert (False, True) == (found.complete, "cmp9" in {one.name for one in found.hosts})
    assert "a cell is down" in found.lacking[0]


async def test_an_old_nova_leaves_out_cells_that_are_down(tmp_path: Path) -> None:
    """So whoever is missing there may be in one of them."""
    async with cloud(tmp_path, newest=(2, 60)) as (_, host, api):
        found = await census(host, api, LIMIT)
    assert (False, 4) == (found.complete, len(found.hosts))
    assert "older than 2.69" in found.lacking[0]


@pytest.mark.parametrize("what", ["nova.services", "neutron.agents", "cinder.services"])
async def test_a_list_that_is_refused_leaves_the_census_incomplete(tmp_path: Path, what: str) -> None:
    """A policy of one service; the others' machines are found."""
    async with cloud(tmp_path) as (server, host, api):
        server.inflict(Fault.FORBIDDEN, what)
        found = await census(host, api, LIMIT)
    assert (False, 1) == (found.complete, len(found.lacking))
    assert len(found.hosts) >= 3


async def test_an_account_that_may_see_nobody_is_no_cloud_without_machines(tmp_path: Path) -> None:
    """A wrong password, and a role for which neutron's list is empty: each refusal is told, once."""
    async with cloud(tmp_path, filtered=True) as (server, host, api):
        for what in ("nova.services", "cinder.services"):
            server.inflict(Fault.FORBIDDEN, what)
        with pytest.raises(ProbeFailed) as forbidden:
            await census(host, api, LIMIT)
    assert Reason.DENIED is forbidden.value.reason
    assert ["Policy says: Forbidden", "neutron.agents: the list is empty", "Cinder says: Forbidden"] == [
        said
        for said in ("Policy says: Forbidden", "neutron.agents: the list is empty", "Cinder says: Forbidden")
        if said in forbidden.value.detail
    ]
    async with cloud(tmp_path) as (server, host, api):
        server.password += "-of-somebody-else"
        with pytest.raises(ProbeFailed) as denied:
            await census(host, api, LIMIT)
    assert (Reason.DENIED, 1) == (denied.value.reason, denied.value.detail.count("(401)"))


async def test_a_catalog_without_any_service_is_no_empty_cloud(tmp_path: Path) -> None:
    """Of another region, or of a project that has none."""
    async with cloud(tmp_path, absent={"compute", "network", "volumev3"}) as (_, host, api):
        with pytest.raises(ProbeFailed, match="the cloud's catalog has no compute service"):
            await census(host, api, LIMIT)


async def test_hypervisors_may_be_hidden(tmp_path: Path) -> None:
    """Addresses are lacking then, and no machine."""
    async with cloud(tmp_path) as (server, host, api):
        server.inflict(Fault.FORBIDDEN, "nova.hypervisors")
        found = await census(host, api, LIMIT)
    assert (True, 1, 4) == (found.complete, len(found.lacking), len(found.hosts))


@pytest.mark.parametrize("what", ["nova.services", "nova.hypervisors", "neutron.agents", "cinder.services"])
async def test_a_list_that_fails_otherwise_fails_the_census(tmp_path: Path, what: str) -> None:
    """Roles and addresses would change to and fro."""
    async with cloud(tmp_path) as (server, host, api):
        server.inflict(Fault.NOT_READY, what)
        with pytest.raises(ProbeFailed) as caught:
            await census(host, api, LIMIT)
    assert Reason.NOT_READY is caught.value.reason


async def test_a_cloud_without_volumes_is_complete(tmp_path: Path) -> None:
    """What the catalog has not, nobody misses."""
    async with cloud(tmp_path, absent={"volumev3"}) as (_, host, api):
        found = await census(host, api, LIMIT)
    assert (True, (), 4) == (found.complete, found.lacking, len(found.hosts))
