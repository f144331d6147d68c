"""What the demo prints fits the terminal, and is whole lines in a file."""

from __future__ import annotations

import os
import termios
from pathlib import Path

from tests.demo.terminal import wrapped

TEXT = "critical  kvm2   CsNfsMountHung: An NFS mount of the host does not answer. (mountpoint /mnt/primary)"


def test_it_fits_the_terminal() -> None:
    """What is too long goes on beneath, indented, and loses no word."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        termios.tcsetwinsize(terminal.fileno(), (24, 80))
        lines = wrapped(TEXT, "    ", terminal).splitlines()
    assert 2 == len(lines)
    assert max(map(len, lines)) <= 80
    assert lines[1].startswith("    ")
    assert TEXT.split() == " ".join(lines).split()


def test_a_file_gets_whole_lines(tmp_path: Path) -> None:
    """It has no width."""
    with (tmp_path / "log").open("w") as file:
        assert TEXT == wrapped(TEXT, "    ", file)
