"""A collector that behaves badly, as a child process: a few lines of sh say how. And a Connector that reaches it.

A real child with real pipes, so that sessions meet what they meet on a host: torn lines, noise, silence, floods.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from cs_exporter.model import ProbeFailed
from cs_exporter.ports import Answers, Counters, SectionCall
from cs_exporter.spec import Section
from cs_exporter.transports.collector.local import LocalConnector
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.collector.session import Ask, CollectorSession
from cs_exporter.transports.collector.shell import HostShell

SECTIONS = (
    Section("echo", 'printf "%s\\n" "$1"'),
    Section("nap", 'sleep "$1"; echo slept', blocks=True),
    Section("lacking", "echo never", tool="no-such-tool"),
)
COLLECTOR = assemble(SECTIONS).text

CALL = SectionCall("echo", ("hello",))

HELLO = "printf '\\036ready 1 0123456789ab echo,nap\\n'"
"""Says hello as the real one."""
ANSWER = """
	printf '\\036%s @ 1700000000.5\\n\\036%s < 0\\nanswer\\n\\n\\036%s > 0 0\\n\\036%s . 0\\n' "$id" "$id" "$id" "$id"
"""
"""Answers a request for one section, $id, as the real one."""


def peer(manner: str, *, hello: str = HELLO) -> str:
    """A script that says hello and then, for each request line ($id is its first word), does what `manner` says."""
    return f"main() {{\nexec 3>&2 2>/dev/null\n{hello}\nwhile read -r id rest; do\n{manner}\ndone\n}}\nmain; exit\n"


async def ask(session: CollectorSession, *calls: SectionCall) -> Answers | ProbeFailed:
    """Ask a session directly, without a shell around it."""
    asked = Ask(calls, asyncio.get_running_loop().create_future())
    session.request([asked])
    return await asked.done


class Peers:
    """A Connector to the script that is set now, while `open` is set; it counts attempts and keeps its sessions."""

    def __init__(self, script: str = COLLECTOR) -> None:
        self.script = script
        self.counters = Counters()
        self.sessions: list[CollectorSession] = []
        self.attempts = 0
        self.open = asyncio.Event()
        self.open.set()
        self.refusal: ProbeFailed | None = None

    async def __call__(self) -> CollectorSession:
        """Start a child and wait for its hello, or fail with the refusal that is set."""
        self.attempts += 1
        await self.open.wait()
        if self.refusal is not None:
            raise self.refusal
        session = await LocalConnector(self.script.encode(), time, self.counters)()
        self.sessions.append(session)
        return session


async def failure(shell: HostShell, *calls: SectionCall) -> ProbeFailed:
    """What asking fails with."""
    with pytest.raises(ProbeFailed) as caught:
        await shell.ask(*calls)
    return caught.value


async def healed(shell: HostShell) -> bool:
    """Whether the host answers now."""
    try:
        return "hello\n" == (await shell.ask(CALL))[CALL].text()
    except ProbeFailed:
        return False
