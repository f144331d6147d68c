"""How a metric looks: its title, unit, colours and words, from its name, its help and the matrix' rows about it.

Thresholds are the limits of most hosts; a host with a limit of its own is judged by that one, by alerts alone. Where
limits are series, they are what those usually are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cs_exporter.matrix.dashboards.parts import BLUE, GREEN, GREY, ORANGE, RED, Link, Step, Word
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import Row
from cs_exporter.matrix.words import limited
from cs_exporter.spec import Op, Severity

COLOURS: Mapping[Severity, str] = {Severity.CRITICAL: RED, Severity.WARNING: ORANGE, Severity.INFO: BLUE}

LEAST_FIRST = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)

ACRONYMS = {
    **{word.lower(): word for word in ("API", "HA", "IO", "MTU", "NFS", "RPC", "RTT", "SQL", "SSH", "SYN", "TLS")},
    **{word.lower(): word for word in ("VM", "VMs", "VXLAN", "iSCSI", "MySQL", "OpenStack", "RabbitMQ")},
}

UNITS = {"seconds": "s", "ratio": "percentunit", "bytes": "suffix: B"}
"""Unit of the matrix -> Grafana's. Bytes of gauges are sizes of packets: 1500 is not to be read as 1.46 KiB."""

RATES = {"bytes": "Bps", "seconds": "percentunit"}
"""Unit of a counter -> unit of its rate; of all others it is events per second."""

_SUFFIXES = ("_timestamp_seconds", "_seconds", "_bytes", "_ratio", "_total", "_info")
_YES_OR_NO = re.compile(r"(1 (if|while|where|once|for)\b|Whether\b|0 (where|if|while)\b)")


def title(name: str) -> str:
    """The metric's name as words, without its unit."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            name = name.removesuffix(suffix)
            break
    name = name.replace("_seconds_to_", "_time_to_")
    first, *others = name.removeprefix("cs_").split("_")
    return " ".join([ACRONYMS.get(first, first.capitalize()), *(ACRONYMS.get(word, word) for word in others)])


def suffix_unit(name: str) -> str:
    """The unit that a metric's name ends in, before `_total`; empty if it says none."""
    if "_seconds_to_" in name:
        return "seconds"
    last = name.removesuffix("_total").rpartition("_")[2]
    return last if last in UNITS else ""


def unit(name: str, *, rate: bool = False) -> str:
    """As Grafana calls it."""
    if rate:
        return RATES.get(suffix_unit(name), "cps")
    return UNITS.get(suffix_unit(name), "none")


def yes_or_no(help_text: str, rows: Sequence[Row]) -> bool:
    """Whether a metric says yes or no: then it is told in words, and not drawn as a line."""
    if rows:
        return all(row.limit is not None and row.limit.op is Op.EQUALS for row in rows)
    return bool(_YES_OR_NO.match(help_text))


def steps(rows: Iterable[Row], sign: int = 1) -> tuple[Step, ...]:
    """The colours of a scale on which these rows' limits lie; `sign`: -1 where the panel shows the negative."""
    low: list[tuple[float, Row]] = []
    high: list[tuple[float, Row]] = []
    for row in rows:
        if row.limit is None or row.limit.op is Op.EQUALS:
            continue
        threshold = row.limit.usual if row.threshold is None else row.threshold
        if threshold is None:
            continue
        beyond = (row.limit.op is Op.ABOVE) == (sign > 0)
        (high if beyond else low).append((sign * threshold, row))
        if row.limit.absolute:
            low.append((-threshold, row))
    return tuple(_scale(low, high))


def _scale(low: list[tuple[float, Row]], high: list[tuple[float, Row]]) -> Iterator[Step]:
    """From the lowest value up: what is too low, then green, then what is too high; the graver row is further out."""
    begins: float | None = None
    for value, row in _gravest(low):
        yield Step(begins, COLOURS[row.severity])
        begins = value
    yield Step(begins, GREEN)
    for value, row in _gravest(high):
        yield Step(value, COLOURS[row.severity])


def _gravest(limits: list[tuple[float, Row]]) -> list[tuple[float, Row]]:
    """One of each value, the lowest first: of several rows with one limit the last would give the colour."""
    graver = sorted(limits, key=lambda one: LEAST_FIRST.index(one[1].severity))
    return sorted(dict(graver).items())


def coded(rows: Sequence[Row]) -> list[tuple[int, Row]]:
    """A number for each row that says yes or no, the gravest last, so that the greatest number is the worst."""
    return list(enumerate(sorted(rows, key=lambda row: LEAST_FIRST.index(row.severity)), start=1))


def words(rows: Sequence[Row]) -> tuple[Word, ...]:
    """What the numbers of `coded` mean; 0 is when none of the rows holds."""
    named = [Word(code, _word(row), COLOURS[row.severity]) for code, row in coded(rows)]
    return (Word(0, "ok", GREEN), *named)


def _word(row: Row) -> str:
    """What a row says in one word: the value of the label that it looks for, else its severity."""
    labels = row.symptom.labels if row.symptom is not None else {}
    return ", ".join(labels.values()) or row.severity.value


NO_OR_YES = (Word(0, "no", GREY), Word(1, "yes", BLUE))
"""Of what is neither good nor bad in itself."""


def described(help_text: str, rows: Iterable[Row]) -> str:
    """The metric's help, and what each row about it says, with its limit."""
    parts = [help_text]
    for row in rows:
        limit = limited(row) if row.unit != "boolean" else ""
        parts.append(f"- **{row.name}** ({row.severity.value}{f', {limit}' if limit else ''}): {row.sees}")
    return "\n".join(parts) if len(parts) == 1 else f"{parts[0]}\n\n" + "\n".join(parts[1:])


def links(rows: Iterable[Row], rendering: Rendering) -> tuple[Link, ...]:
    """To each row's runbook."""
    return tuple(Link(f"Runbook: {row.name}", f"{rendering.runbooks}/{row.name}") for row in rows)


HOST_OF_LINE = Link(
    "Host ${__field.labels.host}",
    "/d/cs-host/?var-host=${__field.labels.host}&${datasource:queryparam}&${__url_time_range}",
)
"""From a line of a graph to its host."""


def host_of_cell(value: str) -> Link:
    """From a table's row to its host; `value`: Grafana's name for the cell that has the host's name."""
    return Link(
        f"Host ${{{value}}}",
        f"/d/cs-host/?var-host=${{{value}:percentencode}}&${{datasource:queryparam}}&${{__url_time_range}}",
    )


def legend(keys: Sequence[str]) -> str:
    """What tells a line from others, in Grafana's way of writing labels."""
    return " ".join(f"{{{{{key}}}}}" for key in keys)
