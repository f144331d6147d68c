"""An OpenStack cloud asked from the event loop: one login, one call at a time, a word to whoever lacks the extra."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason, SdkTarget
from cs_exporter.ports import ApiError, Counters
from cs_exporter.transports.cloud_api import CloudApis
from tests.lab.openstack_api import CLOUD, LISTS, Fault, OpenStackApiServer
from tests.lab.wait import wait_until_async
from tests.transports.clouds.open_clouds import ask_open, open_host


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OpenStackApiServer]:
    """With the captured lists."""
    with OpenStackApiServer(tmp_path) as made:
        yield made


async def test_all_lists_come_by_one_login(server: OpenStackApiServer) -> None:
    """Rows as the services write them; each request is counted, those of the login too."""
    counters = Counters()
    apis = CloudApis(counters)
    api = apis.of(open_host(server.target))
    lists = {command: await api.listed(command, 10.0) for command in LISTS}
    await apis.close()
    assert {command: tuple(server.lists[command]) for command in LISTS} == lists  # type: ignore[arg-type]  # they are rows
    assert (1, len(server.asked)) == (server.logins, counters.api_calls)


async def test_calls_wait_for_each_other(server: OpenStackApiServer) -> None:
    """Never two at once for one cloud, whoever asks."""
    apis = CloudApis(Counters())
    api = apis.of(open_host(server.target))
    await asyncio.gather(*(api.listed(command, 10.0) for command in LISTS))
    await apis.close()
    assert (1, 1) == (server.most_at_once, server.logins)


async def test_a_token_that_is_good_no_more_is_replaced(server: OpenStackApiServer) -> None:
    """Keystone was restarted with new keys, or somebody revoked it."""
    apis = CloudApis(Counters())
    api = apis.of(open_host(server.target))
    await api.listed("nova.services", 10.0)
    server.forget_tokens()
    assert 4 == len(await api.listed("nova.services", 10.0))
    await apis.close()
    assert 2 == server.logins


async def test_a_password_that_is_changed_is_used_without_a_restart(server: OpenStackApiServer) -> None:
    """The file is read again after the refusal."""
    apis = CloudApis(Counters())
    api = apis.of(open_host(server.target))
    server.password += "-changed"
    with pytest.raises(ApiError) as caught:
        await api.listed("nova.services", 10.0)
    server.write_clouds()
    assert 4 == len(await api.listed("nova.services", 10.0))
    await apis.close()
    assert (Reason.DENIED, 401) == (caught.value.reason, caught.value.code)


@pytest.mark.parametrize("fault", [Fault.NOT_READY, Fault.FORBIDDEN, Fault.HANG])
async def test_a_service_in_trouble_costs_few_logins(server: OpenStackApiServer, fault: Fault) -> None:
    """The token is as good as it was."""
    apis = CloudApis(Counters())
    api = apis.of(open_host(server.target))
    await api.listed("nova.services", 10.0)
    server.inflict(fault, "nova.services")
    for _ in range(3):
        with pytest.raises(ProbeFailed):
            await api.listed("nova.services", 0.5)
    server.heal()
    await api.listed("nova.services", 10.0)
    await apis.close()
    assert 1 == server.logins
    assert all("cs_exporter" in one.client for one in server.asked)


async def test_a_cloud_that_comes_later_is_found(server: OpenStackApiServer) -> None:
    """It was down when the exporter began."""
    server.stop()
    apis = CloudApis(Counters())
    api = apis.of(open_host(server.target))
    with pytest.raises(ProbeFailed) as caught:
        await api.listed("nova.services", 10.0)
    server.start()
    assert 4 == len(await api.listed("nova.services", 10.0))
    await apis.close()
    assert Reason.REFUSED is caught.value.reason


async def test_what_hangs_is_not_begun_a_second_time(server: OpenStackApiServer) -> None:
    """Who comes next while a call is stuck is told so, and nothing is sent."""
    apis = CloudApis(Counters())
    api = apis.of(open_host(server.target))
    server.inflict(Fault.HANG, "nova.services")
    with pytest.raises(ProbeFailed) as caught:
        await api.listed("nova.services", 1.0)
    await apis.close()
    assert Reason.MUTE is caught.value.reason
    assert "/compute/v2.1/os-services: no answer in time" in caught.value.detail


async def test_name_resolution_that_hangs_is_within_the_deadline(
    server: OpenStackApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's resolver knows no deadline; it hangs in a thread that nobody waits for."""
    over, asked = threading.Event(), threading.Event()
    resolved = socket.getaddrinfo

    def hanging(*arguments: object, **options: object) -> object:
        if threading.current_thread().name.startswith("api "):
            asked.set()
            over.wait(20.0)
        return resolved(*arguments, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    apis = CloudApis(Counters())
    api = apis.of(open_host(server.target))
    failures = []
    try:
        for _ in range(2):
            with pytest.raises(ProbeFailed) as caught:
                async with asyncio.timeout(5.0):
                    await api.listed("nova.services", 0.6)
            failures.append(caught.value)
    finally:
        over.set()
    await apis.close()
    assert ([Reason.MUTE] * 2, True) == ([failure.reason for failure in failures], asked.is_set())
    assert "not begun, because nova.services was under way" in failures[1].detail
    await wait_until_async(
        lambda: not any(thread.name.startswith("api ") for thread in threading.enumerate()), 5.0, "the thread to end"
    )


WITHOUT = """
import asyncio, sys
sys.modules["openstack"] = None
from cs_exporter.model import CloudKind, CloudTarget, Host, ProbeFailed, SdkTarget
from cs_exporter.ports import Counters
from cs_exporter.transports.cloud_api import CloudApis

assert "keystoneauth1" not in sys.modules
cloud = CloudTarget(CloudKind.OPENSTACK, sdk=SdkTarget("lab", "clouds.yaml"))
try:
    asyncio.run(CloudApis(Counters()).of(Host("endpoint:o", "", cloud=cloud)).listed("nova.services", 10))
except ProbeFailed as failure:
    print(failure.reason.value, failure.ours, failure.detail)
"""


def test_without_the_extra_it_says_what_to_install() -> None:
    """In one line; and nobody who asks no OpenStack pays for the library."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=True)
    expected = "command True openstacksdk is not installed: pip install 'cs-exporter[openstack]'\n"
    assert (expected, "") == (done.stdout, done.stderr)


async def test_where_nothing_is_configured(tmp_path: Path) -> None:
    """The file that is named, and what is wrong with it."""
    with pytest.raises(ProbeFailed) as caught:
        await ask_open(SdkTarget(CLOUD, str(tmp_path / "clouds.yaml")))
    assert (Reason.COMMAND, True) == (caught.value.reason, caught.value.ours)
    assert f"{tmp_path}/clouds.yaml: No such file or directory" == caught.value.detail
