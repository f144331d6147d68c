"""What this machine is worth, by two pieces of work that do not change with the exporter: figures are told in these.

A second of one machine is not that of another, and under load not even its own: only the ratios can be compared. The
least of several is the unit: others' load can only add to it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import uvloop

from tests.bench.answers import SERVER
from tests.lab.worth import loop_seconds

REPEATS = 9
ECHOES = 300
LINE = b"x" * 63 + b"\n"


@dataclass(frozen=True)
class Calibration:
    """Processor seconds of this process: of a fixed loop in Python, and of one echo over SSH (asyncssh, 64 bytes)."""

    loop: float
    echo: float


class _Echo(asyncssh.SSHClientSession[bytes]):
    """Tells when a line has come back."""

    def __init__(self) -> None:
        self._missing = 0
        self.back = asyncio.Event()

    def sent(self, size: int) -> None:
        """So many bytes are under way."""
        self._missing = size
        self.back.clear()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:  # noqa: ARG002 (there is only one)
        """See asyncssh."""
        self._missing -= len(data)
        if self._missing <= 0:
            self.back.set()


async def echo_seconds(port: int, folder: Path) -> float:
    """Processor seconds of one echo on a kept session, one after the other; the least of some series."""
    async with asyncssh.connect(
        SERVER,
        port,
        username="bench",
        client_keys=[str(folder / "key")],
        known_hosts=str(folder / "known_hosts"),
        config=None,
        agent_path=None,
        kex_algs="^curve25519-sha256",
        encryption_algs="^aes128-gcm@openssh.com",
    ) as connection:
        session = _Echo()
        channel, _ = await connection.create_session(lambda: session, "echo", encoding=None)
        return min([await _series(channel, session) for _ in range(REPEATS)])


async def _series(channel: asyncssh.SSHClientChannel[bytes], session: _Echo) -> float:
    began = time.process_time()
    for _ in range(ECHOES):
        session.sent(len(LINE))
        channel.write(LINE)
        await session.back.wait()
    return (time.process_time() - began) / ECHOES


def calibrate(port: int, folder: Path) -> Calibration:
    """Measure both, against simulated hosts."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return Calibration(loop_seconds(), runner.run(echo_seconds(port, folder)))
