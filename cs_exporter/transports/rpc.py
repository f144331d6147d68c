"""ONC RPC over TCP from the exporter's own event loop: one connection per call, closed at once.

Our own and not a command (rpcinfo, showmount): those ignore their time limits while a packet filter drops.
"""

from __future__ import annotations

import asyncio
import secrets

from cs_exporter.model import ProbeFailed, Reason, UnparsableError
from cs_exporter.parsers import rpc
from cs_exporter.ports import Counters, RpcReply, RpcVerdict
from cs_exporter.transports.reasons import from_os_error
from cs_exporter.transports.tcp import connected

_READ_SIZE = 4096

_VERDICTS = {
    rpc.Status.SUCCESS: RpcVerdict.UP,
    rpc.Status.PROG_UNAVAIL: RpcVerdict.PROGRAM_UNAVAILABLE,
    rpc.Status.PROG_MISMATCH: RpcVerdict.VERSION_MISMATCH,
}


class RpcClient:
    """Implements ports.Rpc. Keeps nothing between calls. `portmapper_port` is 111 everywhere but in tests."""

    def __init__(self, counters: Counters, portmapper_port: int = rpc.PORTMAPPER_PORT) -> None:
        self._counters = counters
        self._portmapper_port = portmapper_port

    async def null(self, address: str, port: int, program: int, version: int, deadline: float) -> RpcReply:
        """Call procedure 0 of a program within `deadline` seconds. Raises ProbeFailed."""
        xid = secrets.randbits(32)
        reply, latency = await self._call(address, port, xid, rpc.null_call(xid, program, version), deadline)
        verdict = _VERDICTS.get(reply.status, RpcVerdict.REJECTED)
        return RpcReply(verdict, latency, reply.lowest, reply.highest)

    async def getport(self, address: str, program: int, version: int, deadline: float) -> int:
        """Ask the portmapper for a program's TCP port, 0 where it is not registered. Raises ProbeFailed."""
        xid = secrets.randbits(32)
        port = self._portmapper_port
        peer = f"portmapper {_shown(address, port)}"
        reply, _ = await self._call(address, port, xid, rpc.getport_call(xid, program, version), deadline)
        if reply.status is not rpc.Status.SUCCESS:
            raise ProbeFailed(Reason.NOT_READY, f"{peer}: {reply.status.value}")
        try:
            return rpc.decode_port(reply.results)
        except UnparsableError as error:
            raise ProbeFailed(Reason.UNPARSABLE, f"{peer}: {error}") from error

    async def _call(self, address: str, port: int, xid: int, call: bytes, deadline: float) -> tuple[rpc.Reply, float]:
        """The reply, and the seconds from sending the call to it."""
        self._counters.rpc_calls += 1
        peer = _shown(address, port)
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        reader, writer = await _connect(address, port, end)
        try:
            sent = loop.time()
            writer.write(call)
            record = await _record(reader, peer, end)
            return rpc.decode_reply(record, xid), loop.time() - sent
        except UnparsableError as error:
            raise ProbeFailed(Reason.UNPARSABLE, f"RPC {peer}: {error}") from error
        finally:
            writer.transport.abort()


async def _connect(address: str, port: int, end: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    what = f"connect to {_shown(address, port)}"
    sock = await connected(address, port, what, end)
    try:
        return await asyncio.open_connection(sock=sock)
    except BaseException:
        sock.close()
        raise


async def _record(reader: asyncio.StreamReader, peer: str, end: float) -> bytes:
    """The peer's next record. Raises ProbeFailed, and UnparsableError where it is too long."""
    assembling = rpc.RecordReader()
    try:
        async with asyncio.timeout_at(end):
            while True:
                data = await reader.read(_READ_SIZE)
                if not data:
                    raise ProbeFailed(Reason.RESET, f"RPC {peer}: the peer closed the connection without a reply")
                record = assembling.feed(data)
                if record is not None:
                    return record
    except TimeoutError:
        if assembling.started:
            raise ProbeFailed(Reason.TIMEOUT, f"RPC {peer}: the reply did not end in time") from None
        raise ProbeFailed(Reason.MUTE, f"RPC {peer}: accepted the connection and never answered the call") from None
    except OSError as error:
        raise from_os_error(error, f"RPC {peer}") from error


def _shown(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
