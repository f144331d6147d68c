"""The lab's OpenStack APIs keep to what live ones do: tokens, versions, pages, and errors in each service's shape."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.lab.openstack_api import PATHS, Fault, OpenStackApiServer

COMPUTE = "/compute/v2.1/os-services"
DOWN = {"binary": "nova-compute", "host": "cmp9", "status": "UNKNOWN"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OpenStackApiServer]:
    """One that runs."""
    with OpenStackApiServer(tmp_path) as made:
        yield made


def login(server: OpenStackApiServer, password: str | None = None) -> requests.Response:
    """What keystone answers. Raises HTTPError."""
    user = {"name": "monitor", "domain": {"name": "Default"}, "password": password or server.password}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    response = requests.post(f"{server.auth_url}/auth/tokens", json=body, timeout=5)
    response.raise_for_status()
    return response


def token(server: OpenStackApiServer, password: str | None = None) -> str:
    """Of a login. Raises HTTPError."""
    return login(server, password).headers["X-Subject-Token"]


def ask(server: OpenStackApiServer, path: str, token: str, **headers: str) -> requests.Response:
    """A list."""
    return requests.get(f"{server.origin}{path}", headers={"X-Auth-Token": token, **headers}, timeout=5)


def body(response: requests.Response) -> Mapping[str, Any]:
    """Its JSON."""
    given: Mapping[str, Any] = json.loads(response.content)
    return given


def test_lists_are_for_who_logged_in(server: OpenStackApiServer) -> None:
    """A token that nobody gave, or that is forgotten, opens nothing; nor does a wrong password."""
    good = token(server)
    assert [HTTPStatus.OK] * 4 == [ask(server, path, good).status_code for path in PATHS]
    assert [HTTPStatus.UNAUTHORIZED] * 4 == [ask(server, path, "other").status_code for path in PATHS]
    server.forget_tokens()
    assert HTTPStatus.UNAUTHORIZED == ask(server, COMPUTE, good).status_code
    with pytest.raises(requests.HTTPError, match="401"):
        token(server, "wrong")


def test_rows_follow_the_microversion(server: OpenStackApiServer) -> None:
    """Of a cell that is down from 2.69 on; one that nova does not know is not acceptable."""
    server.newest = (2, 90)
    server.lists["nova.services"] = lambda: [{**DOWN, "state": "up", "forced_down": False, "id": "u"}, DOWN]
    good = token(server)
    asked = {
        v: ask(server, COMPUTE, good, **{"OpenStack-API-Version": f"compute {v}"}) for v in ("2.69", "2.53", "2.91")
    }
    assert HTTPStatus.NOT_ACCEPTABLE == asked["2.91"].status_code
    assert [2, 1] == [len(body(asked[version])["services"]) for version in ("2.69", "2.53")]
    oldest = body(ask(server, COMPUTE, good))["services"]
    assert [(1, False)] == [(row["id"], "forced_down" in row) for row in oldest]


def test_pages_lead_to_each_other(server: OpenStackApiServer) -> None:
    """By a link, as long as there is more."""
    server.page_size = 2
    good, path, hosts = token(server), "/network/v2.0/agents", []
    for _ in range(3):
        answer = body(ask(server, path, good))
        hosts += [agent["host"] for agent in answer["agents"]]
        links = answer.get("agents_links", [])
        path = links[0]["href"].removeprefix(server.origin) if links else ""
    assert (["net1", "net1", "cmp1", "net1", "cmp2"], "") == (hosts, path)


def test_the_catalog_leads_here(server: OpenStackApiServer) -> None:
    """With what the test leaves of it; endpoints may name no version, and then nova's and cinder's do not."""
    server.absent = {"placement"}
    server.unversioned = True
    server.others = 1
    urls = {row["type"]: row["endpoints"][0]["url"] for row in body(login(server))["token"]["catalog"]}
    paths = {
        "identity": "identity/v3/",
        "compute": "compute",
        "network": "network",
        "volumev3": "volume",
        "other-0": "others",
    }
    assert {kind: f"{server.origin}/{path}" for kind, path in paths.items()} == urls


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/identity/v3/", 200),
        ("/compute/v2.1/", 401),
        ("/network/", 401),
        ("/volume/v3/", 401),
        ("/placement", 200),
        ("/placement/", 200),
        ("/placement/resource_providers", 401),
        ("/", 404),
        ("/elsewhere", 404),
    ],
)
def test_without_a_token(server: OpenStackApiServer, path: str, status: int) -> None:
    """Each service says in its own way who it is, or that it wants one; where nobody is, the web server says that."""
    answer = requests.get(f"{server.origin}{path}", timeout=5)
    assert status == answer.status_code
    assert ("elsewhere" in path or path == "/") != answer.headers["Content-Type"].startswith("application/json")


def test_every_path_can_fail(server: OpenStackApiServer) -> None:
    """Also that of a service that has no list, and the one of none."""
    server.inflict(Fault.NOT_READY)
    answers = [requests.get(f"{server.origin}{path}", timeout=5) for path in ("/placement/", "/", *PATHS)]
    assert {503} == {answer.status_code for answer in answers}
    assert "Placement says: Service Unavailable" in answers[0].text


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.NOT_READY, 503),
        (Fault.NO_SERVER, 503),
        (Fault.DENIED, 401),
        (Fault.FORBIDDEN, 403),
        (Fault.TOO_MANY, 429),
        (Fault.BROKEN, 500),
        (Fault.HTML, 200),
        (Fault.NO_LIST, 200),
    ],
)
def test_faults(server: OpenStackApiServer, fault: Fault, status: int) -> None:
    """They are of one command, or of all, until they are healed."""
    good = token(server)
    server.inflict(fault, "nova.services")
    assert [status, 200] == [ask(server, path, good).status_code for path in (COMPUTE, "/network/v2.0/agents")]
    server.heal()
    assert 200 == ask(server, COMPUTE, good).status_code


def test_hanging_and_cutting(server: OpenStackApiServer) -> None:
    """Nothing comes, or half of it."""
    good = token(server)
    server.inflict(Fault.HANG, "compute", times=1)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{server.origin}{COMPUTE}", headers={"X-Auth-Token": good}, timeout=0.3)
    server.inflict(Fault.CUT, "compute", times=1)
    with pytest.raises(requests.RequestException):
        ask(server, COMPUTE, good)
    assert 200 == ask(server, COMPUTE, good).status_code
