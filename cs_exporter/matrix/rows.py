"""The rows of the matrix: every symptom with all that alerts, proofs, panels and pages need of it, worked out once.

One shape for all of them, so that whatever is written from the matrix says the same of a symptom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from cs_exporter.matrix import lasting, records
from cs_exporter.matrix.promql import Series, condition, indented, joined, selector, series_of
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.spec import AnyDerived, AnySpec, Cause, Limit, Severity, Symptom

OWN = "exporter"
"""What stands for the probe's name in rows of the exporter's own: their file of rules, their part of every page."""

TOLD = (Severity.CRITICAL, Severity.WARNING)
"""What somebody is told of, and takes for over when it ends."""

PLACE = ("platform", "cloud_zone", "cloud_pod", "cloud_cluster")
"""Where a host stands: labels that every alert about one has, as far as they are known."""


def _none() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Proof:
    """One promtool test of a row that no symptom stands behind: what is scraped, and what fires then.

    `series`: selector -> values as promtool writes them, one per minute; recorded series are worked out from those.
    `fires`: the labels of each alert that fires at `at`, besides severity, cause and the row's own; none: nothing does.
    `value`: what each has; `more`: what the row's own template comes to. `healed`: selector -> value with which what
    fires has ended; none: it ends with its series.
    """

    tells: str
    series: Mapping[str, str]
    fires: tuple[Mapping[str, str], ...]
    at: str = "30m"
    value: float = 1
    more: str = ""
    healed: Mapping[str, str] = field(default_factory=_none)


@dataclass(frozen=True)
class Row:
    """One row. `condition` finds where it holds; `expression` is the alert's: with place, and without maintenance.

    `keys`: the labels that tell the condition's series apart. `wait`, `keep`: seconds, the alert's `for` and
    `keep_firing_for`. `threshold`: the limit of most hosts, None where it is a series or there is none. `labels`: what
    the alert is given besides severity and cause. `more`: a template that ends the description. `symptom`: None for a
    row of the exporter's own, which has `proofs`. `recorded`: what `expression` finds is, for it looks back on that.
    """

    name: str
    sees: str
    means: str
    look: tuple[str, ...]
    fix: str
    severity: Severity
    cause: Cause
    probe: str
    keys: tuple[str, ...]
    condition: str
    expression: str
    wait: float
    keep: float
    unit: str = "boolean"
    limit: Limit | None = None
    threshold: float | None = None
    labels: Mapping[str, str] = field(default_factory=_none)
    more: str = ""
    symptom: Symptom | None = None
    recorded: bool = False
    proofs: tuple[Proof, ...] = ()

    @property
    def per_host(self) -> bool:
        """Whether it is about hosts, and not about an exporter or all of them."""
        return "host" in self.keys


def rows_of(probes: Sequence[AnySpec], derived: Sequence[AnyDerived], rendering: Rendering) -> tuple[Row, ...]:
    """All rows that the sheets declare, in the sheets' order."""
    sheets: tuple[AnySpec | AnyDerived, ...] = (*probes, *derived)
    series = {metric.name: series_of(metric) for sheet in sheets for metric in sheet.metrics}
    asking = {sheet.name for sheet in probes if sheet.needs_its_word}
    return tuple(
        row_of(symptom, sheet.name, series[symptom.metric], rendering, needs_its_word=sheet.name in asking)
        for sheet in sheets
        for symptom in sheet.symptoms
    )


def row_of(symptom: Symptom, probe: str, series: Series, rendering: Rendering, *, needs_its_word: bool = False) -> Row:
    """The row of one symptom; `needs_its_word`: of a probe that finds nothing out where the host can't be asked."""
    interval = rendering.intervals[probe]
    holds = lasting.steady(symptom, condition(symptom, series, rendering), series, interval, rendering)
    keys = lasting.keys(symptom, series)
    outlives = needs_its_word and symptom.severity in TOLD and not lasting.passes(symptom)
    held = lasting.held(symptom, probe, keys, rendering) if outlives else ""
    limit = rendering.limit(symptom)
    return Row(
        name=symptom.name,
        sees=symptom.sees,
        means=symptom.means,
        look=symptom.look,
        fix=symptom.fix,
        severity=symptom.severity,
        cause=symptom.cause,
        probe=probe,
        keys=keys,
        condition=holds,
        expression=_told(symptom, holds, keys, rendering, held),
        wait=symptom.wait(interval),
        keep=rendering.kept(interval),
        unit=symptom.unit,
        limit=symptom.limit,
        threshold=None if isinstance(limit, str) else limit,
        more=SUSPECTS if _foretells(symptom) else lasting.told_now(symptom, series, rendering),
        recorded=bool(held),
        symptom=symptom,
    )


SUSPECTS = (
    f'{{{{ $found := printf "{records.SUSPECT}{{host=%q}} == 1" $labels.host | query }}}}'
    "{{ if $found }}Suspected on the host:{{ range $found }} {{ .Labels.cause }}{{ end }}."
    "{{ else }}No cause is found on the host itself.{{ end }}"
)
"""Names what is found on the host that may be behind it."""


def _foretells(symptom: Symptom) -> bool:
    """Whether the cloud is about to give the host up, so that its agent's trouble may well come from another one."""
    return symptom.countdown or (symptom.cause is Cause.AGENT and symptom.severity is Severity.CRITICAL)


def _told(symptom: Symptom, holds: str, keys: tuple[str, ...], rendering: Rendering, held: str) -> str:
    """The alert's expression: where the symptom holds and somebody is to know it."""
    found = reporting(named(holds, symptom.victims, keys), symptom.reporter, keys)
    found = placed(found, keys, rendering, held)
    return f"{found}\nunless on (host) {records.given_up(rendering)}" if symptom.countdown else found


def named(holds: str, victims: str, keys: tuple[str, ...]) -> str:
    """The condition with the labels by which a cause and those that suffer from it find each other."""
    if victims == "clients":
        return _for_each_client(holds, keys)
    if victims and "port_name" in keys:
        return _of_management_ports(holds, victims)
    if victims:
        return _label(holds, victims, "host", "(.+)")
    if "agent" in keys and "management_server" not in keys:
        return joined(holds, ("host", "agent"), ("management_server",), records.AGENT, keys)
    if "mountpoint" in keys and "server" not in keys:
        return joined(holds, ("host", "mountpoint"), ("server",), records.MOUNT, keys)
    return holds


REPORTED = ("cell", "verdict")
"""What alerts about an agent of OpenStack say besides, by which causes mute no more than they explain."""


def reporting(holds: str, reporter: str, keys: tuple[str, ...]) -> str:
    """The condition with the cell of `reporter`, an agent of OpenStack, and whether its verdict is doubtful."""
    if not reporter:
        return holds
    if reporter == "agent":
        return joined(holds, ("host", "agent"), REPORTED, records.REPORTER, keys)
    return joined(holds, ("host",), REPORTED, selector(records.REPORTER, f'agent="{reporter}"'), keys)


def _label(holds: str, label: str, source: str, pattern: str) -> str:
    """`label` gets the pattern's group where `source` matches it; a pattern without a group takes the label away."""
    group = "$1" if "(" in pattern else ""
    return f'label_replace(\n{indented(holds)},\n  "{label}", "{group}", "{source}", "{pattern}"\n)'


def _of_management_ports(holds: str, victims: str) -> str:
    """The label only where the port is one of a management server: who suffers of other ports is not known by name."""
    both = f'label_join(\n{indented(holds)},\n  "of", "/", "port_name", "host"\n)'
    return _label(_label(both, victims, "of", "management-.+/(.+)"), "of", "", "")


def _for_each_client(holds: str, keys: tuple[str, ...]) -> str:
    """One series for each management server that uses the database, or one without the label."""
    more = ", ".join(key for key in keys if key != "host")
    return (
        f"(\n{indented(holds)}\n)\n* on (host) group_right ({more}) {records.CLIENTS}\n"
        f"or on ({', '.join(keys)}) (\n{indented(holds)}\n)"
    )


def placed(holds: str, keys: tuple[str, ...], rendering: Rendering, held: str = "") -> str:
    """The condition with the hosts' places, and without what has to do with a host that is in maintenance.

    `held`: finds what counts as well, with a place already.
    """
    if "host" not in keys:
        return holds
    # A label of its own, such as the zone that a row is about, would be overwritten by the host's, or taken away.
    where = tuple(label for label in PLACE if label not in keys)
    place = indented(joined(holds, ("host",), where, records.HOST, keys))
    if held:
        place = f"{place}\n  or on ({', '.join(keys)}) (\n{indented(indented(held))}\n  )"
    found = {*keys, "server"} if "mountpoint" in keys else {*keys}
    muted = records.muted(rendering)
    others = [other for other in ("peer", "server", "vantage") if other in found]
    at_work = (f'unless on ({other}) label_replace({muted}, "{other}", "$1", "host", "(.+)")' for other in others)
    return "\n".join((f"(\n{place}\n)", f"unless on (host) {muted}", *at_work))
