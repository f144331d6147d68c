"""Rows about the exporter's own state: restarting, not reloaded, late, without a first sweep, with too many series.

Whoever watches must be watched: while one of these holds, silence about the hosts proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from cs_exporter.matrix.intervals import quickest, slowest, wait
from cs_exporter.matrix.own_gone import LOG, STATUS, UNSEEN
from cs_exporter.matrix.promql import selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row, placed
from cs_exporter.spec import AnySpec, Cause, Limit, Op, Severity

LATE = 5.0
"""Seconds that a slot of the timetable may begin late."""

RESTARTS = 2
"""Within an hour: one for an update, and one for what the update got wrong."""

_INSTANCE = ("instance",)


def rows(rendering: Rendering, probes: Sequence[AnySpec]) -> tuple[Row, ...]:
    """The worst first."""
    return (
        _restarting(rendering),
        _reload_failed(rendering),
        _late(rendering, probes),
        _unswept(rendering, probes),
        _dropped(rendering, probes),
    )


def _restarting(rendering: Rendering) -> Row:
    build = selector("cs_build_info", also=rendering.selector)
    started = selector("process_start_time_seconds", also=rendering.selector)
    holds = f"max by (instance) (changes({started}[1h]) and on (job, instance) {build}) > {RESTARTS}"
    build_of = {'cs_build_info{version="1",job="cs",instance="a"}': "1x40"}
    begun = 'process_start_time_seconds{job="cs",instance="a"}'
    return Row(
        name="CsExporterRestarting",
        sees="The exporter has been restarted more than twice within an hour.",
        means="It ends by itself, is ended for want of memory, or its watchdog gives it up: every start begins with a "
        "first sweep, and what must hold for some time begins anew.",
        look=(STATUS, LOG, "journalctl -k -g 'out of memory' -n 20"),
        fix="The log has the reason of each end. Give it more memory, or report what it says.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_INSTANCE,
        condition=holds,
        expression=holds,
        wait=0,
        keep=UNSEEN,
        unit="restarts",
        limit=Limit(Op.ABOVE, RESTARTS, step=1),
        threshold=RESTARTS,
        proofs=(
            Proof("three times", {**build_of, begun: "100x5 200x5 300x5 400x22"}, ({"instance": "a"},), value=3),
            Proof("twice", {**build_of, begun: "100x5 200x5 300x28"}, ()),
            Proof("another program, often", {begun: "100x5 200x5 300x5 400x22"}, ()),
        ),
    )


def _reload_failed(rendering: Rendering) -> Row:
    metric = "cs_config_last_reload_successful"
    holds = f"min by (instance) ({selector(metric, also=rendering.selector)}) == 0"
    series = f'{metric}{{instance="cs:10595"}}'
    return Row(
        name="CsExporterReloadFailed",
        sees="The exporter did not take its configuration in at the last attempt.",
        means="It goes on with the one of before: what was changed is not in force, and a restart would fail.",
        look=("cs-exporter check-config", LOG),
        fix="check-config names file, field and mend. Then reload: systemctl reload cs-exporter.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_INSTANCE,
        condition=holds,
        expression=holds,
        wait=0,
        keep=rendering.kept(0),
        proofs=(
            Proof("it failed", {series: "0x40"}, ({"instance": "cs:10595"},)),
            Proof("it was mended", {series: "0x10 1x30"}, ()),
        ),
    )


def _late(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    lag = selector("cs_scheduler_lag_seconds", also=rendering.selector)
    holds = f"max by (instance) ({lag}) > {LATE:g}"
    interval = quickest(rendering, probes)
    series = 'cs_scheduler_lag_seconds{instance="cs:10595"}'
    return Row(
        name="CsExporterLate",
        sees="The exporter begins its runs more than 5 s late.",
        means="Its machine or its process has too much to do: readings are older than their interval, and pages come "
        "later than they should.",
        look=("uptime, on the exporter's machine", "top -b -n1 | head -20, on the exporter's machine", LOG),
        fix="Give the machine more processors, take other work from it, lengthen the intervals, or share the hosts "
        "among several exporters.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_INSTANCE,
        condition=holds,
        expression=holds,
        wait=wait(6, interval),
        keep=rendering.kept(interval),
        unit="seconds",
        limit=Limit(Op.ABOVE, LATE, step=0.1),
        threshold=LATE,
        proofs=(
            Proof("for long", {series: "6x40"}, ({"instance": "cs:10595"},), value=6),
            Proof("as late as is allowed", {series: "5x40"}, ()),
        ),
    )


def _unswept(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    swept = selector("cs_first_sweep_done", also=rendering.selector)
    holds = f"max by (instance) ({swept}) == 0"
    series = 'cs_first_sweep_done{instance="cs:10595"}'
    return Row(
        name="CsExporterUnswept",
        sees="The exporter has not asked every host once, long after its start.",
        means="Rules about what is absent wait for that, and say nothing until then.",
        look=(LOG, "cs-exporter hosts", "curl -sS http://localhost:10595/-/ready"),
        fix="See CsExporterLate and CsProbeStalled; else restart it, and keep its log.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_INSTANCE,
        condition=holds,
        expression=holds,
        wait=max(600.0, wait(3, slowest(rendering, probes))),
        keep=rendering.kept(quickest(rendering, probes)),
        proofs=(
            Proof("it never ends", {series: "0x40"}, ({"instance": "cs:10595"},)),
            Proof("it ended after some minutes", {series: "0x5 1x35"}, ()),
        ),
    )


def _dropped(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    keys = ("host",)
    holds = f"max by (host) ({selector('cs_host_series_dropped', also=rendering.selector)}) > 0"
    return Row(
        name="CsExporterSeriesDropped",
        sees="The exporter leaves out series of the host: it has too many.",
        means="Whole metrics of this host are missing on the page, and what watches them is blind there.",
        look=("curl -sS http://localhost:10595/metrics | grep -c 'host=\"HOST\"', on the exporter's machine",),
        fix="Find what has so many rows (mounts, peers, clients, ports) and declare fewer of them for this host.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=keys,
        condition=holds,
        expression=placed(holds, keys, rendering),
        wait=0,
        keep=rendering.kept(quickest(rendering, probes)),
        unit="series",
        proofs=(
            Proof("some", {'cs_host_series_dropped{host="kvm1",instance="a"}': "12x40"}, ({"host": "kvm1"},), value=12),
            Proof("none", {'cs_host_series_dropped{host="kvm1",instance="a"}': "0x40"}, ()),
            Proof("none any more", {'cs_host_series_dropped{host="kvm1",instance="a"}': "12x10 _x30"}, ()),
        ),
    )
