"""The closed list of events: every text can be given to grep and awk, and none hides another's event."""

from __future__ import annotations

import subprocess

import pytest

from cs_exporter.probes.logs import stems

KINDS = {"server": stems.SERVER, "agent": stems.AGENT}


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_belongs_to_one_event(kind: str) -> None:
    """A line with one text alone counts for that text's event, whatever stands before it in the list."""
    every = [(event, text) for event, texts in KINDS[kind].items() for text in texts]
    assert [] == [(text, other) for event, text in every for name, other in every if name != event and other in text]


def test_texts_survive_all_quoting() -> None:
    """They stand in a string of awk, within single quotes of a shell."""
    every = [text for kind in KINDS.values() for texts in kind.values() for text in texts]
    assert [] == [text for text in every if set(text) & {"'", '"', "\\", "\n", "@"}]
    assert "e\nb [c\na" == stems.for_grep({"d": ("b [c", "e"), "f": ("a", "b [c")}, "e")


def test_awk_counts_a_line_once() -> None:
    """For the first event that has a text in it, and only in that kind of log."""
    rule = stems.for_awk("x", {"first": ("so [1]", "ab"), "second": ("a",)})
    program = f"function has(text) {{ return index($0, text) }} {rule} END {{ for (e in n) print e, n[e] }}"
    lines = b"is so [1]\nab\na\nnone\n"
    for kind, expected in (("x", {b"first 2", b"second 1"}), ("y", set[bytes]())):
        done = subprocess.run(["awk", "-v", f"kind={kind}", program], input=lines, capture_output=True, check=True)
        assert expected == set(done.stdout.splitlines())
