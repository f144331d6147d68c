"""What the rules look at: a file of this project with its path and text, and the tree of a Python file.

Only the project's own folders are walked, so virtual environments and caches beside them are no concern of a rule.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (".ci", "alerts", "cs_exporter", "deploy", "docs", "tests")


@dataclass(frozen=True)
class Source:
    """A text file; `path` is relative to the project's root, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of a Python file. Raises SyntaxError for any other."""
        return ast.parse(self.text, self.path)

    @property
    def is_python(self) -> bool:
        """Whether the file is a Python module or script."""
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        """Whether the file belongs to the tests rather than to what is shipped."""
        return self.path.startswith("tests/")

    @property
    def module(self) -> str:
        """The dotted name of a Python file; a package's is its folder's."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def nodes(self) -> Iterator[ast.AST]:
        """Every node of a Python file's tree; none of any other file."""
        return ast.walk(self.tree) if self.is_python else iter(())

    def finding(self, line: int, text: str) -> str:
        """How a broken rule is named."""
        return f"{self.path}:{line}: {text}"


Rule = Callable[[Source], Iterator[str]]
"""Gives one finding per place where a source breaks the rule; it is shown every source, of whatever kind."""


def tree_sources() -> tuple[Source, ...]:
    """Every text file of the project, captures of real hosts excepted: those are other systems' words."""
    files = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".git")]
    for folder in FOLDERS:
        files += (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return tuple(source for path in sorted(files) if (source := _read(path)))


def _read(path: Path) -> Source | None:
    relative = path.relative_to(ROOT)
    if {"__pycache__", "captures"} & set(relative.parts):
        return None
    try:
        return Source(relative.as_posix(), path.read_text())
    except UnicodeDecodeError:
        return None
