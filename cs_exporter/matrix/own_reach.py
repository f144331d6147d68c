"""Rows about an exporter that reaches its hosts no longer: by its own fault, which other exporters may make up for.

What only one of several cannot see is seen: as long as another exporter reaches the hosts, nothing they tell is muted.
"""

from __future__ import annotations

from collections.abc import Sequence

from cs_exporter.matrix import records
from cs_exporter.matrix.intervals import quickest, reaching, wait
from cs_exporter.matrix.own_asking import HOSTS, SHARE
from cs_exporter.matrix.own_gone import LOG
from cs_exporter.matrix.own_hosts import success
from cs_exporter.matrix.promql import indented
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row
from cs_exporter.spec import AnySpec, Cause, Limit, Op, Severity

SCOPE = "scope"
"""The label that says how many exporters are isolated: `all`, or `some`. Only all of them are blind to everything."""

_KEYS = ("instance", SCOPE)
_LOOK = ("ip -s link; ip route, on the exporter's machine", "cs-exporter hosts", LOG)
_FIX = (
    "Mend link, route or packet filter of the exporter's machine; if the reason is denied or host_key, its key or the "
    "known keys."
)
_FEW = 2
"""Of so many hosts all must be out of reach: one alone may just be down."""


def rows(rendering: Rendering, probes: Sequence[AnySpec]) -> tuple[Row, ...]:
    """The worst first."""
    return (_isolated(rendering, probes), _cut_off(rendering, probes))


def _too_many(lost: str) -> str:
    """A share of all hosts, and three or all of them. `lost`: 1 or 0 for each exporter's hosts."""
    number, of = f"sum by (instance) ({lost})", f"count by (instance) ({lost})"
    return f"{number} / {of} > {SHARE:g}\nand on (instance) ({number} >= {HOSTS} or {number} == {of} >= {_FEW})"


def _isolated(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    holds = _too_many(records.LOST)
    well = f"avg by (instance) ({records.LOST}) <= {SHARE:g}"
    scoped = (
        f'label_replace((\n{indented(holds)}\n) unless on () {well}, "{SCOPE}", "all", "instance", ".*")\n'
        f'or on (instance) label_replace(\n{indented(holds)},\n  "{SCOPE}", "some", "instance", ".*")'
    )
    interval = quickest(rendering, reaching(probes))
    return Row(
        name="CsExporterIsolated",
        sees="The exporter reaches more than a third of its hosts no longer, all at once, and no other one does.",
        means="So many hosts hardly die together: the exporter's machine, its network or its key is what has failed. "
        "With scope all no exporter is well: what they say of ports, databases and servers as seen from there has the "
        "same cause, and is muted.",
        look=_LOOK,
        fix=f"{_FIX} If the hosts really are gone (power, a core switch), start there.",
        severity=Severity.CRITICAL,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_KEYS,
        condition=scoped,
        expression=scoped,
        wait=wait(2, interval),
        keep=rendering.kept(interval),
        unit="ratio",
        limit=Limit(Op.ABOVE, SHARE, step=0.01),
        threshold=SHARE,
        proofs=_isolated_proofs(),
    )


def _cloud(lost: int, reached: int, instance: str, first: int = 0) -> dict[str, str]:
    """The runs of one exporter, on hosts numbered from the first on."""
    names = [f"kvm{first + number}" for number in range(lost + reached)]
    return {success(name, "nfs_mounts", instance): "0x40" if n < lost else "1x40" for n, name in enumerate(names)}


def _isolated_proofs() -> tuple[Proof, ...]:
    everywhere, here = ({"instance": "a", SCOPE: scope} for scope in ("all", "some"))
    work = {f'cs_host_maintenance{{host="kvm{n}"}}': "1x40" for n in range(2)}
    return (
        Proof("four hosts of ten", _cloud(4, 6, "a"), (everywhere,), value=0.4),
        Proof("both of a cloud of two", _cloud(2, 0, "a"), (everywhere,)),
        Proof(
            "neither of two exporters reaches four of ten",
            {**_cloud(4, 6, "a"), **_cloud(4, 6, "b")},
            (everywhere, {**everywhere, "instance": "b"}),
            value=0.4,
        ),
        Proof(
            "another one is well, and has hosts of its own",
            {**_cloud(4, 6, "a"), **_cloud(0, 10, "b", first=20)},
            (here,),
            value=0.4,
        ),
        Proof("another one reaches them", {**_cloud(4, 6, "a"), **_cloud(0, 10, "b")}, ()),
        Proof("three of ten are not enough", _cloud(3, 7, "a"), ()),
        Proof("nor is one of two", _cloud(1, 1, "a"), ()),
        Proof("nor the only one", _cloud(1, 0, "a"), ()),
        Proof("nor hosts in maintenance", {**_cloud(4, 6, "a"), **work}, ()),
    )


def _cut_off(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    reached = records.REACHED
    lost = f"({reached} == bool 0) * on (host) group_left () max by (host) ({reached})"
    holds = f"sum by (instance) ({lost}) / count by (instance) ({reached}) > {SHARE:g}"
    interval = quickest(rendering, reaching(probes))
    return Row(
        name="CsExporterCutOff",
        sees="The exporter reaches more than a third of its hosts no longer, and another exporter does reach them.",
        means="Nothing is missed, for the other one sees it all; but with that one everything would be. What this one "
        "says of ports, databases and servers is of its own network.",
        look=_LOOK,
        fix=_FIX,
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=("instance",),
        condition=holds,
        expression=holds,
        wait=wait(3, interval),
        keep=rendering.kept(interval),
        unit="ratio",
        limit=Limit(Op.ABOVE, SHARE, step=0.01),
        threshold=SHARE,
        proofs=(
            Proof(
                "another one reaches all", {**_cloud(4, 6, "a"), **_cloud(0, 10, "b")}, ({"instance": "a"},), value=0.4
            ),
            Proof("nobody reaches them", {**_cloud(4, 6, "a"), **_cloud(4, 6, "b")}, ()),
            Proof("three of ten are not enough", {**_cloud(3, 7, "a"), **_cloud(0, 10, "b")}, ()),
        ),
    )
