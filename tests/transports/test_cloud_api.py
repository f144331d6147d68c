"""APIs of clouds from the event loop: one call at a time, within its deadline, whatever hangs; lists are whole."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE

import pytest

from cs_exporter.model import ApiTarget, Host, ProbeFailed, Reason
from cs_exporter.ports import Counters
from cs_exporter.transports.cloud_api import CloudApis
from tests.lab.cloud_api import Fault, Manner
from tests.lab.wait import wait_until, wait_until_async
from tests.transports.clouds.clouds import pseudo_host, serving, target_of


@contextmanager
def dripping() -> Iterator[tuple[str, list[socket.socket]]]:
    """A server whose answer's head never ends, a byte now and then: its url, and the connections that it got."""
    taken: list[socket.socket] = []
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):  # the client's process may be gone
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            while not over.wait(0.05):
                connection.sendall(b".")

    def accept() -> None:
        while not over.is_set():
            try:
                taken.append(listening.accept()[0])
            except TimeoutError:
                continue
            threads.append(threading.Thread(target=drip, args=(taken[-1],)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/client/api", taken
        finally:
            over.set()
            for thread in threads:
                thread.join()


def ours() -> list[threading.Thread]:
    """The threads of calls that are under way."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("api ")]


async def test_without_an_account_nothing_is_listed() -> None:
    """An empty answer would look like a cloud without hosts."""
    with pytest.raises(ProbeFailed) as caught:
        await CloudApis(Counters()).of(Host("kvm1", "192.0.2.1")).listed("listHosts", 5.0)
    assert caught.value.reason is Reason.NOT_READY


async def test_a_list_comes_whole_however_small_the_pages_are(tmp_path: Path) -> None:
    """The server's limit is learnt by its first refusal; each request is counted."""
    counters = Counters()
    apis = CloudApis(counters)
    with serving(tmp_path, manner=Manner(page_limit=2)) as server:
        api = apis.of(pseudo_host(target_of(server)))
        numbers = [len(await api.listed("listHosts", 5.0, details="min")) for _ in range(2)]
        asked = [(one.arguments["details"], one.arguments["page"], one.arguments["pagesize"]) for one in server.asked]
    await apis.close()
    assert [5, 5] == numbers
    assert [("min", page, "2") for page in ("1", "2", "3")] * 2 == asked
    assert 7 == counters.api_calls


async def test_a_list_that_changes_once_is_read_again(tmp_path: Path) -> None:
    """Somebody added a host just then; if it goes on changing, that is a failure."""
    apis = CloudApis(Counters())
    with serving(tmp_path, manner=Manner(page_limit=2)) as server:
        api = apis.of(pseudo_host(target_of(server)))
        await api.listed("listHosts", 5.0)
        server.inflict(Fault.MOVING, "listHosts", times=2)
        assert 5 == len(await api.listed("listHosts", 5.0))
        server.inflict(Fault.MOVING, "listHosts")
        with pytest.raises(ProbeFailed) as caught:
            await api.listed("listHosts", 5.0)
    await apis.close()
    assert (Reason.NOT_READY, True) == (caught.value.reason, "the list changed from 6 to 7" in caught.value.detail)


async def test_calls_wait_for_each_other(tmp_path: Path) -> None:
    """Never two at once for one cloud, whoever asks; and one connection for all."""
    apis = CloudApis(Counters())
    with serving(tmp_path) as server:
        api = apis.of(pseudo_host(target_of(server)))
        commands = ("listHosts", "listClusters", "listZones", "listHosts")
        lists = await asyncio.gather(*(api.listed(command, 5.0) for command in commands))
        assert [5, 0, 0, 5] == [len(rows) for rows in lists]
        assert 1 == server.most_at_once
        assert 4 == len(server.asked)
    await apis.close()


async def test_keys_that_are_changed_are_used_without_a_restart(tmp_path: Path) -> None:
    """The first call after the files have changed."""
    apis = CloudApis(Counters())
    with serving(tmp_path) as server:
        api = apis.of(pseudo_host(target_of(server)))
        server.keys = {"new": "pair"}
        with pytest.raises(ProbeFailed) as caught:
            await api.listed("listHosts", 5.0)
        server.write_keys("new", "pair")
        assert 5 == len(await api.listed("listHosts", 5.0))
    await apis.close()
    assert caught.value.reason is Reason.DENIED


async def test_a_restarted_server_is_asked_on_a_new_connection(tmp_path: Path) -> None:
    """The kept one is dead, and that is no failure."""
    apis = CloudApis(Counters())
    with serving(tmp_path) as server:
        api = apis.of(pseudo_host(target_of(server)))
        await api.listed("listHosts", 5.0)
        server.stop()
        server.start()
        assert 5 == len(await api.listed("listHosts", 5.0))
    await apis.close()


async def test_what_hangs_is_not_begun_a_second_time() -> None:
    """No time limit of a library helps against a byte now and then: who comes next is told, and nothing is sent."""
    apis = CloudApis(Counters())
    with dripping() as (url, connections):
        api = apis.of(pseudo_host(ApiTarget(url, __file__, __file__)))
        failures = []
        for _ in range(3):
            with pytest.raises(ProbeFailed) as caught:
                await api.listed("listHosts", 0.3)
            failures.append(caught.value)
        assert 1 == len(connections)
        assert 1 == len(ours())
        await apis.close()
    assert [Reason.MUTE] * 3 == [failure.reason for failure in failures]
    assert "no answer in time" in failures[0].detail
    assert "not begun, because listHosts was under way for" in failures[2].detail
    await wait_until_async(lambda: not ours(), 5.0, "the thread to end")


async def test_closing_does_not_wait_for_what_hangs() -> None:
    """The daemon has to end when it is told to."""
    apis = CloudApis(Counters())
    with dripping() as (url, connections):
        api = apis.of(pseudo_host(ApiTarget(url, __file__, __file__)))
        asking = asyncio.create_task(api.listed("listHosts", 60.0))
        await wait_until_async(lambda: connections, 5.0, "the call to be under way")
        asking.cancel()
        async with asyncio.timeout(0.5):
            await apis.close()
        with pytest.raises(asyncio.CancelledError):
            await asking
    await wait_until_async(lambda: not ours(), 5.0, "the thread to end")


LEAVING = """
import asyncio, sys
from cs_exporter.model import ApiTarget, CloudKind, CloudTarget, Host
from cs_exporter.ports import Counters
from cs_exporter.transports.cloud_api import CloudApis

async def main():
    cloud = CloudTarget(CloudKind.CLOUDSTACK, api=ApiTarget(sys.argv[1], sys.argv[2], sys.argv[2]))
    apis = CloudApis(Counters())
    asking = asyncio.create_task(apis.of(Host("endpoint:c", "", cloud=cloud)).listed("listHosts", 60))
    await asyncio.to_thread(sys.stdin.readline)
    await apis.close()

asyncio.run(main())
"""


def test_a_process_ends_while_a_call_hangs() -> None:
    """Neither the loop's end nor the interpreter's waits for the thread."""
    argv = [sys.executable, "-c", LEAVING]
    with dripping() as (url, connections), subprocess.Popen([*argv, url, __file__], stdin=PIPE, stderr=PIPE) as leaving:
        wait_until(lambda: connections, 20.0, "the call to be under way")
        _, errors = leaving.communicate(b"\n", timeout=20)
    assert (0, b"") == (leaving.returncode, errors)


async def test_a_cancelled_asker_leaves_the_next_one_its_turn(tmp_path: Path) -> None:
    """The call goes on to its end by itself."""
    apis = CloudApis(Counters())
    with serving(tmp_path) as server:
        api = apis.of(pseudo_host(target_of(server)))
        server.inflict(Fault.HANG, times=1)
        first = asyncio.create_task(api.listed("listHosts", 1.0))
        await wait_until_async(lambda: server.at_once, 5.0, "the first to hang")
        first.cancel()
        assert 5 == len(await api.listed("listHosts", 5.0))
    await apis.close()


async def test_another_account_is_another_api(tmp_path: Path) -> None:
    """After a reload with another url; an unchanged one keeps its connection."""
    apis = CloudApis(Counters())
    with serving(tmp_path) as server:
        host = pseudo_host(target_of(server))
        first, same = apis.of(host), apis.of(host)
        other = apis.of(pseudo_host(target_of(server, verify=False)))
        assert 5 == len(await other.listed("listHosts", 5.0))
    await apis.close()
    assert (True, False) == (first is same, first is other)
