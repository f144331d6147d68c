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


def test_texts_survive_the_shell() -> None:
    """Within single quotes, one a line, each once."""
    told = {"a": ("it's", "b [c"), "d": ("b [c",)}
    printed = subprocess.run(["sh", "-c", f"printf %s '{stems.for_grep(told, 'e')}'"], capture_output=True, check=True)
    assert b"e\nit's\nb [c" == printed.stdout


def test_texts_survive_awk() -> None:
    """Quotes and backslashes too; the first event that has a text in the line has the line."""
    rule = stems.for_awk("x", {"first": ('it\'s "so"', "a\\b"), "second": ("a",)})
    program = f"function has(text) {{ return index($0, text) }} {rule} END {{ for (e in n) print e, n[e] }}"
    lines = b'it\'s "so"\na\\b\na\nnone\n'
    for kind, expected in (("x", {b"first 2", b"second 1"}), ("y", set[bytes]())):
        done = subprocess.run(["awk", "-v", f"kind={kind}", program], input=lines, capture_output=True, check=True)
        assert expected == set(done.stdout.splitlines())
