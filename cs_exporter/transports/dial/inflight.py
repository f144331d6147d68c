"""One attempt at a destination at a time: whoever comes while one is under way shares its end.

A destination that is slow is asked no faster for being asked by many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import Dial, PortState, Talk

Destination = tuple[str, int]


@dataclass(eq=False, slots=True)
class UnderWay:
    """An attempt. `accepted` is set by whoever makes it; `result` stays None where its asker has given up."""

    talk: Talk
    since: float  # loop time
    accepted: bool = False
    result: Dial | ProbeFailed | UnsupportedError | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def meanwhile(self, what: str) -> Dial:
        """What can be said before its end. Raises ProbeFailed where it has come too far for a word on it."""
        seconds = asyncio.get_running_loop().time() - self.since
        if self.accepted:
            detail = f"{what}: another asker has been looking at it for {seconds:.1f} s"
            raise ProbeFailed(Reason.TIMEOUT, detail, ours=True)
        return Dial(PortState.FILTERED, f"no answer to the connection request since {seconds:.1f} s")


class InFlight:
    """The attempts under way, by destination."""

    def __init__(self) -> None:
        self._under_way: dict[Destination, UnderWay] = {}

    async def share(
        self, destination: Destination, talk: Talk, ends: float, attempt: Callable[[UnderWay], Awaitable[Dial]]
    ) -> Dial:
        """The end of the attempt under way with the same talk, or of one that is begun once there is none.

        An attempt lives and dies with the asker who began it; when that one gives up, the next asker begins his own.
        Raises what `attempt` raises.
        """
        while (other := self._under_way.get(destination)) is not None:
            try:
                async with asyncio.timeout_at(ends):
                    await other.ended.wait()
            except TimeoutError:
                return other.meanwhile(f"{destination[0]} port {destination[1]}")
            if other.talk == talk and other.result is not None:
                return _again(other.result)
        mine = self._under_way[destination] = UnderWay(talk, asyncio.get_running_loop().time())
        try:
            mine.result = await attempt(mine)
        except (ProbeFailed, UnsupportedError) as failure:
            mine.result = failure
            raise
        finally:
            del self._under_way[destination]
            mine.ended.set()
        return mine.result


def _again(result: Dial | ProbeFailed | UnsupportedError) -> Dial:
    if isinstance(result, ProbeFailed):
        raise result.again()
    if isinstance(result, UnsupportedError):
        raise UnsupportedError(result.detail)
    return result
