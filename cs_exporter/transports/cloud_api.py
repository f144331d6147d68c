"""APIs of clouds: lists, each made in a thread with a deadline, never two at once for one cloud.

Client libraries wait where they stand, name resolution too: what hangs there hangs in a thread that nobody waits for.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from cs_exporter.model import ApiTarget, CloudTarget, Host, ProbeFailed, Reason, SdkTarget
from cs_exporter.ports import ApiRow, CloudApi, Counters
from cs_exporter.transports.clouds import errors
from cs_exporter.transports.clouds.cloudstack import CloudStackLists
from cs_exporter.transports.clouds.lists import Lists
from cs_exporter.transports.clouds.openstack import OpenStackLists

_EARLIER, _EARLIEST = 0.95, 0.25
"""The thread ends its call before whoever asked gives up, who so hears why: at that part, or these seconds before."""

Rows = tuple[ApiRow, ...]
Target = ApiTarget | SdkTarget


class NoApi:
    """The API of a host that is no cloud's pseudo-host, or of a cloud whose API is not configured."""

    async def listed(self, command: str, deadline: float, **arguments: str) -> Rows:
        """Nothing can be listed."""
        del deadline, arguments
        raise ProbeFailed(Reason.NOT_READY, f"{command}: no API is configured")


@dataclass(eq=False)
class _Call:
    """One call that is under way in its thread. `done` is the loop's: rows, or why there are none; None is a bug."""

    command: str
    arguments: dict[str, str]
    begun: float  # the loop's clock
    ends: float  # the same
    done: asyncio.Future[Rows | ProbeFailed | None]


class OneApi:
    """The API of one cloud. All methods but `_run` and what that calls are for the event loop's thread."""

    def __init__(self, name: str, target: Target, counters: Counters) -> None:
        self.target = target
        self._name = name
        self._counters = counters
        self._lists = _lists(target)
        self._under_way: _Call | None = None
        self._left = False

    async def listed(self, command: str, deadline: float, **arguments: str) -> Rows:
        """See ports.CloudApi. Who asks while another call is under way waits for its end."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + deadline
        await self._free(command, ends)
        now = loop.time()
        limit = now + max((ends - now) * _EARLIER, ends - now - _EARLIEST)
        call = self._under_way = _Call(command, arguments, now, limit, loop.create_future())
        threading.Thread(target=self._run, args=(call, loop), name=f"api {self._name}", daemon=True).start()
        done, _ = await asyncio.wait([call.done], timeout=ends - now)
        if not done:
            raise errors.overdue(f"{command} at {self._lists.place}", answering=self._lists.answering)
        result = call.done.result()
        if result is None:
            raise RuntimeError(f"{command}: the thread of the API ended by an error that is not foreseen")
        if isinstance(result, ProbeFailed):
            raise result
        return result

    def leave(self) -> None:
        """Close the connection, now or when the call that is under way has ended; nobody waits for that."""
        self._left = True
        if self._under_way is None:
            self._lists.close()

    async def _free(self, command: str, ends: float) -> None:
        """Wait until no call is under way. Raises ProbeFailed at loop time `ends`."""
        loop = asyncio.get_running_loop()
        while (call := self._under_way) is not None:
            await asyncio.wait([call.done], timeout=max(ends - loop.time(), 0))
            if loop.time() >= ends:
                hangs = self._under_way is call and loop.time() > call.ends
                since = f"{call.command} was under way for {loop.time() - call.begun:.0f} s"
                raise ProbeFailed(Reason.MUTE if hangs else Reason.TIMEOUT, f"{command}: not begun, because {since}")

    def _run(self, call: _Call, loop: asyncio.AbstractEventLoop) -> None:
        """The thread of a call."""
        result: Rows | ProbeFailed | None = None
        try:
            result = self._collected(call, loop)
        except ProbeFailed as failure:
            result = failure
        finally:
            _tell(loop, lambda: self._ended(call, result))

    def _collected(self, call: _Call, loop: asyncio.AbstractEventLoop) -> Rows:
        ends = time.monotonic() + call.ends - loop.time()
        return self._lists.listed(call.command, call.arguments, ends, lambda: _tell(loop, self._count))

    def _count(self) -> None:
        self._counters.api_calls += 1

    def _ended(self, call: _Call, result: Rows | ProbeFailed | None) -> None:
        self._under_way = None
        call.done.set_result(result)
        if self._left:
            self._lists.close()


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    """Have the loop call something; after its end there is nobody left to tell."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(what)


class CloudApis:
    """The APIs of all clouds, by pseudo-host. All methods are for the event loop's thread."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._apis: dict[str, OneApi] = {}

    def of(self, host: Host) -> CloudApi:
        """The API of the cloud whose pseudo-host that is; nothing is connected until it is asked."""
        target = _target(host.cloud) if host.cloud else None
        if target is None:
            return NoApi()
        kept = self._apis.get(host.name)
        if kept is None or kept.target != target:
            self.drop([host.name])
            kept = self._apis[host.name] = OneApi(host.name, target, self._counters)
        return kept

    def drop(self, names: Iterable[str]) -> None:
        """Leave the APIs of these."""
        for name in names:
            kept = self._apis.pop(name, None)
            if kept is not None:
                kept.leave()

    async def close(self) -> None:
        """Leave all of them. A call that hangs goes on hanging in its thread, which ends with the process at last."""
        self.drop(tuple(self._apis))


def _target(cloud: CloudTarget) -> Target | None:
    return cloud.api or cloud.sdk


def _lists(target: Target) -> Lists:
    return OpenStackLists(target) if isinstance(target, SdkTarget) else CloudStackLists(target)
