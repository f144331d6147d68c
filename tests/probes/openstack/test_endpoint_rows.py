"""Where an endpoint is, who is dialled for it, and a kernel that accepts for a process that does not run."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.openstack.agents import Endpoint
from cs_exporter.ports import Counters
from cs_exporter.probes.openstack.endpoint_rows import MOST, EndpointRow, left_out, look
from cs_exporter.transports.dial.dialer import TcpDialer
from tests.probes.openstack.endpoint_stand import FakeDialer


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.example/compute/v2.1", ("api.example", 443, b"GET /compute/v2.1/ HTTP/1.0", True)),
        ("http://192.0.2.1:8776/v3/%(project_id)s", ("192.0.2.1", 8776, b"GET /v3/ HTTP/1.0", False)),
        ("http://o.example:8080/v1/AUTH_12/x", ("o.example", 8080, b"GET /v1/ HTTP/1.0", False)),
        ("http://k.example:5000", ("k.example", 5000, b"GET / HTTP/1.0", False)),
        ("ftp://k.example", None),
        ("http://k.example:port/", None),
        ("http://\u00e4.example/", None),
    ],
)
async def test_where_an_endpoint_is(url: str, expected: tuple[str, int, bytes, bool] | None) -> None:
    """By its URL, projects left out; what is no URL of HTTP is not asked."""
    dialer = FakeDialer()
    await look([Endpoint("compute", "public", url)], {}, dialer, 1.0)
    found = [(host, port, talk.send.split(b"\r\n")[0], talk.tls) for host, port, talk in dialer.asked]
    assert ([] if expected is None else [expected]) == found


async def test_a_long_catalog_has_its_bound() -> None:
    """The first ones, after those without which no guest starts, wherever they stand; who is left out is told."""
    dialer = FakeDialer()
    many = [Endpoint(f"service{number}", "public", f"http://h{number}.example/") for number in range(MOST)]
    core = [
        Endpoint("compute", interface, f"http://{interface}.example:8774/v2.1") for interface in ("public", "admin")
    ]
    seen = await look([*many, *core], {}, dialer, 1.0)
    assert ["compute", "compute", *(f"service{number}" for number in range(MOST - 2))] == [row.api for row in seen]
    assert {f"service{number}": 1 for number in (MOST - 2, MOST - 1)} == left_out([*many, *core])
    assert {} == left_out([*many, *many])


async def test_what_could_not_be_tried_is_as_before_for_one_look() -> None:
    """After that nothing is said of it, nor is of one that never could be; as soon as it can, it is told again."""
    endpoints = [Endpoint("image", "public", "http://g.example:9292/"), Endpoint("compute", "public", "http://n:8774/")]
    lost = ProbeFailed(Reason.EXHAUSTED, "too many", ours=True)
    rows: dict[tuple[str, str, str], EndpointRow] = {}
    told = []
    for results in ({8774: lost}, {8774: lost, 9292: lost}, {8774: lost, 9292: lost}, {}):
        rows = {row.key: row for row in await look(endpoints, rows, FakeDialer(dict(results)), 1.0)}
        told.append({row.api: row.up for row in rows.values() if row.told})
    assert [{"image": True}, {"image": True}, {}, {"image": True, "compute": True}] == told


async def test_one_that_is_mute_hides_no_other_behind_its_port() -> None:
    """All APIs of a cloud may be paths of one address: each has its own verdict, in one look."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"/network/" in await reader.readuntil(b"\r\n\r\n"):
            await reader.read()
        writer.write(b"HTTP/1.0 503 Unavailable\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        endpoints = [Endpoint(name, "public", f"{base}/{name}/") for name in ("network", "placement")]
        dialer = TcpDialer(time, Counters())
        rows = await look(endpoints, {}, dialer, 0.5)
        await dialer.close()
    assert {"network": "mute", "placement": "error"} == {row.api: row.state for row in rows}


async def test_a_kernel_accepts_for_a_frozen_process() -> None:
    """The real thing: connecting takes no time, and no byte ever comes (neutron-server, stopped)."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        port = frozen.getsockname()[1]
        dialer = TcpDialer(time, Counters())
        rows = await look([Endpoint("network", "public", f"http://127.0.0.1:{port}/")], {}, dialer, 0.3)
        await dialer.close()
    assert ["mute"] == [row.state for row in rows]
    assert [True] == [row.severity is not None and row.severity.value == "critical" for row in rows]
