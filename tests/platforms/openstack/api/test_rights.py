"""What an account of the APIs may not list: each list by its own policy, whatever the others say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed
from cs_exporter.platforms.openstack.api import COMMANDS, NEED, POLICIES, allowing, refused
from tests.lab.openstack_api import Fault
from tests.platforms.openstack.api.open_lists import LIMIT, cloud


def test_all_that_is_listed_has_its_policy() -> None:
    """But the catalog, which comes with every login."""
    assert {*COMMANDS} - {"keystone.endpoints"} == {*POLICIES}
    assert all(rule in NEED.mend for _, rule in POLICIES.values())


async def test_nothing_is_refused(tmp_path: Path) -> None:
    """By an administrator's account; nor by a service that is not there."""
    async with cloud(tmp_path, absent={"volumev3"}) as (_, _host, api):
        assert {} == await refused(api, LIMIT)


@pytest.mark.parametrize("command", POLICIES)
async def test_one_list_is_refused(tmp_path: Path, command: str) -> None:
    """With the service's own words."""
    async with cloud(tmp_path) as (server, _, api):
        server.inflict(Fault.FORBIDDEN, command)
        found = await refused(api, LIMIT)
    assert [command] == [*found]
    assert "(403)" in found[command]


async def test_an_empty_list_of_neutron_is_a_refusal(tmp_path: Path) -> None:
    """With status 200."""
    async with cloud(tmp_path, filtered=True) as (_, _host, api):
        assert ["neutron.agents"] == [*await refused(api, LIMIT)]


async def test_who_can_not_log_in_is_refused_everything(tmp_path: Path) -> None:
    """By one attempt."""
    async with cloud(tmp_path) as (server, _, api):
        server.password += "-of-somebody-else"
        assert {*POLICIES} == {*await refused(api, LIMIT)}
        assert 1 == sum(each.method == "POST" for each in server.asked)


async def test_a_service_that_fails_is_no_refusal(tmp_path: Path) -> None:
    """It is not known what the account may do there."""
    async with cloud(tmp_path) as (server, _, api):
        server.inflict(Fault.NOT_READY, "nova.hypervisors")
        with pytest.raises(ProbeFailed, match=r"\(503\)"):
            await refused(api, LIMIT)


def test_what_is_to_be_written() -> None:
    """Into the policy of each service."""
    expected = (
        '/etc/nova/policy.yaml: "os_compute_api:os-services:list": "role:admin or role:ROLE"; '
        '/etc/neutron/policy.yaml: "get_agent": "role:admin or role:ROLE"'
    )
    assert expected == allowing(["nova.services", "neutron.agents"])
