"""Generated files: the committed ones are up to date; what is stale, missing or left over is named with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.config import ConfigError
from cs_exporter.matrix import files
from cs_exporter.matrix.files import FOLDERS, MARK, check, project, write
from cs_exporter.matrix.whole import Matrix, usual_matrix

ROOT = Path(__file__).parents[2]
MATRIX = usual_matrix()


def test_the_committed_files_are_up_to_date() -> None:
    """Whoever changes a sheet writes them anew."""
    problems = check(ROOT, MATRIX)
    assert not problems, "\n".join(problems)


def test_each_says_that_it_is_made() -> None:
    """Where an orphan is looked for, so that it is known as one."""
    for path, text in project(MATRIX).items():
        assert MARK in text[:2000], path
        assert path.startswith(tuple(f"{folder}/" for folder in FOLDERS)), path
        assert text.endswith("\n"), path
        assert not text.endswith("\n\n"), path


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    """One line a file; hand-written ones beside them are nobody's business; writing mends it all."""
    write(tmp_path, MATRIX)
    assert [] == check(tmp_path, MATRIX)
    mine = tmp_path / "docs/mine.md"
    mine.write_text("# By hand\n")
    (tmp_path / "alerts/cs_gone.yml").write_text(f"# {MARK} from the probes' sheets\n")
    (tmp_path / "docs/matrix.md").unlink()
    with (tmp_path / "docs/metrics.md").open("a") as page:
        page.write("more\n")
    assert [
        "docs/matrix.md: is missing; type: cs-exporter matrix write",
        "docs/metrics.md: is stale; type: cs-exporter matrix write",
        "alerts/cs_gone.yml: is an orphan, nothing makes it any more; type: cs-exporter matrix write",
    ] == check(tmp_path, MATRIX)
    assert [
        "docs/matrix.md: written",
        "docs/metrics.md: written",
        "alerts/cs_gone.yml: removed, nothing makes it any more",
    ] == write(tmp_path, MATRIX)
    assert [] == check(tmp_path, MATRIX)
    assert [] == write(tmp_path, MATRIX)
    assert "# By hand\n" == mine.read_text()


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    """It is told in one line."""
    (tmp_path / "alerts").write_text("in the way")
    with pytest.raises(ConfigError, match=r"alerts.*; give a folder that can be read and written"):
        write(tmp_path, MATRIX)


def test_two_writers_of_one_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the order of writers would decide what is in it."""

    def same(_matrix: Matrix) -> dict[str, str]:
        return {"docs/matrix.md": ""}

    monkeypatch.setattr(files, "WRITERS", (*files.WRITERS, same))
    with pytest.raises(ValueError, match=r"two writers make docs/matrix\.md"):
        project(MATRIX)
