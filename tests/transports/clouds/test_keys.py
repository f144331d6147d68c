"""Keys come from the first lines of their files; what is wrong with a file is said, and never what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.model import ApiTarget, ProbeFailed, Reason
from cs_exporter.transports.clouds.keys import Keys, read_keys


def target(folder: Path) -> ApiTarget:
    """With files in that folder."""
    return ApiTarget("http://cloud.example/client/api", str(folder / "key"), str(folder / "secret"))


def test_the_first_line_without_blanks(tmp_path: Path) -> None:
    """Editors end files with a line feed, some with two."""
    (tmp_path / "key").write_bytes(b" aKey-_1 \r\nsecond line\n")
    (tmp_path / "secret").write_bytes(b"aSecret")
    assert Keys("aKey-_1", "aSecret") == read_keys(target(tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory"),
        (b"", "the first line is empty"),
        (b"\nkey", "the first line is empty"),
        (b"k\xc3\xa4y\n", "more than ASCII"),
    ],
)
def test_a_file_that_is_no_good(tmp_path: Path, content: bytes | None, words: str) -> None:
    """Our own trouble, with the file's name."""
    (tmp_path / "key").write_text("aKey", encoding="utf-8")
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ProbeFailed) as caught:
        read_keys(target(tmp_path))
    assert (Reason.COMMAND, True) == (caught.value.reason, caught.value.ours)
    assert caught.value.detail.startswith(f"{tmp_path / 'secret'}: ")
    assert words in caught.value.detail


def test_keys_show_themselves_nowhere() -> None:
    """Not in a traceback either."""
    keys = Keys("aKey", "aSecret")
    assert not any(hidden in f"{keys!r} {keys}" for hidden in ("aKey", "aSecret"))
    assert "apiKey=***&x=***" == keys.hide("apiKey=aKey&x=aSecret")
