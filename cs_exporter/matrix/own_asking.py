"""Rows about probes, over many hosts: blind everywhere, suddenly unsupported, not run any more, failing by our fault.

One host that can't be asked is that host's trouble; when a share of them can't, look at what they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence

from cs_exporter.matrix import records
from cs_exporter.matrix.intervals import by_interval, quickest, wait
from cs_exporter.matrix.own_hosts import BLIND, success
from cs_exporter.matrix.promql import either, selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row, placed
from cs_exporter.spec import AnySpec, Cause, Limit, Op, Severity

SHARE, HOSTS = 0.3, 3
"""Of the hosts, so many and no fewer than that, before it is no longer about single ones."""

ONE_OF_THEM = "cs-exporter probe PROBE HOST, for any HOST of `cs-exporter hosts`"

WORKED = 1200.0
"""Seconds of the last hour, for which a probe must have worked before it is missed."""

STALLED_RUNS, STALLED_FLOOR = 5, 300.0
"""Runs, and seconds at least, that do not come before a probe is called stalled."""


def rows(rendering: Rendering, probes: Sequence[AnySpec]) -> tuple[Row, ...]:
    """In the order in which an operator meets them."""
    return (
        _blind(rendering, probes),
        _unsupported(rendering, probes),
        _stalled(rendering, probes),
        _mistaken(rendering, probes),
    )


def _blind(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    hosts = f"({records.ANSWERED_LATELY} unless on (host) {records.MUTED})"
    failing = f"count by (probe) ({hosts} == 0)"
    holds = f"{failing} / count by (probe) ({hosts}) > {SHARE:g}\nand on (probe) {failing} >= {HOSTS}"
    interval = quickest(rendering, probes)

    return Row(
        name="CsProbeBlind",
        sees="A probe finds nothing out on more than a third of its hosts.",
        means="What it watches may be well or broken on all of them: nobody knows. So many at once have a reason in "
        "common: the account, its key, a tool or a right that an update took away, or the network.",
        look=(ONE_OF_THEM, "cs-exporter checklist", "cs-exporter hosts"),
        fix="cs_probe_failing has the reason: denied, mend the account or its key on all hosts; command, bring the "
        "tool back; timeout, unreachable, the path. If CsExporterIsolated is there too, start with that.",
        severity=Severity.CRITICAL,
        cause=Cause.REACHABILITY,
        probe=OWN,
        keys=("probe",),
        condition=holds,
        expression=holds,
        wait=wait(2, interval),
        keep=rendering.kept(interval),
        unit="ratio",
        limit=Limit(Op.ABOVE, SHARE, step=0.01),
        threshold=SHARE,
        labels=BLIND,
        proofs=_blind_proofs(),
    )


def _blind_proofs() -> tuple[Proof, ...]:
    def cloud(failing: int, working: int) -> dict[str, str]:
        names = [f"kvm{number}" for number in range(failing + working)]
        return {success(name, "nfs_mounts"): "0x40" if n < failing else "1x40" for n, name in enumerate(names)}

    return (
        Proof(
            "four hosts of ten",
            cloud(4, 6),
            ({"probe": "nfs_mounts"},),
            value=0.4,
            healed=dict.fromkeys(cloud(4, 6), "1"),
        ),
        Proof("three of ten are not enough", cloud(3, 7), ()),
        Proof("nor are both of a cloud of two", cloud(2, 0), ()),
        Proof(
            "nor hosts in maintenance",
            {**cloud(4, 6), 'cs_host_maintenance{host="kvm0"}': "1x40", 'cs_host_maintenance{host="kvm1"}': "1x40"},
            (),
        ),
    )


def _unsupported(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    keys = ("host", "probe")
    supported = selector("cs_probe_supported", 'host!=""', also=rendering.selector)
    # A run that failed is no answer to whether the question applies, and a mount that hangs for a while makes some
    # apply that else do not: so many looks must have found something out. What is recorded has one series for all
    # exporters, and every second minute is enough of an hour.
    worked = f"sum_over_time({records.ANSWERED}[1h:2m]) > {WORKED / 120:g}"
    holds = f"max by (host, probe) ({supported}) == 0\nand on (host, probe) {worked}"
    interval = quickest(rendering, probes)

    return Row(
        name="CsProbeUnsupported",
        sees="A probe that worked until lately is no longer supported on the host.",
        means="A tool, a file or a right that it needs has gone: what it watched is watched no more, and nothing will "
        "be said of it. This alert ends by itself within an hour after the change, the blindness does not.",
        look=("cs-exporter probe PROBE HOST", "cs-exporter checklist"),
        fix="Put back what the checklist names. If it is gone on purpose, disable the probe for the host.",
        severity=Severity.WARNING,
        cause=Cause.REACHABILITY,
        probe=OWN,
        keys=keys,
        condition=holds,
        expression=placed(holds, keys, rendering),
        wait=wait(3, interval),
        keep=rendering.kept(interval),
        labels=BLIND,
        proofs=_unsupported_proofs(),
    )


def _unsupported_proofs() -> tuple[Proof, ...]:
    def series(instance: str) -> str:
        return f'cs_probe_supported{{host="kvm1",probe="nfs_mounts",instance="{instance}"}}'

    succeeded = success("kvm1", "nfs_mounts", "a")
    return (
        Proof(
            "it was, and is not",
            {series("a"): "1x20 0x20", succeeded: "1x20 _x20"},
            ({"host": "kvm1", "probe": "nfs_mounts"},),
        ),
        Proof("it never was", {series("a"): "0x40"}, ()),
        Proof("its runs failed, and now it is not", {series("a"): "1x20 0x20", succeeded: "0x20 _x20"}, ()),
        Proof(
            "it still is for the other exporter",
            {series("a"): "1x20 0x20", series("b"): "1x40", succeeded: "1x20 _x20"},
            (),
        ),
        Proof("it was for a while", {series("a"): "0x16 1x4 0x20", succeeded: "_x16 1x4 _x20"}, ()),
        Proof("it was long ago", {series("a"): "1x30 0x120", succeeded: "1x30 _x120"}, (), at="110m"),
    )


def _stalled(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    keys = ("instance", "probe")
    parts = []
    for interval, names in by_interval(rendering, probes):
        runs = selector("cs_probe_runs_total", f'probe=~"{"|".join(names)}"', also=rendering.selector)
        ago = f"{round(max(STALLED_FLOOR, wait(STALLED_RUNS, interval)))}s"
        parts.append(f"({runs} - {runs} offset {ago} == 0)")
    holds = f"count by (instance, probe) (\n{either(parts)}\n)"
    runs = 'cs_probe_runs_total{host="kvm1",probe="nfs_mounts",instance="cs:10595"}'
    return Row(
        name="CsProbeStalled",
        sees="A probe no longer runs on some of its hosts.",
        means="Its values are from before and end, or have ended; nothing new is found out. A run that was begun may "
        "not have ended, or the timetable has lost the host.",
        look=("journalctl -u cs-exporter -n 100", ONE_OF_THEM),
        fix="Restart the exporter, and keep its log: runs have deadlines, so that this must not happen.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=keys,
        condition=holds,
        expression=holds,
        wait=wait(2, quickest(rendering, probes)),
        keep=rendering.kept(quickest(rendering, probes)),
        unit="hosts",
        proofs=(
            Proof(
                "no run is counted any more", {runs: "0+2x10 20x30"}, ({"instance": "cs:10595", "probe": "nfs_mounts"},)
            ),
            Proof("runs go on", {runs: "0+2x40"}, ()),
            Proof("the exporter has just begun", {runs: "_x28 1 1 1"}, ()),
        ),
    )


def _mistaken(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    keys = ("instance", "probe")
    found = (
        selector("cs_probe_failing", 'reason="bug"', also=rendering.selector),
        selector("cs_unreadable_metrics", also=rendering.selector),
        selector("cs_duplicate_series", also=rendering.selector),
    )
    holds = f"sum by (instance, probe) (\n{either(found)}\n) > 0"
    failing = 'cs_probe_failing{{host="kvm1",probe="nfs_mounts",reason="{}",instance="a"}}'
    return Row(
        name="CsExporterMistake",
        sees="A probe fails, or some of its values are left out, by a mistake in cs_exporter.",
        means="Something was met that nobody had foreseen; the exporter's log has it, with where in the code it was.",
        look=("journalctl -u cs-exporter -p err -n 100", ONE_OF_THEM),
        fix="Report it with the lines of the log. Until it is mended, what the probe watches on these hosts is unseen.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=keys,
        condition=holds,
        expression=holds,
        wait=0,
        keep=rendering.kept(quickest(rendering, probes)),
        unit="series",
        proofs=(
            Proof("a run met one", {failing.format("bug"): "1x40"}, ({"instance": "a", "probe": "nfs_mounts"},)),
            Proof(
                "a metric can't be read",
                {'cs_unreadable_metrics{probe="nfs_mounts",instance="a"}': "1x40"},
                ({"instance": "a", "probe": "nfs_mounts"},),
            ),
            Proof("there is none", {'cs_duplicate_series{probe="nfs_mounts",instance="a"}': "0x40"}, ()),
            Proof("a run fails for a reason of the host's", {failing.format("denied"): "1x40"}, ()),
        ),
    )
