"""What the account on a host needs: the sheets' own words, and the commands their sections run.

Also the collector's section that looks for it, since a host with a forced command runs nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cs_exporter.model import Connection, Host, UnparsableError
from cs_exporter.spec import AnySpec, Need, Section

NAME = "checklist"
"""The section's name; its arguments are keys of needs."""

LIMIT = 10
"""Seconds that all checks on a host may take."""

_KEY = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]*")
_PACKAGES = {
    "awk": ("mawk", "gawk"),
    "grep": ("grep", "grep"),
    "ip": ("iproute2", "iproute"),
    "ping": ("iputils-ping", "iputils"),
    "ss": ("iproute2", "iproute"),
    "tracepath": ("iputils-tracepath", "iputils"),
    **dict.fromkeys(("cat", "date", "head", "stat", "timeout"), ("coreutils", "coreutils")),
}
"""Command -> its package in Debian's family and in Red Hat's."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing: what is lost without it, and one line to type or write."""

    what: str
    lost: str
    mend: str


def asked(host: Host, specs: Iterable[AnySpec]) -> tuple[AnySpec, ...]:
    """The probes that run on a host; where nobody logs in, those that need no word of its own."""
    return tuple(
        spec
        for spec in specs
        if host.settings[spec.name].enabled
        and spec.applies(host)
        and not (host.connection is Connection.NONE and spec.needs_its_word)
    )


def needs_of(host: Host, specs: Iterable[AnySpec]) -> tuple[Need, ...]:
    """All that a host's probes need, by key; what several need is lost to all of them.

    Nothing of an account is needed where nobody logs in.
    """
    probes = asked(host, specs)
    found: dict[str, Need] = {}
    logs_in = host.connection is not Connection.NONE
    for need in (need for spec in probes for need in spec.needs if need.applies(host) and (logs_in or not need.check)):
        before = found.get(need.key)
        lost = need.lost if before is None or before.lost == need.lost else f"{before.lost}; {need.lost}"
        found[need.key] = replace(before or need, lost=lost)
    for need in _tools(probes) if logs_in else ():
        found.setdefault(need.key, need)  # a sheet's own words say more
    return tuple(found.values())


def section(specs: Sequence[AnySpec]) -> Section:
    """The collector's section: for each key that it is given `has`, `lacks` or (an older collector) `unknown`.

    Raises ValueError where two sheets look for one key in different ways, or a key is none.
    """
    checks: dict[str, str] = {}
    for need in (need for spec in specs for need in spec.needs):
        if not _KEY.fullmatch(need.key):
            raise ValueError(f"need {need.key!r}: keys are letters, digits, '_', '.', '-' and blanks")
        if need.check and checks.setdefault(need.key, need.check) != need.check:
            raise ValueError(f"need {need.key!r}: looked for in two ways")
    checks = {**{need.key: need.check for need in _tools(specs)}, **checks}
    cases = "\n".join(f"\t\t'{key}') {check} ;;" for key, check in sorted(checks.items()))
    body = f"""for key; do
		(
		set +f
		case $key in
{cases}
		*) exit 99 ;;
		esac
		) >/dev/null 2>&1
		case $? in
		0) echo "has $key" ;;
		99) echo "unknown $key" ;;
		*) echo "lacks $key" ;;
		esac
	done"""
    return Section(NAME, body, blocks=True)  # a check may try what it looks for, such as a ping


def answers(text: str) -> dict[str, str]:
    """Key -> what the section said of it. Raises UnparsableError."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        word, _, key = line.partition(" ")
        if word not in ("has", "lacks", "unknown") or not key:
            raise UnparsableError(f"checklist: not a line of the section: {line[:60]!r}")
        found[key] = word
    return found


def _tools(specs: Iterable[AnySpec]) -> list[Need]:
    """The commands that sections run, as needs."""
    users: dict[str, dict[str, None]] = {}
    for spec in specs:
        for part in spec.sections:
            guards = ("timeout",) if part.blocks or part.mount_argument else ()
            for tool in filter(None, (part.tool, *guards)):
                users.setdefault(tool, {})[spec.name] = None
    return [
        Need(tool, f"answers of {', '.join(names)}", _install(tool), f"command -v {tool}")
        for tool, names in users.items()
    ]


def _install(tool: str) -> str:
    if tool not in _PACKAGES:
        return f"install the command {tool}"
    debian, red_hat = _PACKAGES[tool]
    return f"apt-get install {debian} (or dnf install {red_hat})"
