"""ports.Http that writes down what was asked and answered, for `cs-exporter probe`.

Bodies are shortened: a bus has thousands of queues. Of who asks the name is shown; the password stays in its file.
"""

from __future__ import annotations

from cs_exporter.ports import Clock, Http, HttpAnswer, HttpCall
from cs_exporter.transports.transcript.note import Note, Noting

_LINES, _CHARACTERS = 20, 200
_HEAD = 64 << 10
"""Bytes of a body that are looked at."""


class NotedHttp:
    """ports.Http around another one."""

    def __init__(self, inner: Http, note: Note, clock: Clock) -> None:
        self._inner = inner
        self._noted = Noting(note, clock)

    async def get(self, call: HttpCall, deadline: float) -> HttpAnswer:
        """See ports.Http."""
        user = f" as {call.login.user}" if call.login else ""
        return await self._noted.noted(f"http: GET {call.url}{user}", self._inner.get(call, deadline), _answer)


def _answer(answer: HttpAnswer) -> list[str]:
    first = f"first byte after {answer.first_byte_seconds * 1000:.2f} ms"
    text = answer.body[:_HEAD].decode(errors="replace")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    shown = [line if len(line) <= _CHARACTERS else f"{line[:_CHARACTERS]}..." for line in lines[:_LINES]]
    more = ["and more"] if len(lines) > _LINES or len(answer.body) > _HEAD else []
    return [f"status {answer.status}, {len(answer.body)} bytes, {first}", *("    " + line for line in shown + more)]
