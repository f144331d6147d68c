"""The collector's wire format, both ways: requests to lines, and a host's two byte streams to frames.

Lines that begin with the record separator (0x1e) are frames; everything else belongs to the section that is open, or is
noise (a login message, a shell's complaint). Workers answer on the second stream, each in one write, so that a
long section on the first one can't be torn apart by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cs_exporter.model import UnparsableError

PROTOCOL = 1
MAX_ANSWER = 4 << 20
"""Bytes one section that never blocks may have, as for the sessions of 20,000 agents; a longer one is passed over, up
to its end. It is held as it is, so that this much of the exporter's memory is what a host can take, for one answer."""

MAX_LINE = 1 << 20
"""Bytes one line, a worker's record, or noise between frames may have."""

MAX_PASSED_OVER = 4 * MAX_ANSWER
"""Bytes after which a section is taken to have no end."""

_MARK = b"\x1e"
_PLAIN = re.compile(r"[A-Za-z0-9_./:@+=-]")
_NUMBER = re.compile(r"[0-9]{1,15}")
_UPTIME = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_FRACTION = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Hello:
    """The collector is ready."""

    protocol: int
    hash: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClockFrame:
    """The host's wall clock, seconds since the epoch, and the resolution it was shown with."""

    request: str
    host_time: float
    resolution: float


@dataclass(frozen=True, slots=True)
class SectionFrame:
    """One section's answer. `status` None: unsupported; `late`: no answer in its limit; `oversized`: passed over."""

    request: str
    index: int
    status: int | None
    late: bool = False
    output: bytes = b""
    seconds: float | None = None
    oversized: bool = False


@dataclass(frozen=True, slots=True)
class ListedFrame:
    """All sections that never block have answered; so many workers are still to come."""

    request: str
    workers: int


@dataclass(frozen=True, slots=True)
class EndedFrame:
    """Every worker has answered, or its limit has passed."""

    request: str


Frame = Hello | ClockFrame | SectionFrame | ListedFrame | EndedFrame


def encode_argument(text: str) -> str:
    """Write an argument as printf's %b reads it, with nothing in it that a shell or the frame could take amiss."""
    return "".join(
        char
        if _PLAIN.fullmatch(char)
        else "".join(f"\\0{byte:03o}" for byte in char.encode("utf-8", "surrogateescape"))
        for char in text
    )


def request_line(request: str, calls: list[tuple[str, int, tuple[str, ...]]]) -> bytes:
    """One request: `request` is its id (hexadecimal and dots); calls are (section, limit in seconds, arguments)."""
    tokens = [",".join((name, str(limit), *map(encode_argument, arguments))) for name, limit, arguments in calls]
    return (" ".join((request, *tokens)) + "\n").encode("ascii")


class FrameReader:
    """Reads one stream. Feed it bytes as they come; it yields frames, and raises UnparsableError for what is none."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._open: tuple[bytes, SectionFrame] | None = None  # the line that ends it, and what is known of it
        self._output = bytearray()
        self._size = 0
        self.noise = b""  # the last line that belonged to nothing

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Frames that `data` completes."""
        self._buffer += data
        if b"\n" in data:  # without this look, a line that comes byte by byte would be copied as often
            *lines, rest = bytes(self._buffer).split(b"\n")
            self._buffer = bytearray(rest)
            for line in lines:
                frame = self._line(line)
                if frame is not None:
                    yield frame
        self._bound(len(self._buffer))

    def _bound(self, line: int) -> None:
        """Only a section that never blocks may be longer, and is passed over; a worker's record is one short write."""
        inline = self._open is not None and not self._open[0].endswith(b";")
        limit = MAX_PASSED_OVER if inline else MAX_LINE
        if line > MAX_LINE or self._size > limit:
            raise UnparsableError(f"more than {MAX_LINE} bytes without an end")
        if self._size > MAX_ANSWER:
            self._output.clear()

    def _line(self, line: bytes) -> Frame | None:
        self._size += len(line) + 1
        self._bound(len(line))
        if self._open is not None and not line.startswith(self._open[0]):
            self._output += line + b"\n"
            return None
        if not line.startswith(_MARK):
            self.noise = line[:200] or self.noise
            return None
        oversized, self._size = self._open is not None and self._size > MAX_ANSWER, 0
        try:
            frame = self._frame(line[1:].decode("ascii").split(" "))
        except ValueError as error:
            raise UnparsableError(f"not a frame: {line[:80]!r}") from error
        return replace(frame, oversized=True) if oversized and isinstance(frame, SectionFrame) else frame

    def _frame(self, words: list[str]) -> Frame | None:
        if words[0] == "ready":
            protocol, digest, names = words[1:]
            return Hello(_number(protocol), digest, frozenset(filter(None, names.split(","))))
        request, sign, *rest = words
        if sign == "@":
            (shown,) = rest
            return _clock(request, shown)
        if sign == ".":
            (workers,) = rest
            return ListedFrame(request, _number(workers))
        if sign == "$" and not rest:
            return EndedFrame(request)
        return self._section(request, sign, rest)

    def _section(self, request: str, sign: str, rest: list[str]) -> Frame | None:
        if sign == "<":  # the answer of a section that never blocks follows, up to its ">" line
            (index,) = rest
            self._begin(f"\x1e{request} > {index} ", SectionFrame(request, _number(index), None))
            return None
        if sign == "!":  # a worker's whole record
            index, status, began, ended = rest
            seconds = round(_uptime(ended) - _uptime(began), 3)
            known = SectionFrame(request, _number(index), _number(status), seconds=seconds)
            self._begin(f"\x1e{request} ;", known)
            return None
        if sign == ">":  # the end of such an answer, or all there is of one that is unsupported or late
            index, status = rest
            number = None if status in {"-", "late"} else _number(status)
            return SectionFrame(request, _number(index), number, status == "late", self._take())
        if sign == ";" and self._open is not None and not rest:
            known = self._open[1]
            return replace(known, output=self._take())
        raise ValueError(sign)

    def _begin(self, end: str, known: SectionFrame) -> None:
        self._open = (end.encode("ascii"), known)
        self._output.clear()

    def _take(self) -> bytes:
        """What was collected; the end mark brings a newline of its own, after an answer that may have ended in one."""
        text, self._open, self._output = self._output, None, bytearray()
        if text == b"\n" or text.endswith(b"\n\n"):
            del text[-1:]
        return bytes(text)


def _number(word: str) -> int:
    if not _NUMBER.fullmatch(word):
        raise ValueError(word)
    return int(word)


def _uptime(word: str) -> float:
    if not _UPTIME.fullmatch(word):
        raise ValueError(word)
    return float(word)


def _clock(request: str, shown: str) -> ClockFrame:
    """A `date` that knows no nanoseconds shows its %N as it is, or leaves it out."""
    whole, _, fraction = shown.partition(".")
    if _FRACTION.fullmatch(fraction):
        return ClockFrame(request, _number(whole) + int(fraction) / 10 ** len(fraction), 10.0 ** -len(fraction))
    return ClockFrame(request, float(_number(whole)), 1.0)
