"""The answer about a log's new lines: what is found in it, and what is no answer."""

from __future__ import annotations

import pytest

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.management_log import Cursor, FileState, Identity, Look, Pool, numbers, parse

WHOLE = """at 17 4096 3281
former 16 99 7
read 4096
lost 12
torn
debug
n behind_on_ping 2
pings 5 AAC
strange 1
behind AE
crowded
agent 1 0d6f0b3e-7c2f-4a3c-9d2f-6d5e2f1a9b11 kvm1.example
agent 2 - kvm2
pool cloud 250 249 1 24
end
"""


def test_every_finding_is_taken() -> None:
    """An answer with all there can be."""
    assert Look(
        FileState.READ,
        at=Cursor(17, 4096, 3281),
        former=Cursor(16, 99, 7),
        read=4096,
        lost=12,
        torn=True,
        debug=True,
        events={"behind_on_ping": 2},
        ping_lines=5,
        pinged=frozenset({1, 2, 5}),
        strange=1,
        behind=frozenset({1, 6}),
        crowded=True,
        agents=(Identity(1, "0d6f0b3e-7c2f-4a3c-9d2f-6d5e2f1a9b11", "kvm1.example"), Identity(2, "", "kvm2")),
        pools=(Pool("cloud", 250, 249, 1, 24),),
    ) == parse(WHOLE)


def test_a_quiet_log() -> None:
    """Nothing new was written: there is no list of agents behind, which is not an empty one."""
    assert Look(FileState.READ, at=Cursor(17, 0, 1)) == parse("at 17 0 1\nend\n")
    assert frozenset() == parse("at 17 0 1\nbehind \nend\n").behind


@pytest.mark.parametrize("word", ["missing", "denied", "irregular"])
def test_a_file_that_is_not_read(word: str) -> None:
    """Why it was not is the whole answer."""
    assert Look(FileState(word)) == parse(f"{word}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("A", {1}),
        ("z", {52}),
        ("00", {53}),
        ("0zA", {114, 115}),
        ("9z", {672}),
        (".673.", {673}),
        ("D.10000.B00", {4, 10004, 10006, 10059}),
    ],
)
def test_lists_are_differences(text: str, expected: set[int]) -> None:
    """Each sign, pair of signs or number in full stops is counted from the number before."""
    assert expected == numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "read\n",
        "end\n",
        "at 17 0 1\n",
        "at 17 0 1\nen",
        "at 17 0\nend\n",
        "at 17 -1 1\nend\n",
        "at 17 \u0661 1\nend\n",
        "at 17 0 1\npings 1 .5\nend\n",
        "at 17 0 1\npings 1 A!\nend\n",
        "at 17 0 1\nn Ping-from 2\nend\n",
        "at 17 0 1\npool cloud 1 2 3\nend\n",
        "at 17 0 1\ntorn twice\nend\n",
        "at 17 0 1\nWARN what the log says\nend\n",
    ],
)
def test_what_is_no_answer(text: str) -> None:
    """A part of one is refused as a whole, for nobody would know what it lacks."""
    with pytest.raises(UnparsableError):
        parse(text)
