"""The transcript of a look at a port: what was done, what was seen, with each figure that there is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed
from cs_exporter.ports import Counters, Talk
from cs_exporter.transports.dial.dialer import TcpDialer
from cs_exporter.transports.transcript.dial import NotedDialer, _date
from tests.transports.dial.tls_peer import serving, tls_server
from tests.transports.ssh.test_greeting import says


async def test_a_look_with_everything(tmp_path: Path) -> None:
    """Asked in one line; the state first, then the figures."""
    lines: list[str] = []
    dialer = NotedDialer(TcpDialer(time, Counters()), "cs_exporter", lines.append, time)
    talk = Talk(b"hello\r\n", listen=True, tls=True, server_name="kvm1")
    async with tls_server(serving(tmp_path, 2e9), says(b"welcome")) as port:
        await dialer.dial("127.0.0.1", port, talk, 5)
    asked, state, connected, heard, ends = lines
    expected = (
        rf"> connect from cs_exporter to 127.0.0.1 port {port}, TLS for kvm1, say b'hello\r\n', wait for a byte   ("
    )
    assert asked.startswith(expected)
    assert "< open: says b'welcome'" == state
    assert connected.startswith("<     connected in 0.")
    assert heard.startswith("<     first byte after ")
    assert "<     certificate valid until 2033-05-18 03:33:20+00:00" == ends


async def test_what_went_wrong(tmp_path: Path) -> None:
    """A broken TLS is shown as that, and a failure stands where the answer would."""
    lines: list[str] = []
    dialer = NotedDialer(TcpDialer(time, Counters()), "cs_exporter", lines.append, time)
    context = serving(tmp_path, 2e9)
    async with tls_server(context) as port:
        await dialer.dial("127.0.0.1", port, Talk(b"QUIT\r\n" * 9), 5)
    with pytest.raises(ProbeFailed):
        await dialer.dial("no-such-host.invalid", 22, Talk(tls=True), 5)
    assert lines[-2].startswith("> connect from cs_exporter to no-such-host.invalid port 22, TLS   (")
    assert lines[-1].startswith("< failed: unreachable: ")


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, "1970-01-01 00:00:00+00:00"), (1e18, "1000000000000000000 s")])
def test_dates(seconds: float, expected: str) -> None:
    """Also one that no calendar has."""
    assert _date(seconds).startswith(expected)
