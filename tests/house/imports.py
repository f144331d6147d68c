"""Rules about imports: floors, purity of parsers, one owner per outside library, no circles.

The tables here are the house of the design: whoever adds a room or a library says in one line where it belongs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from tests.house.source import Source

PACKAGE = "cs_exporter"

FLOORS = {
    **dict.fromkeys(("model", "ports", "spec", "durations"), 0),
    **dict.fromkeys(("parsers", "platforms"), 1),
    **dict.fromkeys(("probes", "transports"), 2),
    **dict.fromkeys(("build", "config", "discovery", "grants", "inventory", "keyline", "limits"), 3),
    **dict.fromkeys(("needs", "topology"), 3),
    **dict.fromkeys(("board", "runner", "scheduling", "derive", "reachability", "symptoms"), 4),
    **dict.fromkeys(("exposition", "history", "matrix", "web"), 5),
    **dict.fromkeys(("daemon", "healthy", "notify", "once", "service", "logs", "checklist", "cli", "__main__"), 6),
    **dict.fromkeys(("matrix_commands", "options"), 6),
}

APART = frozenset({"probes", "transports"})
"""Rooms on one floor that do not know each other: what they share comes by way of ports and the daemon."""

PURE = frozenset(
    {
        *("__future__", "collections", "dataclasses", "enum", "functools", "itertools", "types", "typing"),
        *("base64", "binascii", "csv", "datetime", "decimal", "fractions", "ipaddress", "json", "math", "re"),
        *("statistics", "string", "struct"),
    }
)
"""The text and number modules that parsers may use."""

OWNERS = {
    "aiohttp": ("web", "transports"),
    "aiomysql": ("transports",),
    "apscheduler": ("scheduling",),
    "asyncssh": ("transports",),
    "bcrypt": ("web",),
    "click": ("cli", "matrix_commands", "options"),
    "cryptography": ("transports",),
    "cs": ("transports",),
    "isal": ("web",),
    "keystoneauth1": ("transports",),
    "openstack": ("transports",),
    "prometheus_client": ("exposition",),
    "pydantic": ("config", "discovery", "spec", "probes", "platforms", "web"),
    "pydantic_core": ("config",),
    "pydantic_settings": ("config",),
    "pymysql": ("transports",),
    "pyroute2": ("transports",),
    "requests": ("transports",),
    "rich": ("cli", "matrix_commands", "once", "options"),
    "structlog": (
        *("transports", "discovery", "runner", "scheduling", "web"),
        *("daemon", "notify", "service", "logs", "cli"),
    ),
    "uvloop": ("service",),
    "yaml": ("config",),
}
"""Outside library -> the rooms that may import it."""


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a source imports; `from a import b` gives `a.b`."""
    for node in source.nodes():
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = f"{PACKAGE}.<relative>"
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def room(module: str) -> str:
    """The first part of a module's name below the package; empty for the package itself."""
    return module.partition(".")[2].partition(".")[0]


def floors(source: Source) -> Iterator[str]:
    """Nobody imports upstairs, and rooms that stand apart do not import each other."""
    if not source.path.startswith(f"{PACKAGE}/") or source.path.endswith("/py.typed"):
        return
    own = room(source.module)
    if own and own not in FLOORS:
        yield source.finding(1, f"{own} stands on no floor: say in FLOORS where it belongs")
        return
    for line, name in imports(source):
        other = room(name)
        if not name.startswith(f"{PACKAGE}.") or other.startswith("__"):
            continue
        if other not in FLOORS:
            yield source.finding(line, f"{name} stands on no floor: write imports in full, or add it to FLOORS")
        elif FLOORS[other] > FLOORS.get(own, 0):
            yield source.finding(line, f"{own or PACKAGE} imports {other}, which is upstairs")
        elif own != other and {own, other} <= APART:
            yield source.finding(line, f"{own} imports {other}: they stand apart")


def pure_parsers(source: Source) -> Iterator[str]:
    """Parsers import text and number modules and the model, nothing that could do I/O or read a clock."""
    if not source.path.startswith(f"{PACKAGE}/parsers/"):
        return
    for line, name in imports(source):
        ours = name.startswith((f"{PACKAGE}.model.", f"{PACKAGE}.parsers."))
        if not ours and name.split(".")[0] not in PURE:
            yield source.finding(line, f"a parser imports {name}")


def owners(source: Source) -> Iterator[str]:
    """Each outside library is known in one place, so that replacing it changes one place."""
    if not source.path.startswith(f"{PACKAGE}/"):
        return
    for line, name in imports(source):
        library = name.split(".")[0]
        if library in sys.stdlib_module_names or library == PACKAGE:
            continue
        if room(source.module) not in OWNERS.get(library, ()):
            yield source.finding(line, f"{library} belongs to {', '.join(OWNERS.get(library, ())) or 'nobody'}")


def circle(sources: Iterable[Source]) -> tuple[str, ...]:
    """The modules of one circle of imports, first and last the same; empty where there is none."""
    inside = {source.module: source for source in sources if source.path.startswith(f"{PACKAGE}/")}
    graph = {
        name: {part for _, used in imports(source) for part in (used, used.rpartition(".")[0]) if part in inside}
        - {name, name.rpartition(".")[0]}
        for name, source in inside.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return tuple(error.args[1])
    return ()
