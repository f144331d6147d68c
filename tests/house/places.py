"""Rules about what stands where: tests beside their modules, no foreign addresses, no command that does not exist.

A published tree must mean the same on every machine, so it names no registry and no path of the machine it grew on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from tests.house.source import Source

# Bracketed letters keep these patterns from finding themselves.
REGISTRY = re.compile(r"py[p]i\.org|python[h]osted|[c]rates\.io|[n]pmjs|deb\.[d]ebian|archive\.[u]buntu|maven\.[o]rg")
BUILD_PATH = re.compile(r"/[w]ork/|/[f]arm/|/tmp/[w]/|/root/\.[a-z]|[f]arm-(?:studio|bench)|\.[l]ibrary/")
FENCE = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"^(?:\$ |# )?(?:[A-Z]+=\S+ )*make(?: ([a-z][\w-]*))?", re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ |# )?(?:\S*/)?cs-exporter\b([^|;&>#\n]*)", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z-]*): ", re.MULTILINE)


def no_foreign_addresses(source: Source) -> Iterator[str]:
    """No package registry's host and no path of a build machine."""
    for number, line in enumerate(source.text.splitlines(), 1):
        for pattern, what in ((REGISTRY, "a registry's host"), (BUILD_PATH, "a build machine's path or tool")):
            if found := pattern.search(line):
                yield source.finding(number, f"names {what}: {found.group()}")


def locks_name_no_index(source: Source) -> Iterator[str]:
    """A lock holds names, versions and hashes: where to fetch from is the machine's own affair."""
    if not source.path.endswith(".lock"):
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"^\s*-(?:-index|-extra|-find|i|f)|://", line):
            yield source.finding(number, f"names an index: {line.strip()}")


def untested_modules(paths: Iterable[str]) -> Iterator[str]:
    """Modules of the package without a test module in the same place under tests/."""
    known = frozenset(paths)
    for path in sorted(known):
        folder, _, name = path.rpartition("/")
        if folder.split("/")[0] == "cs_exporter" and name.endswith(".py") and not name.startswith("__"):
            wanted = f"tests{folder.removeprefix('cs_exporter')}/test_{name}"
            if wanted not in known:
                yield f"{path}: has no {wanted}"


def shell_blocks(source: Source) -> Iterator[str]:
    """The text of each fenced block of commands in a page."""
    if source.path.endswith(".md"):
        yield from (found.group(1) for found in FENCE.finditer(source.text))


def unknown_targets(source: Source, makefile: str) -> Iterator[str]:
    """Every `make TARGET` in a page's command blocks is a target of the Makefile."""
    targets = {"", *TARGET.findall(makefile)}
    for block in shell_blocks(source):
        for target in MAKE.findall(block):
            if target not in targets:
                yield f"{source.path}: make {target}: no such target"


def unknown_commands(source: Source, flags: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Every `cs-exporter ...` in a page's command blocks can be typed; `flags`: subcommand (or "") -> its options."""
    for block in shell_blocks(source):
        for line in COMMAND.findall(block):
            yield from (f"{source.path}: cs-exporter{line.rstrip()}: {what}" for what in _unknown_words(line, flags))


def _unknown_words(line: str, flags: Mapping[str, Collection[str]]) -> Iterator[str]:
    command, value_expected = "", False
    for word in line.split():
        if word.startswith("--"):
            flag, equals, _ = word.partition("=")
            value_expected = not equals
            if flag not in flags[command]:
                yield f"no option {flag}"
        elif word in flags and not command:
            command = word
        elif not command and not value_expected:
            yield f"no command {word}"
            return
        else:
            value_expected = False
