"""The transcript of a run: what was asked, what came back, how long it took, and failures too."""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter.model import ProbeFailed
from cs_exporter.ports import Counters, SectionCall
from cs_exporter.spec import Section
from cs_exporter.transports.collector.local import LocalConnector
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.collector.shell import HostShell
from cs_exporter.transports.rpc import RpcClient
from cs_exporter.transports.transcript.transcript import NotedRpc, NotedShell

SCRIPT = assemble([Section("hello", "echo hello; echo there"), Section("slow", "sleep 5", blocks=True)])


async def test_sections_and_clock_are_noted() -> None:
    """The output line by line, a late section and an unknown one as what they are."""
    lines: list[str] = []
    inner = HostShell(LocalConnector(SCRIPT.text.encode(), time, Counters()), time, 1.0)
    shell = NotedShell(inner, lines.append, time)
    await shell.ask(SectionCall("hello"), SectionCall("slow", limit=1), SectionCall("unknown", ("with", "words")))
    await shell.clock()
    await inner.close()
    asked, clock, *rest, asked_clock, again = lines
    assert asked.startswith("> collector: hello; slow; unknown with words   (")
    assert clock.startswith("< host's clock 1")
    assert rest == [
        "< hello: exit status 0",
        "<     hello",
        "<     there",
        "< slow: late",
        "< unknown with words: unsupported",
    ]
    assert asked_clock.startswith("> collector: the clock   (")
    assert "skew" in again


async def test_a_failed_call_is_noted_and_raised() -> None:
    """The reason stands where the answer would."""
    lines: list[str] = []
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    rpc = NotedRpc(RpcClient(Counters()), lines.append, time)
    with pytest.raises(ProbeFailed):
        await rpc.null("127.0.0.1", port, 100003, 3, 1.0)
    listening.close()
    await listening.wait_closed()
    asked, answered = lines
    assert asked.startswith(f"> rpc: NULL of program 100003 version 3 at 127.0.0.1 port {port}   (")
    assert answered.startswith("< failed: reset:")
