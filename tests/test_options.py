"""What commands share: tables are as wide as they are where there is no terminal, and where things are kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cs_exporter.options import console


def test_without_a_terminal_nothing_is_cut() -> None:
    """Output that goes into a file or a pipe has no width of its own."""
    assert 200 == console().width


def test_a_place_where_nothing_can_be_kept_is_one_line(tmp_path: Path) -> None:
    """Before anything is asked or listened to; the status is that of every mistake of a user's."""
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "cs_exporter", f"--storage.path={tmp_path / 'file'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    mend = "can't be made: File exists; choose another folder"
    assert (2, f"--storage.path: '{tmp_path / 'file'}' {mend}\n") == (done.returncode, done.stderr)
