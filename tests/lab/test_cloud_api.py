"""The lab's API server is as strict as CloudStack is, judged by a client library that knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cs import CloudStack, CloudStackApiException

from tests.lab.cloud_api import KEY, SECRET, CloudApiServer, Fault, Manner, plain
from tests.lab.lab import Lab

HOSTS = [
    {"id": n, "uuid": f"u{n}", "name": f"kvm{n}", "type": "Routing", "status": "Up", "last_ping": 1_743_000_000}
    for n in range(5)
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CloudApiServer]:
    """A server with five hosts that gives two a page."""
    with CloudApiServer(plain(host=HOSTS), tmp_path, manner=Manner(page_limit=2, offset=5.5)) as made:
        yield made


def client(server: CloudApiServer, **options: Any) -> CloudStack:  # noqa: ANN401  # the library's
    """A client with the server's keys, or others."""
    return CloudStack(**{"endpoint": server.url, "key": KEY, "secret": SECRET, "method": "post", **options})


def test_pages_are_given_one_by_one(server: CloudApiServer) -> None:
    """`count` is the number of all; a page beyond the last is empty."""
    pages = [client(server).listHosts(page=str(page), pagesize="2") for page in (1, 3, 4)]
    assert [(5, 2), (5, 1), (5, 0)] == [(page.get("count"), len(page.get("host", ()))) for page in pages]
    assert "1970-01-21T09:40:00+0530" == pages[0]["host"][0]["lastpinged"]


@pytest.mark.parametrize("arguments", [{"pagesize": "2"}, {"page": "1", "pagesize": "500"}])
def test_pages_that_cloudstack_refuses(server: CloudApiServer, arguments: dict[str, str]) -> None:
    """A page size without a page, and one beyond the limit."""
    with pytest.raises(CloudStackApiException) as caught:
        client(server).listHosts(**arguments)
    assert 431 == caught.value.error["errorcode"]


@pytest.mark.parametrize(
    "options", [{"secret": "another"}, {"key": "another"}, {"expiration": -1}, {"expiration": 0, "method": "get"}]
)
def test_whoever_signs_wrongly_is_not_let_in(server: CloudApiServer, options: dict[str, Any]) -> None:
    """A wrong secret or key, no expiry, one that has passed: all the same answer."""
    with pytest.raises(CloudStackApiException) as caught:
        client(server, **options).listHosts()
    assert (401, "unable to verify user credentials and/or request signature") == (
        caught.value.error["errorcode"],
        caught.value.error["errortext"],
    )


def test_faults_come_and_go(server: CloudApiServer) -> None:
    """As often as they were inflicted, on the command that was named."""
    server.inflict(Fault.HTML_503, "listHosts", times=1)
    first = requests.post(server.url, data={"command": "listHosts"}, timeout=5)
    second = requests.post(server.url, data={"command": "listHosts"}, timeout=5)
    assert (503, 401) == (first.status_code, second.status_code)


def test_it_ends_while_somebody_hangs_and_begins_again_on_its_port(server: CloudApiServer) -> None:
    """As a management server that is restarted."""
    server.inflict(Fault.HANG)
    with pytest.raises(requests.Timeout):
        requests.get(server.url, timeout=0.2)
    url = server.url
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    server.heal()
    server.start()
    assert 5 == client(server).listHosts()["count"]
    assert url == server.url


@pytest.mark.lab
def test_it_may_run_on_a_labs_host(lab: Lab, tmp_path: Path) -> None:
    """At the host's address, as on a management server; when it ends, the host refuses."""
    host = lab.hosts["h1"]
    with CloudApiServer(
        plain(host=HOSTS), tmp_path, address=host.address, port=8080, namespace=host.namespace
    ) as server:
        assert host.listens(8080)
        assert 5 == client(server).listHosts()["count"]
    assert not host.listens(8080)
