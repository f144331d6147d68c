"""The house rules hold in every source; and each rule sees the violation that is planted for it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import imports, manners, places
from tests.house.source import ROOT, Rule, Source, tree_sources

SOURCES = tree_sources()

RULES: tuple[Rule, ...] = (
    imports.floors,
    imports.pure_parsers,
    imports.owners,
    manners.head,
    manners.small_file,
    manners.small_functions,
    manners.narrow_excepts,
    manners.honest_waits,
    manners.no_silent_skips,
    manners.tests_assert,
    manners.no_doubles,
    manners.nothing_undone,
    manners.reasons_for_silence,
    places.no_foreign_addresses,
    places.locks_name_no_index,
)

PACKAGED, TESTED = "cs_exporter/board.py", "tests/test_board.py"
LONG_BODY = "\n".join(["    pass"] * manners.FUNCTION_LINES)

VIOLATIONS: tuple[tuple[Rule, str, str], ...] = (
    (imports.floors, "cs_exporter/model.py", "from cs_exporter.board import Board"),
    (imports.floors, "cs_exporter/model.py", "from cs_exporter import board"),
    (imports.floors, "cs_exporter/probes/a.py", "import cs_exporter.daemon"),
    (imports.floors, "cs_exporter/probes/a.py", "from cs_exporter.transports.ssh import SshShell"),
    (imports.floors, "cs_exporter/probes/a.py", "from . import b"),
    (imports.floors, "cs_exporter/attic.py", "import re"),
    (imports.pure_parsers, "cs_exporter/parsers/a.py", "import socket"),
    (imports.pure_parsers, "cs_exporter/parsers/a.py", "from cs_exporter.ports import Io"),
    (imports.owners, PACKAGED, "import asyncssh"),
    (imports.owners, "cs_exporter/transports/a.py", "import httpx"),
    (manners.head, PACKAGED, '"""Only what it is."""'),
    (manners.head, TESTED, "import re"),
    (manners.small_file, PACKAGED, "\n" * (manners.FILE_LINES + 1)),
    (manners.small_functions, PACKAGED, f"def long():\n{LONG_BODY}"),
    (manners.narrow_excepts, PACKAGED, "try:\n    f()\nexcept:\n    pass"),
    (manners.narrow_excepts, PACKAGED, "try:\n    f()\nexcept (OSError, Exception):\n    pass"),
    (manners.honest_waits, PACKAGED, "import time\ntime.sleep(0.01)"),
    (manners.honest_waits, PACKAGED, "from time import sleep"),
    (manners.honest_waits, TESTED, "import asyncio\nasync def f():\n    await asyncio.sleep(0.3)"),
    (manners.no_silent_skips, TESTED, "@pytest.mark.skip\ndef test_a(): ..."),
    (manners.no_silent_skips, TESTED, "@pytest.mark.xfail(strict=True)\ndef test_a(): ..."),
    (manners.no_silent_skips, TESTED, "def test_a():\n    pytest.skip('')"),
    (manners.tests_assert, TESTED, "def test_a():\n    f()"),
    (manners.no_doubles, TESTED, "from unittest import mock"),
    (manners.no_doubles, TESTED, "from unittest.mock import Mock"),
    (manners.nothing_undone, PACKAGED, "x = 1  # TO" + "DO: count properly"),
    (manners.nothing_undone, "Makefile", "# FIX" + "ME"),
    (manners.reasons_for_silence, PACKAGED, "x = f()  # type: ignore[no-untyped-call]"),
    (manners.reasons_for_silence, PACKAGED, "x = f()  # type: ignore  # untyped library"),
    (places.no_foreign_addresses, "README.md", "see https://{}.org".format("py" + "pi")),
    (places.no_foreign_addresses, PACKAGED, "PATH = '/" + "work/main'"),
    (places.locks_name_no_index, "requirements.lock", "--index-url https://example.org/simple"),
    (places.locks_name_no_index, "requirements.lock", "a @ https://example.org/a.whl"),
)

PERMITTED: tuple[tuple[Rule, str, str], ...] = (
    (imports.floors, "cs_exporter/probes/a.py", "from cs_exporter.parsers.chrony import tracking\nimport re"),
    (imports.pure_parsers, "cs_exporter/parsers/a.py", "import re\nfrom cs_exporter.model import UnparsableError"),
    (imports.owners, "cs_exporter/transports/a.py", "import asyncssh, socket"),
    (manners.head, PACKAGED, '"""What it is.\n\nWhy it exists.\n"""'),
    (manners.small_functions, PACKAGED, f"def f():\n{LONG_BODY}".rpartition("\n")[0]),
    (manners.narrow_excepts, PACKAGED, "try:\n    f()\nexcept OSError:\n    pass"),
    (manners.narrow_excepts, PACKAGED, "try:\n    f()\nexcept BaseException:\n    close()\n    raise"),
    (manners.narrow_excepts, "cs_exporter/runner.py", "try:\n    f()\nexcept Exception:\n    pass"),
    (manners.honest_waits, TESTED, "import asyncio\nasync def f():\n    await asyncio.sleep(0)"),
    (manners.no_silent_skips, TESTED, "@pytest.mark.xfail(reason='kernel before 6.1')\ndef test_a(): ..."),
    (manners.tests_assert, TESTED, "def test_a():\n    with pytest.raises(OSError):\n        f()"),
    (manners.nothing_undone, PACKAGED, "x = 1  # TO" + "DO(#12): count properly"),
    (manners.reasons_for_silence, PACKAGED, "x = f()  # type: ignore[no-untyped-call]  # the library ships no types"),
    (
        places.locks_name_no_index,
        "requirements.lock",
        "aiohttp==3.14.5 \\\n    --hash=sha256:00\n    # via a, -c b.lock",
    ),
)


def _name(value: object) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_every_source_keeps_the_rule(rule: Rule) -> None:
    """The tree as it is breaks no rule."""
    problems = [finding for source in SOURCES for finding in rule(source)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("rule", "path", "text"), VIOLATIONS, ids=_name)
def test_a_rule_sees_its_violation(rule: Rule, path: str, text: str) -> None:
    """A rule that lets its planted violation pass would hold nothing."""
    assert [path] == sorted({finding.split(":")[0] for finding in rule(Source(path, text))})


@pytest.mark.parametrize(("rule", "path", "text"), PERMITTED, ids=_name)
def test_a_rule_leaves_good_sources_alone(rule: Rule, path: str, text: str) -> None:
    """What the rule asks for is not itself a finding."""
    assert [] == list(rule(Source(path, text)))


def test_every_rule_is_proven() -> None:
    """No rule is turned on the tree that was not seen to find something."""
    assert set(RULES) == {rule for rule, _, _ in VIOLATIONS}


def test_imports_run_in_no_circle() -> None:
    """A module can be read, and tested, without the modules that use it; and the rule sees a planted circle."""
    a = Source("cs_exporter/a.py", "from cs_exporter.b import B")
    b = Source("cs_exporter/b.py", "from cs_exporter import a")
    assert {"cs_exporter.a", "cs_exporter.b"} == set(imports.circle([a, b]))
    assert () == imports.circle(source for source in SOURCES if source.is_python)


def test_every_module_has_its_tests() -> None:
    """Tests mirror the package, so that each is found where its module would make one look."""
    planted = ["cs_exporter/parsers/a.py", "cs_exporter/parsers/b.py", "tests/parsers/test_b.py"]
    assert ["cs_exporter/parsers/a.py: has no tests/parsers/test_a.py"] == list(places.untested_modules(planted))
    problems = list(places.untested_modules(source.path for source in SOURCES))
    assert not problems, "\n".join(problems)


def test_pages_name_existing_targets() -> None:
    """A newcomer who types what a page says never meets `No rule to make target`."""
    planted = Source("README.md", "```sh\n$ make run\nCI=true make tset\nmake\n```\n")
    assert ["README.md: make tset: no such target"] == list(places.unknown_targets(planted, "run: x\ntest: y\n"))
    makefile = (ROOT / "Makefile").read_text()
    assert [] == [finding for source in SOURCES for finding in places.unknown_targets(source, makefile)]


def _pinned(lock: str) -> dict[str, str]:
    pins: list[tuple[str, str]] = re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return dict(pins)


def _unlocked(wanted: list[str], pins: dict[str, str]) -> Iterator[str]:
    for requirement in map(Requirement, wanted):
        pin = pins.get(canonicalize_name(requirement.name), "")
        if not pin or not requirement.specifier.contains(pin):
            yield f"{requirement}: locked is {pin or 'nothing'}"


def test_the_locks_are_those_of_the_project() -> None:
    """A dependency that is declared is locked, at a version that fits: else `make lock` was forgotten."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = [*declared["project"]["dependencies"], *declared["build-system"]["requires"]]
    everything = [*shipped, *(wanted for group in declared["dependency-groups"].values() for wanted in group)]
    runtime, developing = _pinned("requirements.lock"), _pinned("requirements-dev.lock")
    assert ["b>=2: locked is 1", "c: locked is nothing"] == list(_unlocked(["a", "b>=2", "c"], {"a": "1", "b": "1"}))
    assert [] == [*_unlocked(shipped, runtime), *_unlocked(everything, developing)]
    assert runtime.items() <= developing.items()
