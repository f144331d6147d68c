"""Rules about how a file is written: its head, its size, how it waits, what it catches, what it leaves undone.

Limits stand here as constants with the reason beside them; everything that ruff can say is left to ruff.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tests.house.source import Source

FILE_LINES = 300  # a file has one subject
FUNCTION_LINES = 50  # a function fits on a screen
LONGEST_SLEEP = 0.2  # seconds; a longer one is a wait for something, which has a name and a deadline
WAITERS = ("tests/lab/wait.py", "tests/lab/fair.py", "tests/lab/supervisor.py")  # they are how the tests wait
UNDONE = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!.*#\d)")
SILENCED = re.compile(r"#\s*type:\s*ignore(?!\[[\w, -]+\]\s+#\s*\w)")


def head(source: Source) -> Iterator[str]:
    """A file says what it is and why it exists before anything else; a test file may say it in one line."""
    if not source.is_python:
        return
    said = [line for line in (ast.get_docstring(source.tree) or "").splitlines() if line.strip()]
    wanted = 1 if source.path.rpartition("/")[2].startswith(("test_", "conftest")) else 2
    if len(said) < wanted:
        yield source.finding(1, f"the head has {len(said)} lines: say what this file is, and why it exists")


def small_file(source: Source) -> Iterator[str]:
    """A source that outgrows its limit has two subjects."""
    lines = source.text.count("\n")
    if source.path.endswith((".py", ".sh")) and lines > FILE_LINES:
        yield source.finding(lines, f"{lines} lines, at most {FILE_LINES}")


def small_functions(source: Source) -> Iterator[str]:
    """A function fits on a screen."""
    for node in source.nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield source.finding(node.lineno, f"{node.name} has {lines} lines, at most {FUNCTION_LINES}")


def narrow_excepts(source: Source) -> Iterator[str]:
    """Only the runner catches everything: it turns the unforeseen into `bug`; others clean up and raise it again."""
    if source.path == "cs_exporter/runner.py":
        return
    for node in source.nodes():
        if isinstance(node, ast.ExceptHandler):
            names = {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)} if node.type else {"all"}
            last = node.body[-1]
            raised_again = isinstance(last, ast.Raise) and last.exc is None
            if names & {"all", "Exception", "BaseException"} and not raised_again:
                yield source.finding(node.lineno, "catches everything; name what can happen")


def honest_waits(source: Source) -> Iterator[str]:
    """The package never blocks in a sleep, and a test waits for a condition and not for time to pass."""
    if source.path in WAITERS:
        return
    for node in source.nodes():
        if isinstance(node, ast.ImportFrom) and (node.module, "sleep") in {
            (module, alias.name) for module in ("time", "asyncio") for alias in node.names
        }:
            yield source.finding(node.lineno, "imports sleep under its bare name, where a rule can't see whose it is")
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "time.sleep":
            yield source.finding(node.lineno, "time.sleep; wait for a condition (tests/lab/wait.py)")
        elif called == "asyncio.sleep" and source.is_test and _seconds(node) > LONGEST_SLEEP:
            yield source.finding(node.lineno, "a fixed sleep; wait for a condition (tests/lab/wait.py)")


def _seconds(call: ast.Call) -> float:
    value = call.args[0] if call.args else None
    number = value.value if isinstance(value, ast.Constant) else 0
    return float(number) if isinstance(number, int | float) else 0.0


def no_silent_skips(source: Source) -> Iterator[str]:
    """A test that does not run says why, in words."""
    if not source.is_test:
        return
    for node in source.nodes():
        if not isinstance(node, ast.Attribute) or node.attr not in {"skip", "skipif", "xfail", "importorskip"}:
            continue
        calls = [call for call in source.nodes() if isinstance(call, ast.Call) and call.func is node]
        said = [word for call in calls for word in (*call.args[:1], *(key.value for key in call.keywords))]
        if not any(
            isinstance(word, ast.Constant | ast.JoinedStr) and len(ast.unparse(word)) > len("'why'") for word in said
        ):
            yield source.finding(node.lineno, f"{node.attr} without a reason")


def tests_assert(source: Source) -> Iterator[str]:
    """A test that asserts nothing can't fail."""
    if not source.is_test:
        return
    for node in source.nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            names = {ast.unparse(part.func).rpartition(".")[2] for part in ast.walk(node) if isinstance(part, ast.Call)}
            asserts = any(isinstance(part, ast.Assert) for part in ast.walk(node))
            if not asserts and not any(name.startswith(("raises", "assert_", "wait_until", "fail")) for name in names):
                yield source.finding(node.lineno, f"{node.name} asserts nothing")


def no_doubles(source: Source) -> Iterator[str]:
    """Tests use real things or small fakes of our own ports; a mock agrees with whatever is asked of it."""
    for node in source.nodes():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        module = node.module if isinstance(node, ast.ImportFrom) else ""
        if any("mock" in f"{module}.{name}".split(".") for name in names):
            yield source.finding(getattr(node, "lineno", 1), "imports a mock")


def nothing_undone(source: Source) -> Iterator[str]:
    """What is left to do is an issue with a number, not a remark."""
    for line, comment in _comments(source):
        if UNDONE.search(comment):
            yield source.finding(line, "something undone without an issue's #number")


def reasons_for_silence(source: Source) -> Iterator[str]:
    """A silenced type checker is told of which complaint, and the reader why."""
    for line, comment in _comments(source):
        if source.is_python and SILENCED.search(comment):
            yield source.finding(line, "type: ignore needs [a code] and, after another #, the reason")


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    if not source.is_python:
        yield from enumerate(source.text.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
