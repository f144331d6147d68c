"""Rows about discovery: many hosts missing from a cloud's answer at once, and no complete answer for long.

No sheet holds them: what is kept outlives the readings it comes from, above all where there are none any more.
"""

from __future__ import annotations

from cs_exporter.matrix.intervals import wait
from cs_exporter.matrix.own_gone import LOG
from cs_exporter.matrix.promql import selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row
from cs_exporter.spec import Cause, Limit, Op, Severity

STALE = 900.0
"""Seconds without a complete answer: a restart of the database is over by then."""

HELD, COMPLETE = "cs_discovery_hosts_held", "cs_discovery_last_complete_timestamp_seconds"

CENSUSES = ("cloudstack_census", "openstack_census")

_KEYS = ("platform",)
_NAMES = {"platform": "cloudstack"}
_PROBES = (
    "cs-exporter probe cloudstack_census endpoint:PLATFORM, on the exporter's machine",
    "cs-exporter probe openstack_census endpoint:PLATFORM, on the exporter's machine, where it is an OpenStack cloud",
    "cs-exporter probe openstack_census endpoint:PLATFORM.CELL, on the exporter's machine, where a cell has its own",
)

_HISTORY = tuple(
    f"curl -sS 'http://localhost:10595/history?host=endpoint:PLATFORM&probe={census}'" for census in CENSUSES
)


def rows(rendering: Rendering) -> tuple[Row, ...]:
    """The worst first."""
    return (_held(rendering), _stale(rendering))


def _of(metric: str, instance: str) -> str:
    return f'{metric}{{platform="cloudstack",instance="{instance}"}}'


def _interval(rendering: Rendering) -> float:
    """Seconds between two answers of the cloud that is asked least often."""
    return max(rendering.intervals[census] for census in CENSUSES)


def _held(rendering: Rendering) -> Row:
    holds = f"max by (platform) ({selector(HELD, also=rendering.selector)}) > 0"
    interval = _interval(rendering)
    return Row(
        name="CsDiscoveryHeld",
        sees="More than 10 % of a cloud's hosts are missing from its answer at once; they are still watched.",
        means="So many do not leave in a moment: more likely the database is another one, empty or restored, or the "
        "account sees less than before. None of them is given up until it is back or somebody says so.",
        look=(
            *_PROBES,
            "cmk list hosts type=Routing, on a management server",
            "mariadb -e 'SELECT type, COUNT(*) FROM cloud.host WHERE removed IS NULL GROUP BY 1'",
            "openstack compute service list && openstack network agent list, on a controller, as an administrator",
            "journalctl -u cs-exporter -g '(are|were) held' -n 20, on the exporter's machine: who they are",
        ),
        fix="If the cloud lost them, mend that: they are taken back by themselves. If they really went, accept it: "
        "systemctl reload cs-exporter (or POST /-/reload); they leave then.",
        severity=Severity.WARNING,
        cause=Cause.MANAGEMENT,
        probe=OWN,
        keys=_KEYS,
        condition=holds,
        expression=holds,
        wait=wait(2, interval),
        keep=rendering.kept(interval),
        unit="hosts",
        limit=Limit(Op.ABOVE, 0, step=1),
        threshold=0,
        proofs=(
            Proof(
                "for one exporter of two",
                {_of(HELD, "a"): "60x40", _of(HELD, "b"): "0x40"},
                (_NAMES,),
                value=60,
            ),
            Proof("none", {_of(HELD, "a"): "0x40"}, ()),
            Proof("they came back", {_of(HELD, "a"): "60x10 0x30"}, ()),
        ),
    )


def _stale(rendering: Rendering) -> Row:
    holds = f"time() - max by (platform) ({selector(COMPLETE, also=rendering.selector)}) > {STALE:g}"
    return Row(
        name="CsDiscoveryStale",
        sees="A cloud has given no complete answer about its hosts for more than 15 minutes.",
        means="Neither its database nor its API can be asked, or the database of one of its cells, or what they tell "
        "is partial. The hosts that are known stay watched; new ones may be missed, and what was removed stays.",
        look=(*_PROBES, *_HISTORY, LOG),
        fix="cs-exporter probe shows what is answered. Bring the database or the API back, or mend the account, its "
        "grants or its keys; README.md has the GRANT.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_KEYS,
        condition=holds,
        expression=holds,
        # What is stored is old when an exporter comes back after an hour, until the cloud's first answer is in.
        wait=wait(2, _interval(rendering)),
        keep=rendering.kept(_interval(rendering)),
        unit="seconds",
        limit=Limit(Op.ABOVE, STALE, step=1),
        threshold=STALE,
        proofs=(
            Proof("for half an hour", {_of(COMPLETE, "a"): "-1800+60x40"}, (_NAMES,), value=1800),
            Proof(
                "for one exporter of two only", {_of(COMPLETE, "a"): "-1800+60x40", _of(COMPLETE, "b"): "0+60x40"}, ()
            ),
            Proof("up to now", {_of(COMPLETE, "a"): "0+60x40"}, ()),
        ),
    )
