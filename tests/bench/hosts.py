"""A process that is all simulated hosts: real SSH servers on as many loopback addresses, each with its collector.

Run as `python -m tests.bench.hosts COUNT FOLDER`; it writes its keys there, says the port, and ends with its input.
By `costs.py`, real sshds with the real collector take about 45 ms of processor time per poll, most of one for 500
hosts, which the exporter would then wait for; this takes 1.3 ms for the same words in the same number of writes.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import uvloop

from cs_exporter.daemon import collector
from cs_exporter.parsers.collector import PROTOCOL
from tests.bench.answers import SERVER, Simulated, addresses
from tests.lab.ssh_keys import known_hosts_text, new_key

STEP = 0.001
"""Seconds between two writes of a collector, which a shell makes one by one."""

SCRIPT = collector()
HELLO = f"\n\x1eready {PROTOCOL} {SCRIPT.hash} {','.join(sorted(SCRIPT.names))}\n"
LAST_LINE = b"main; exit\n"


class Collector(asyncssh.SSHServerSession[bytes]):
    """The collector's side of a session: takes the script, says hello, answers request lines."""

    def __init__(self, host: Simulated) -> None:
        self._host = host
        self._buffer = bytearray()
        self._started = self._echo = False
        self._asked: deque[str] = deque()
        self._busy = False

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """See asyncssh."""
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        """See asyncssh. For the calibration, `echo` gives back what it gets."""
        self._echo = command == "echo"
        return True

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:  # noqa: ARG002 (there is only one)
        """See asyncssh."""
        if self._echo:
            self._channel.write(data)
            return
        self._buffer += data
        if not self._started:
            if self._buffer.endswith(LAST_LINE):
                self._started = True
                self._buffer.clear()
                self._write(HELLO)
            return
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        self._asked += [line.decode() for line in lines]
        if not self._busy:
            self._next()

    def _next(self) -> None:
        """Answer the next request: a shell reads it when it has answered the one before."""
        self._busy = bool(self._asked)
        if self._busy:
            self._answer(self._asked.popleft())

    def _answer(self, line: str) -> None:
        request, *tokens = line.split()
        answers = [self._host.answer(token) for token in tokens]
        loop = asyncio.get_running_loop()
        frames = [f"\x1e{request} @ {time.time():.9f}\n"]
        workers: list[tuple[float, str]] = []
        for index, said in enumerate(answers):
            if said is None:
                frames.append(f"\x1e{request} > {index} -\n")
            elif said.after is None:
                frames += [f"\x1e{request} < {index}\n", said.output, f"\n\x1e{request} > {index} 0\n"]
            else:
                record = f"\x1e{request} ! {index} 0 1000.00 1000.01\n{said.output}\n\x1e{request} ;\n"
                workers.append((said.after, record))
        frames.append(f"\x1e{request} . {len(workers)}\n")
        self._write_one_by_one(filter(None, frames))
        for after, record in workers:
            loop.call_later(after, self._write, record, asyncssh.EXTENDED_DATA_STDERR)
        if workers:
            last = max(after for after, _ in workers) + STEP
            loop.call_later(last, self._write, f"\x1e{request} $\n", asyncssh.EXTENDED_DATA_STDERR)

    def _write_one_by_one(self, frames: Iterator[str]) -> None:
        """Each after the one before: timers of one busy loop need not fire in their order."""
        frame = next(frames, None)
        if frame is None:
            self._next()
            return
        self._write(frame)
        asyncio.get_running_loop().call_later(STEP, self._write_one_by_one, frames)

    def _write(self, text: str, datatype: asyncssh.DataType = None) -> None:
        if not self._channel.is_closing():
            self._channel.write(text.encode(), datatype)


class Host(asyncssh.SSHServer):
    """Lets in whoever has an authorised key."""

    def __init__(self, host: Simulated) -> None:
        self._host = host

    def session_requested(self) -> Collector:
        """See asyncssh."""
        return Collector(self._host)


async def main(count: int, folder: Path) -> None:
    """Serve until standard input ends."""
    host_key, client_key = new_key("simulated hosts"), new_key("polling account")
    (folder / "key").write_text(client_key.private, encoding="utf-8")
    (folder / "key").chmod(0o600)
    options = asyncssh.SSHServerConnectionOptions(
        server_host_keys=[asyncssh.import_private_key(host_key.private)],
        authorized_client_keys=asyncssh.import_authorized_keys(client_key.public),
        encoding=None,
        line_editor=False,
    )
    port = 0
    hypervisors = addresses(count)
    hosts = [Simulated(SERVER, hypervisors), *map(Simulated, hypervisors)]
    for host in hosts:
        server = await asyncssh.listen(
            host.address, port, server_factory=lambda host=host: Host(host), options=options, backlog=8
        )
        port = port or server.get_port()
    known = known_hosts_text((f"[{host.address}]:{port}", host_key) for host in hosts)
    (folder / "known_hosts").write_text(known, encoding="utf-8")
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), Path(sys.argv[2])))
