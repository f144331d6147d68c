"""One attempt at a time at a destination, or at one question there: who asks the same meanwhile shares its end.

Which of the two is the asker's choice: through a host all questions to a destination wait for each other, from the
exporter itself only equal ones do. Whatever is slow is asked no faster for being asked by many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import Dial, PortState, Talk
from cs_exporter.transports.dial.talk import Span


@dataclass(eq=False, slots=True)
class UnderWay:
    """An attempt. `asked` and `accepted` are set by whoever makes it.

    `asked`: loop time at which the first connection request left; None while a name or a turn is waited for, and where
    silence is not to be judged from outside. `result` stays None where its asker has given up.
    """

    talk: Talk
    asked: float | None = None
    accepted: bool = False
    result: Dial | ProbeFailed | UnsupportedError | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def meanwhile(self, span: Span) -> Dial:
        """What can be said before its end. Raises ProbeFailed where that is nothing of the peer."""
        if self.asked is None or self.accepted:
            far = "is talking to it" if self.accepted else "has not learnt yet whether it answers"
            raise ProbeFailed(Reason.TIMEOUT, f"{span.what}: another asker {far}", ours=True)
        span.silence(self.asked)
        seconds = asyncio.get_running_loop().time() - self.asked
        return Dial(PortState.FILTERED, f"no answer to the connection request since {seconds:.1f} s")


class InFlight:
    """The attempts under way, by destination; or by what is asked there as well, where questions need not wait."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, UnderWay] = {}

    async def share(
        self, destination: Hashable, talk: Talk, span: Span, attempt: Callable[[UnderWay], Awaitable[Dial]]
    ) -> Dial:
        """The end of the attempt under way with the same talk, or of one that is begun once there is none.

        An attempt lives and dies with the asker who began it; when that one gives up, the next asker begins his own.
        Raises what `attempt` raises.
        """
        while (other := self._under_way.get(destination)) is not None:
            try:
                async with asyncio.timeout_at(span.ends):
                    await other.ended.wait()
            except TimeoutError:
                return other.meanwhile(span)
            if other.talk == talk and other.result is not None:
                return _again(other.result)
        mine = self._under_way[destination] = UnderWay(talk)
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
