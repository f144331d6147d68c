"""The machine cs_exporter runs on: the same collector, as a child of the exporter, without SSH.

A machine without an SSH account for itself, such as a newcomer's, is thereby watched by the very same code.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio import subprocess
from contextlib import suppress
from typing import cast

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import Clock, Counters
from cs_exporter.transports.collector.session import CollectorSession

HELLO_TIMEOUT = 5.0

LEAVE_GRACE = 0.5
"""Seconds a collector is given to go by itself, taking its workers along, before it is killed."""


class _Child(asyncio.SubprocessProtocol):
    """Carries a child's pipes to and from a session."""

    def __init__(self, clock: Clock, counters: Counters) -> None:
        self._clock = clock
        self._counters = counters
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._stdin = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        self.session = CollectorSession(self._stdin.write, self._drop, self._clock, self._counters)

    def _drop(self) -> None:
        """The end of its input is how a collector is told to go."""
        self._stdin.close()
        if self._patience is None and not self.session.gone.is_set():
            self._patience = asyncio.get_running_loop().call_later(LEAVE_GRACE, self._kill)

    def _kill(self) -> None:
        """Kill it and whatever it had started in its own process group."""
        pid = self._transport.get_pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        self._transport.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.session.received(data, second=fd == 2)  # noqa: PLR2004 (standard error)

    def connection_lost(self, _: Exception | None) -> None:
        self.session.gone.set()
        self.session.ended("the local collector ended")
        self._transport.close()
        if self._patience is not None:
            self._patience.cancel()


class LocalConnector:
    """Starts the collector with /bin/sh."""

    def __init__(self, script: bytes, clock: Clock, counters: Counters) -> None:
        self._script = script
        self._clock = clock
        self._counters = counters

    async def __call__(self) -> CollectorSession:
        """Start a collector and wait for its hello. Raises ProbeFailed(command, timeout)."""
        loop = asyncio.get_running_loop()
        try:
            _, child = await loop.subprocess_exec(
                lambda: _Child(self._clock, self._counters), "sh", "-s",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True,  # an interrupt at the terminal is for the exporter, which then ends it in order
            )  # fmt: skip
        except OSError as error:
            raise ProbeFailed(Reason.COMMAND, f"sh: {error.strerror}") from error
        session = child.session
        session.start(self._script)
        return await session.greeted(HELLO_TIMEOUT)
