"""Lists of OpenStack's services come whole, in the version that a cloud knows, whatever an endpoint looks like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.openstack.api import COMMANDS
from cs_exporter.transports.clouds.openstack_lists import LISTS, collected
from cs_exporter.transports.clouds.openstack_sdk import ENDPOINTS
from tests.lab.openstack_api import OpenStackApiServer
from tests.transports.clouds.answers import answer
from tests.transports.clouds.open_clouds import ask_open

DOWN = {"binary": "nova-compute", "host": "cmp9", "status": "UNKNOWN"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OpenStackApiServer]:
    """With the captured lists."""
    with OpenStackApiServer(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("command", "endpoint", "expected"),
    [
        ("nova.services", "http://ctl:8774/v2.1", "http://ctl:8774/v2.1/os-services"),
        ("nova.services", "http://ctl:8774/v2.1/", "http://ctl:8774/v2.1/os-services"),
        ("nova.services", "http://ctl:8774", "http://ctl:8774/v2.1/os-services"),
        ("nova.services", "http://ctl/compute/v2/p1", "http://ctl/compute/v2/p1/os-services"),
        ("neutron.agents", "https://vip4.example:9696", "https://vip4.example:9696/v2.0/agents"),
        ("neutron.agents", "http://ctl/network/v2.0/", "http://ctl/network/v2.0/agents"),
        ("cinder.services", "http://ctl:8776/v3/p1", "http://ctl:8776/v3/p1/os-services"),
        ("cinder.services", "http://ctl/volume", "http://ctl/volume/v3/p1/os-services"),
    ],
)
def test_addresses_of_lists(command: str, endpoint: str, expected: str) -> None:
    """A version of our own only where the endpoint names none."""
    assert expected == LISTS[command].url(endpoint, "p1")


def test_whatever_the_platform_asks_is_known() -> None:
    """And nothing more can be asked."""
    assert {*LISTS, ENDPOINTS} == set(COMMANDS)


async def test_cells_that_are_down_are_told_where_nova_can(server: OpenStackApiServer) -> None:
    """In short rows; an older nova is asked as it understands."""
    server.lists["nova.services"] = [{**DOWN, "id": "u1", "state": "up", "forced_down": True}, DOWN]
    newest = await ask_open(server.target)
    server.newest = (2, 60)
    older = await ask_open(server.target)
    assert ([True, False], [True]) == (["state" in row for row in newest], [row["forced_down"] for row in older])


async def test_pages_are_followed_to_the_end(server: OpenStackApiServer) -> None:
    """Those of neutron and of nova's hypervisors."""
    server.page_size = 1
    hosts = [row["host"] for row in await ask_open(server.target, "neutron.agents")]
    names = [row["hypervisor_hostname"] for row in await ask_open(server.target, "nova.hypervisors")]
    assert (["net1", "net1", "cmp1", "net1", "cmp2"], ["cmp1", "cmp2"]) == (hosts, names)


def test_only_the_query_of_the_next_page_is_taken() -> None:
    """Behind a balancer, a service thinks of itself by another address."""
    asked = []
    pages = iter(
        [
            {
                "agents": [{"id": 1}],
                "agents_links": [{"rel": "next", "href": "http://10.0.0.9:9696/x?limit=1&marker=1"}],
            },
            {"agents": [{"id": 2}], "agents_links": [{"rel": "previous", "href": "http://10.0.0.9:9696/x?a=b"}]},
        ]
    )

    def ask(query: str, microversion: str) -> object:
        asked.append((query, microversion))
        return answer(200, next(pages))

    assert ({"id": 1}, {"id": 2}) == collected(LISTS["neutron.agents"], ask)  # type: ignore[arg-type]  # an answer
    assert [("", ""), ("limit=1&marker=1", "")] == asked


@pytest.mark.parametrize(
    "body",
    [
        {"agents": [], "agents_links": [{"rel": "next", "href": "http://ctl/?marker=1"}]},
        {"agents": {}},
        {"agents": [1]},
        {"others": []},
        ["agents"],
    ],
)
def test_answers_that_are_no_lists(body: object) -> None:
    """JSON of the service, and not what was asked for; or a list that leads on without giving anything."""
    with pytest.raises(ProbeFailed) as caught:
        collected(LISTS["neutron.agents"], lambda _query, _version: answer(200, body))
    assert Reason.UNPARSABLE is caught.value.reason
