"""What commands share: tables are as wide as they are where there is no terminal, and where things are kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cs_exporter import options
from cs_exporter.config import ConfigError
from cs_exporter.options import Before, console


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


def test_which_configuration_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command's own option, then the one before it, then the usual file if there is one, then none."""
    own, before, usual = tmp_path / "own.yml", tmp_path / "before.yml", tmp_path / "usual.yml"
    monkeypatch.setattr(options, "DEFAULT_CONFIG", usual)
    assert Before().config(None) is None
    usual.write_text("")
    assert (usual, before, own) == (
        Before().config(None),
        Before(before).config(None),
        Before(before).config(own),
    )


def test_which_store_is_read(tmp_path: Path) -> None:
    """The same way; and one that is not there is a mistake, for nobody has stored anything in it."""
    own, before = tmp_path / "own", tmp_path / "before"
    with pytest.raises(ConfigError, match="is no folder that can be read; name the daemon's"):
        Before(storage=before).kept(None)
    own.mkdir()
    before.mkdir()
    assert (None, before, own) == (
        Before().kept(None),
        Before(storage=before).kept(None),
        Before(storage=before).kept(own),
    )
