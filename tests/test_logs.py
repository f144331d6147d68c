"""Logging: one line an event, ours and the libraries' in the same format."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, structlog
from cs_exporter.logs import configure
configure({level!r}, {form!r})
structlog.get_logger("ours").warning("probe failed", host="kvm1", detail="two\\nlines")
logging.getLogger("asyncssh").info("talk")
logging.getLogger("theirs").error("odd %s", "thing")
try:
    1 / 0
except ZeroDivisionError as error:
    structlog.get_logger("ours").error("bug", exc_info=error)
"""


def logged(level: str, form: str) -> list[str]:
    """The lines that a program with this configuration logs."""
    text = PROGRAM.format(level=level, form=form)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert not done.stdout
    return done.stderr.splitlines()


def test_json_lines() -> None:
    """Every line is a JSON object with time, level, message and logger; a library's too."""
    ours, theirs, bug = map(json.loads, logged("info", "json"))
    assert ("probe failed", "warning", "kvm1", "ours") == (ours["msg"], ours["level"], ours["host"], ours["logger"])
    assert ("odd thing", "error", "theirs") == (theirs["msg"], theirs["level"], theirs["logger"])
    assert "ZeroDivisionError" in bug["exception"]


def test_logfmt_lines() -> None:
    """One line an event whatever the texts in it hold."""
    lines = logged("info", "logfmt")
    assert len(lines) == 3
    assert 'level=warning msg="probe failed"' in lines[0]
    assert r"two\nlines" in lines[0]


@pytest.mark.parametrize(("level", "expected"), [("debug", 4), ("error", 2)])
def test_levels(level: str, expected: int) -> None:
    """A level hides what is below it; a talkative library's talk is for debugging."""
    assert expected == len(logged(level, "json"))
