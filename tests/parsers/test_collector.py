"""The collector's wire format: captured streams become frames however they are cut up, and nothing else gets through.

The captures are the two streams of a real collector (under dash, and under busybox alone), asked three times.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.collector import (
    MAX_ANSWER,
    MAX_LINE,
    MAX_PASSED_OVER,
    ClockFrame,
    EndedFrame,
    Frame,
    FrameReader,
    Hello,
    ListedFrame,
    SectionFrame,
    encode_argument,
    request_line,
)

CAPTURES = Path(__file__).parents[1] / "captures/collector"
NAMES = frozenset({"chunk", "fail", "lacking", "lacking_worker", "nap", "read", "show", "size", "wrong"})
FIRST = (
    Hello(1, "dae13edd40a2", NAMES),
    ClockFrame("1.ab", 1795251141.369127512, 1e-9),
    SectionFrame("1.ab", 0, 0, output=b"<a b><c\nd>\n"),
    SectionFrame("1.ab", 1, 0, output=b"proc /proc proc rw 0 0\nno newline at the end\n"),
    SectionFrame("1.ab", 2, 1, output=b"cat: /nonexistent: No such file or directory\n"),
    SectionFrame("1.ab", 3, None),
    SectionFrame("1.ab", 4, None),
    ListedFrame("1.ab", 0),
    ClockFrame("2.ab", 1795251141.389242066, 1e-9),
    ListedFrame("2.ab", 0),
    ClockFrame("3.ab", 1795251141.409708432, 1e-9),
    SectionFrame("3.ab", 5, None),
    ListedFrame("3.ab", 5),
)
SECOND = (
    SectionFrame("3.ab", 2, 4, output=b"almost\n", seconds=0.01),
    SectionFrame("3.ab", 3, 0, output=b"", seconds=0.0),
    SectionFrame("3.ab", 4, 0, output=b"4096\n", seconds=0.01),
    SectionFrame("3.ab", 0, 0, output=b"slept\n", seconds=0.11),
    SectionFrame("3.ab", 1, None, late=True),
    EndedFrame("3.ab"),
)
WORDS = (b"1.ab", b"<", b">", b"!", b";", b"$", b"@", b".", b"0", b"-1", b"-", b"late", b"ready", b"nan", b"9" * 400)
SHELLS = (
    "dash",
    "bash",
    pytest.param("busybox sh", marks=pytest.mark.debian),
    pytest.param("mksh", marks=pytest.mark.debian),
)
"""The last two come with the packages of the tests."""


def read(chunks: Iterable[bytes]) -> tuple[list[Frame], str]:
    """All frames of a stream that arrives in these pieces, and the complaint that ended it."""
    reader = FrameReader()
    frames: list[Frame] = []
    try:
        for chunk in chunks:
            frames.extend(reader.feed(chunk))
    except UnparsableError as error:
        return frames, str(error)
    return frames, ""


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """`data` cut at these places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


@pytest.mark.parametrize(("name", "frames"), [("answered-first", FIRST), ("answered-second", SECOND)])
def test_a_captured_stream_is_its_frames(name: str, frames: tuple[Frame, ...]) -> None:
    """Every kind of frame that a real collector sends is understood."""
    assert (list(frames), "") == read([(CAPTURES / f"{name}.txt").read_bytes()])


def test_a_date_without_nanoseconds_shows_whole_seconds() -> None:
    """Busybox leaves %N as it is: the clock's resolution is then a second."""
    frames, _ = read([(CAPTURES / "whole-seconds-first.txt").read_bytes()])
    assert ClockFrame("1.ab", 1795251143.0, 1.0) == frames[1]


@given(st.sampled_from(("answered-first", "answered-second")), st.lists(st.integers(0, 1 << 16), max_size=40))
def test_a_stream_may_arrive_in_any_pieces(name: str, places: list[int]) -> None:
    """What the network does to a stream changes no frame of it."""
    data = (CAPTURES / f"{name}.txt").read_bytes()
    assert read([data]) == read(cut(data, places))
    assert read([data]) == read(data[at : at + 1] for at in range(len(data)))


@st.composite
def nearly_right(draw: st.DrawFn) -> bytes:
    """A captured stream with a word of one line replaced, left out or added."""
    name = draw(st.sampled_from(("answered-first", "answered-second", "whole-seconds-first")))
    lines = (CAPTURES / f"{name}.txt").read_bytes().split(b"\n")
    at = draw(st.sampled_from([number for number, line in enumerate(lines) if line.startswith(b"\x1e")]))
    words = lines[at].split(b" ")
    place = draw(st.integers(0, len(words)))
    words[place : place + draw(st.integers(0, 2))] = draw(
        st.lists(st.sampled_from(WORDS) | st.binary(max_size=3), max_size=2)
    )
    lines[at] = b" ".join(words)
    return b"\n".join(lines)


@settings(max_examples=300)
@given(st.binary(max_size=400) | nearly_right(), st.lists(st.integers(0, 800), max_size=10))
def test_any_bytes_are_frames_or_unparsable(data: bytes, places: list[int]) -> None:
    """No input raises anything but UnparsableError, and how it is cut changes neither frames nor complaint."""
    assert read([data]) == read(cut(data, places))


@pytest.mark.parametrize(
    "line",
    [
        b"\x1e",
        b"\x1eready",
        b"\x1eready one abc a,b",
        b"\x1eready 1 abc",
        b"\x1e1.ab",
        b"\x1e1.ab ?",
        b"\x1e1.ab @",
        b"\x1e1.ab @ 1 2",
        b"\x1e1.ab @ soon",
        b"\x1e1.ab @ " + b"9" * 400,
        b"\x1e1.ab .",
        b"\x1e1.ab . -1",
        b"\x1e1.ab $ 1",
        b"\x1e1.ab < -1",
        b"\x1e1.ab > 1_0 0",
        b"\x1e1.ab > 0 \xc2\xb2",
        b"\x1e1.ab ! 0 0 nan 1e308",
        b"\x1e1.ab ;",
    ],
    ids=ascii,
)
def test_a_line_that_only_begins_as_a_frame_is_unparsable(line: bytes) -> None:
    """A frame is exact: what comes close to one is a broken collector, or something that is none."""
    with pytest.raises(UnparsableError, match="not a frame"):
        list(FrameReader().feed(line + b"\n"))


@pytest.mark.parametrize("begin", [b"", b"\x1e1.ab < 0\n", b"\x1e1.ab ! 0 0 1 1\n"], ids=["noise", "inline", "worker"])
@pytest.mark.parametrize("line", [b"x" * 4096, b"x" * 4095 + b"\n"], ids=["one line", "lines"])
def test_an_answer_without_end_is_cut_off(begin: bytes, line: bytes) -> None:
    """Neither a section nor noise may fill the exporter's memory."""
    passed_over = begin.endswith(b"< 0\n") and line.endswith(b"\n")
    bound = MAX_PASSED_OVER if passed_over else MAX_LINE
    endless = iter([begin, *[line] * (2 * bound // len(line))])
    assert ([], f"more than {MAX_LINE} bytes without an end") == read(endless)
    assert bound <= sum(map(len, endless)) + len(line)


def test_an_oversized_section_costs_only_itself() -> None:
    """Its lines are passed over up to its end; what follows is read as if nothing had been."""
    line = b"\x1e1.ab < 0\n" + b"x" * (MAX_LINE + 1) + b"\n\n\x1e1.ab > 0 0\n"
    assert read([line]) == read(cut(line, [MAX_LINE + 12])) == ([], f"more than {MAX_LINE} bytes without an end")
    big = b"\x1e1.ab < 0\n" + b"a mount\n" * (MAX_ANSWER // 4) + b"\n\x1e1.ab > 0 0\n"
    small = b"\x1e1.ab < 1\nhello\n\n\x1e1.ab > 1 0\n"
    frames, error = read([big + small])
    assert [SectionFrame("1.ab", 0, 0, oversized=True), SectionFrame("1.ab", 1, 0, output=b"hello\n")] == frames
    assert not error


def test_the_sessions_of_a_large_cloud() -> None:
    """All agents on one server after the other has failed: 8,000 sessions are read, and memory holds them once."""
    said = b"".join(b"%-160d\n" % number for number in range(8000))
    frames, _ = read([b"\x1e1.ab < 0\n" + said + b"\n\x1e1.ab > 0 0\n"])
    assert [SectionFrame("1.ab", 0, 0, output=said)] == frames
    lines = [b"\x1e1.ab < 0\n", *[b"0123456789abcde\n" * 4096] * (MAX_ANSWER // 65536 - 1), b"\n\x1e1.ab > 0 0\n"]
    tracemalloc.start()
    ((frame,), _) = read(lines)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(frame, SectionFrame)
    assert MAX_ANSWER - 65536 == len(frame.output)
    assert peak < 3 * MAX_ANSWER


def test_the_largest_answer_passes_however_it_is_cut() -> None:
    """The bound is on one answer: the next one may have begun in the same piece."""
    section = b"\x1e1.ab < 0\n" + b"x" * 99 + b"\n" * 900_000 + b"\x1e1.ab > 0 0\n"
    data = section * 2 + b"y" * 1_000_000
    assert 2 == len(read([data])[0])
    assert read([data]) == read(cut(data, [1_000_000])) == read(cut(data, [10, 900_200, 1_800_300]))
    endless = data + b"y" * 100_000
    assert 2 == len(read([endless])[0])
    assert read([endless]) == read(cut(endless, [1_000_000, 2_800_000]))


def test_a_frame_may_not_be_endless_either() -> None:
    """What is too long in two pieces is too long in one."""
    line = b"\x1eready 1 abc " + b"a" * MAX_LINE + b"\n"
    assert ([], f"more than {MAX_LINE} bytes without an end") == read([line]) == read(cut(line, [MAX_LINE + 12]))


def test_a_section_may_print_what_looks_like_a_frame() -> None:
    """Only the line that carries the request's own id ends a section: a host's text can forge nothing."""
    forged = b"\x1e2.cd > 0 0\n\x1e1.ab $\n\x1e1.ab > 1 0\n"
    frames, _ = read([b"\x1e1.ab < 0\n" + forged + b"\n\x1e1.ab > 0 0\n"])
    assert [SectionFrame("1.ab", 0, 0, output=forged)] == frames


def test_noise_is_remembered_and_is_no_frame() -> None:
    """What a login says before the collector starts explains later why there is none."""
    reader = FrameReader()
    assert [] == list(reader.feed(b"Last login: yesterday\nThis account is currently not available.\n\n"))
    assert b"This account is currently not available." == reader.noise


ARGUMENTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_argument_survives_the_shell(shell: str) -> None:
    """The %b of a real shell's printf gives back every byte; nothing in between can be taken for syntax."""
    texts = [
        "/mnt/primary",
        "two words",
        "new\nline",
        "back\\slash \\101 \\\\",
        "$(touch /tmp/x) `id` ${PATH} $1",
        "'single' \"double\" ; & | < > * ? [a]",
        "ends in newlines\n\n",
        "comma,comma",
        "é\x1e\x7f\udcff",
        "".join(map(chr, range(1, 256))),
    ]
    encoded = "".join(f"{encode_argument(text)}.\n" for text in texts).encode("ascii")
    script = 'while IFS= read -r one; do printf %b "$one"; done'
    done = subprocess.run([*shell.split(), "-c", script], input=encoded, capture_output=True, check=True)
    assert "".join(f"{text}." for text in texts) == done.stdout.decode("utf-8", "surrogateescape")


@given(ARGUMENTS)
def test_an_encoded_argument_is_plain(text: str) -> None:
    """No blank, quote, comma, glob or control character is left in it, so that a request stays one line of words."""
    line = request_line("1.ab", [("statfs", 4, (text, "/"))])
    assert 1 == line.count(b"\n")
    request, token = line.split(b" ")
    name, limit, argument, last = token.split(b",")
    assert (b"1.ab", b"statfs", b"4", b"/\n") == (request, name, limit, last)
    assert re.fullmatch(rb"[A-Za-z0-9_./:@+=\\-]*", argument)


def test_a_request_is_one_line_of_ascii() -> None:
    """The whole grammar on one example: id, then name, limit and arguments of each section."""
    calls = [("mountstats", 0, ()), ("statfs", 4, ("/mnt/a b", ""))]
    assert b"a.0f mountstats,0 statfs,4,/mnt/a\\0040b,\n" == request_line("a.0f", calls)
