"""What a role refuses is found out by asking, and that costs the cloud nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.model import ApiTarget, CloudKind, CloudTarget, Host, ProbeFailed, Reason
from cs_exporter.platforms.cloudstack import api
from tests.lab.cloud_api import Fault
from tests.platforms.cloudstack.api.cloud_lists import LIMIT, asking, tables


async def test_what_a_role_refuses(tmp_path: Path) -> None:
    """By command, with the API's own words; the others are asked all the same."""
    async with asking(tmp_path, tables(), forbidden={"listHosts", "listClusters"}) as (_, lists, server):
        refused = await api.refused(lists, LIMIT)
        asked = {asked.command for asked in server.asked}
    assert ["listHosts", "listClusters"] == [*refused]
    assert all("is not available for user. (401)" in said for said in refused.values())
    assert {*api.COMMANDS} - refused.keys() == asked


async def test_a_role_that_allows_all(tmp_path: Path) -> None:
    """Nothing is refused; what is asked for is a name that nothing has, of hosts and guests without their details."""
    async with asking(tmp_path, tables()) as (_, lists, server):
        assert {} == await api.refused(lists, LIMIT)
        asked = {asked.command: asked.arguments for asked in server.asked}
    assert {*api.COMMANDS} == {*asked}
    assert {"cs_exporter.checklist"} == {arguments["name"] for arguments in asked.values()}
    assert ("min", "min") == (asked["listHosts"]["details"], asked["listVirtualMachines"]["details"])


async def test_a_cloud_that_is_not_well_refuses_nothing(tmp_path: Path) -> None:
    """An error of its own says nothing of rights."""
    async with asking(tmp_path, tables()) as (_, lists, server):
        server.inflict(Fault.INTERNAL, "listClusters")
        with pytest.raises(ProbeFailed) as failure:
            await api.refused(lists, LIMIT)
    assert Reason.NOT_READY is failure.value.reason


def test_what_is_typed_to_allow_commands() -> None:
    """One rule each, on one line."""
    rule = "cmk create rolepermission roleid=ROLE permission=allow rule="
    assert f"{rule}listHosts; {rule}listClusters" == api.allowing(["listHosts", "listClusters"])


@pytest.mark.parametrize(("target", "needed"), [(ApiTarget("http://ms1", "k", "s"), True), (None, False)])
def test_who_needs_it(target: ApiTarget | None, needed: bool) -> None:  # noqa: FBT001  # a table's column
    """A cloud whose API is configured."""
    cloud = CloudTarget(CloudKind.CLOUDSTACK, "cloud", target)
    assert needed is api.NEED.applies(Host("endpoint:c", "192.0.2.1", cloud=cloud))
    assert not api.NEED.applies(Host("kvm1", "192.0.2.1"))
