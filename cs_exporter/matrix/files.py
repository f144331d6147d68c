"""All files that are made from the matrix: written into a folder, or compared with what is there.

Whoever makes one more kind of file adds its writer to WRITERS; nobody else opens a generated file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cs_exporter.config import ConfigError
from cs_exporter.matrix import alertmanager, page, proofs, reference, rules, runbooks
from cs_exporter.matrix.dashboards import files as dashboards
from cs_exporter.matrix.whole import Matrix

MARK = "Made by cs-exporter matrix write"
"""Stands near the beginning of every generated file: what has it and is made no more is an orphan."""

FOLDERS = ("alerts", "deploy/grafana", "docs")
"""Where generated files are, beside some that are written by hand."""

MEND = "type: cs-exporter matrix write"
"""Of the project's own files; an operator's want the options that they are made with as well."""

_MARKED_WITHIN = 2000
_SUFFIXES = frozenset({".json", ".md", ".yml"})

Writer = Callable[[Matrix], Mapping[str, str]]

WRITERS: tuple[Writer, ...] = (
    rules.files,
    proofs.files,
    alertmanager.files,
    runbooks.files,
    reference.files,
    page.files,
    dashboards.files,
)


def project(matrix: Matrix) -> dict[str, str]:
    """Path -> text of every generated file, sorted. Raises ValueError where two writers make the same file."""
    found: dict[str, str] = {}
    for writer in WRITERS:
        made = writer(matrix)
        twice = found.keys() & made.keys()
        if twice:
            raise ValueError(f"two writers make {', '.join(sorted(twice))}")
        found.update(made)
    return dict(sorted(found.items()))


def write(output: Path, matrix: Matrix) -> list[str]:
    """Bring the folder up to date; what was done, one line a file. Raises ConfigError where it can't be written."""
    files = project(matrix)
    done: list[str] = []
    try:
        for path, text in files.items():
            target = output / path
            if _read(target) != text:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
                done.append(f"{path}: written")
        for path in _orphans(output, files):
            (output / path).unlink()
            done.append(f"{path}: removed, nothing makes it any more")
    except OSError as error:
        raise _unusable(output, error) from error
    return done


def check(output: Path, matrix: Matrix, mend: str = MEND) -> list[str]:
    """What `write` would change, one line a file with its mend; none where all is as it should be.

    Raises ConfigError where the folder can't be read.
    """
    files = project(matrix)
    try:
        found = [
            f"{path}: {'is missing' if there is None else 'is stale'}; {mend}"
            for path, text in files.items()
            if (there := _read(output / path)) != text
        ]
        return [
            *found,
            *(f"{path}: is an orphan, nothing makes it any more; {mend}" for path in _orphans(output, files)),
        ]
    except OSError as error:
        raise _unusable(output, error) from error


def ours(output: Path) -> bool:
    """Whether rules that the matrix made are there."""
    return any(MARK in (_read(path) or "")[:_MARKED_WITHIN] for path in (output / rules.FOLDER).glob("cs_*.yml"))


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def _orphans(output: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Marked files in the generated folders that are not among `files`."""
    found = [path for folder in FOLDERS for path in sorted((output / folder).rglob("*")) if path.suffix in _SUFFIXES]
    for path in found:
        name = path.relative_to(output).as_posix()
        if name not in files and path.is_file() and MARK in (_read(path) or "")[:_MARKED_WITHIN]:
            yield name


def _unusable(output: Path, error: OSError) -> ConfigError:
    what = f"{error.filename or output}: {error.strerror or error}"
    return ConfigError("cs-exporter", "--output", f"{what}; give a folder that can be read and written")
