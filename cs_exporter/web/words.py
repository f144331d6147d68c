"""The pages' words: names of symptoms, states, durations and amounts, as text that is not yet HTML.

Colour is never the only sign of anything, so every state has a word, and every page the same one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cs_exporter.matrix.words import quantity, spoken
from cs_exporter.spec import Cause, Op, Severity
from cs_exporter.web.picture import Blind, Left, State
from cs_exporter.web.watch import Seen

STATES = {
    State.CRITICAL: "critical",
    State.WARNING: "warning",
    State.BLIND: "can't ask",
    State.PENDING: "pending",
    State.INFO: "note",
    State.MAINTENANCE: "maintenance",
    State.OK: "fine",
    State.UNKNOWN: "not known",
}

CAUSES = {
    Cause.CLOCK: "clock",
    Cause.DATABASE: "database",
    Cause.MESSAGE_BUS: "message bus",
    Cause.AGENT: "agent",
    Cause.MANAGEMENT: "management",
    Cause.STORAGE: "storage",
    Cause.PATH: "path",
    Cause.PORT: "ports",
    Cause.REACHABILITY: "reachability",
    Cause.EXPORTER: "exporter",
}

_CAPITALS = {
    **{word.capitalize(): word for word in ("API", "HA", "IO", "MTU", "NFS", "SQL", "SYN", "TLS", "VM", "VXLAN")},
    **{word.capitalize(): word for word in ("MySQL", "RabbitMQ", "VMs")},
    "Iscsi": "iSCSI",
}
_PROPER = {"Galera", "OpenStack"}
_SEVERITY = re.compile(r"(?<=[a-z])(Critical|Warning|Info)$")
_WORD = re.compile(r"OpenStack|[A-Z][a-z0-9]*")


def spelt(name: str) -> str:
    """An alert's name as words: CsNfsMountHung is "NFS mount hung"; how severe it is stands beside it anyway."""
    first, *others = _WORD.findall(_SEVERITY.sub("", name.removeprefix("Cs"))) or [name]
    rest = [_CAPITALS.get(word, word if word in _PROPER else word.lower()) for word in others]
    return " ".join((_CAPITALS.get(first, first), *rest))


def labels(seen: Seen) -> str:
    """What tells this one from others of the same name, such as "mountpoint /mnt/primary, server nfs1"."""
    fixed = seen.held.symptom.labels
    return ", ".join(f"{key} {value}" for key, value in seen.held.labels.items() if value and key not in fixed)


def amount(seen: Seen) -> str:
    """The value and its limit, such as "86 %, limit 80 %"; "5 messages" where any is too many; empty for booleans."""
    symptom = seen.held.symptom
    if symptom.unit == "boolean":
        return ""
    if symptom.limit.age:
        return _age(seen.held.value)
    value = _number(seen.held.value, symptom.unit)
    if symptom.limit.op is Op.ABOVE and seen.held.limit == 0:
        return value
    return f"{value}, limit {_number(seen.held.limit, symptom.unit)}"


def _age(seconds: float) -> str:
    return f"{duration(seconds)} ago" if seconds >= 0 else f"in {duration(-seconds)}"


def _number(value: float, unit: str) -> str:
    if unit == "seconds" and abs(value) < 1:
        return f"{1000 * value:.3g} ms"
    return quantity(float(f"{value:.3g}") if abs(value) < 1000 else round(value), unit)  # noqa: PLR2004  # digits


def duration(seconds: float) -> str:
    """As one says it; what is shorter than a second is none."""
    return spoken(max(1, round(seconds)))


def lasting(seen: Seen, wall: float) -> str:
    """How long it has been there, and how long its alert waits, while it does; of information nobody is told."""
    age = wall - seen.since
    told = f"for {_roughly(age)}" if age >= 1 else "just seen"
    alerts = seen.held.symptom.severity is not Severity.INFO
    return told if seen.due(wall) or not alerts else f"{told}, alert after {duration(seen.wait)}"


def _roughly(seconds: float) -> str:
    return " ".join(duration(seconds).split()[:2])


def left(time: Left) -> str:
    """The time left, such as "31 s to Alert"."""
    if abs(time.seconds) < 1:
        return f"{time.until} any moment"
    if time.seconds < 0:
        return f"{time.until} overdue by {duration(-time.seconds)}"
    return f"{duration(time.seconds)} to {time.until}"


def unanswered(blind: tuple[Blind, ...], asked: int) -> str:
    """What can't be asked, such as "3 of 6 questions: timeout"; the reason alone where it is all of them."""
    reasons = ", ".join(dict.fromkeys(one.failure.reason.value.replace("_", " ") for one in blind))
    return reasons if len(blind) >= asked else f"{len(blind)} of {asked} questions: {reasons}"


def moment(wall: float) -> str:
    """The time of day, UTC."""
    return datetime.fromtimestamp(wall, UTC).strftime("%H:%M:%S")


def stamp(wall: float) -> str:
    """RFC 3339, UTC, for machines."""
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
