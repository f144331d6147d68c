"""The server's end of one agent's session: commands to it and their answers, on a connection that may end any time.

Apart from what the server thinks of the host, which is in `agent_programs_server.py`.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid

from tests.lab.agent_programs import FROM_SERVER, REQUEST, Host, Message, length, pack, unpack


def uuid_of(name: str) -> str:
    """What the lab's clouds call the machine of that name."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


class Session:
    """One agent's connection. `pinged` is the tick of its last ping; `waiting` are commands without an answer yet."""

    def __init__(self, host: Host, writer: asyncio.StreamWriter, pinged: float) -> None:
        self.host = host
        self.pinged = pinged
        self.investigated = False
        self.waiting: dict[int, asyncio.Future[bool]] = {}
        self._writer = writer
        self._sequences = itertools.count(1)

    @property
    def is_open(self) -> bool:
        """Whether something can still be sent."""
        return not self._writer.is_closing()

    def answer(self, message: Message, name: str, fields: dict[str, object]) -> None:
        """Answer a command of the agent. What it doesn't read is little: it sends nothing either."""
        self._writer.write(pack(Message(name, fields, message.sequence, FROM_SERVER, self.host.number)))

    async def ask(self, name: str, wait: float) -> bool:
        """Send a command and wait for its answer. Raises TimeoutError; False if the connection ended first."""
        if not self.is_open:
            return False
        sequence = next(self._sequences)
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.waiting[sequence] = answered
        self._writer.write(pack(Message(name, {}, sequence, REQUEST | FROM_SERVER, self.host.number)))
        try:
            async with asyncio.timeout(wait):
                return await answered
        finally:
            del self.waiting[sequence]

    def close(self) -> None:
        """End it at once, whatever has not been sent; nobody waits for answers any longer."""
        self._writer.transport.abort()
        for answered in self.waiting.values():
            if not answered.done():
                answered.set_result(False)


async def receive(reader: asyncio.StreamReader) -> Message:
    """The next message. Raises OSError, EOFError at the end of the connection, ValueError for nonsense."""
    return unpack(await reader.readexactly(length(await reader.readexactly(4))))
