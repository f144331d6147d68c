"""Rows about exporters that are not there any more: all of them, one whose hosts nobody else watches, one of several.

A missing exporter reports nothing, least of all itself: what is known of it is what Prometheus had before.
"""

from __future__ import annotations

from collections.abc import Sequence

from cs_exporter.matrix.intervals import quickest, wait
from cs_exporter.matrix.promql import selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row
from cs_exporter.spec import AnySpec, Cause, Severity

RESTART = 120.0
"""Seconds that one may take until it is scraped again, at a scrape a minute of which one is lost."""

UNSEEN = 300.0
"""Seconds for which what was said of an exporter outlives it: one that crashes time and again is scraped in between."""

REMEMBERED = "6h:10m"
"""For so long, at these steps, it is known which hosts an exporter had. An exporter itself is remembered for a day."""

LOG = "journalctl -u cs-exporter -n 100"
STATUS = "systemctl status cs-exporter"
_TARGETS = "promtool query instant http://localhost:9090 up, on Prometheus' machine"
_INSTANCE = ("instance",)


def rows(rendering: Rendering, probes: Sequence[AnySpec]) -> tuple[Row, ...]:
    """The worst first."""
    return (_absent(rendering, probes), _gone(rendering, probes), _replica_gone(rendering))


def _build(instance: str) -> str:
    return f'cs_build_info{{version="1",job="cs",instance="{instance}"}}'


def _host(name: str, instance: str) -> str:
    return f'cs_host_info{{host="{name}",platform="cloudstack",instance="{instance}"}}'


def _absent(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    # Without group, the alert would have the labels of the operator's selector.
    holds = f"group(absent({selector('cs_build_info', also=rendering.selector)}))"
    return Row(
        name="CsExporterAbsent",
        sees="Prometheus has no cs_exporter any more.",
        means="None runs, or none can be scraped: no host is watched, and no other alert of this kind can fire.",
        look=(STATUS, LOG, "curl -sS http://localhost:10595/-/healthy", _TARGETS),
        fix="Start it; cs-exporter check-config says whether it can be. If it runs, mend the path from Prometheus to "
        "it, or the scrape configuration.",
        severity=Severity.CRITICAL,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=(),
        condition=holds,
        expression=holds,
        wait=max(RESTART, wait(3, quickest(rendering, probes))),
        keep=UNSEEN,
        proofs=(
            Proof("nothing is there", {}, ({},), healed={_build("a"): "1"}),
            Proof("it went away", {_build("a"): "1x10 _x30"}, ({},)),
            Proof("one of two is there", {_build("a"): "1x40"}, ()),
            Proof(
                "it crashes time and again, and is seen now and then",
                {_build("a"): " ".join(["1 stale _x10"] * 4)},
                ({},),
            ),
        ),
    )


def _gone(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    hosts, build = (selector(name, also=rendering.selector) for name in ("cs_host_info", "cs_build_info"))
    holds = (
        f"count by (instance) (group by (instance, host) (last_over_time({hosts}[{REMEMBERED}])) "
        f"unless on (host) {hosts})\n"
        f"unless on (instance) {build}"
    )
    return Row(
        name="CsExporterGone",
        sees="An exporter has gone, and nobody watches its hosts any more.",
        means="It is down, or can't be scraped; other exporters do not have these hosts, so that nothing is known of "
        "them. This alert ends by itself six hours after the last scrape, the blindness does not.",
        look=(STATUS, LOG, _TARGETS),
        fix="Start it; cs-exporter check-config says whether it can be. If it was removed on purpose, let another one "
        "watch its hosts.",
        severity=Severity.CRITICAL,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_INSTANCE,
        condition=holds,
        expression=holds,
        # CsExporterAbsent, which mutes it, comes first.
        wait=RESTART + wait(3, quickest(rendering, probes)),
        keep=UNSEEN,
        unit="hosts",
        proofs=_gone_proofs(),
    )


def _gone_proofs() -> tuple[Proof, ...]:
    return (
        Proof(
            "it had two hosts of its own",
            {
                _build("a"): "1x60",
                _host("kvm1", "a"): "1x60",
                _build("b"): "1x12 _x50",
                **{_host(name, "b"): "1x12 _x50" for name in ("kvm1", "kvm2", "kvm3")},
            },
            ({"instance": "b"},),
            value=2,
            healed=dict.fromkeys((_build("a"), _host("kvm1", "a"), _build("b")), "1"),
        ),
        Proof(
            "another one has all of them",
            {
                _build("a"): "1x60",
                _host("kvm1", "a"): "1x60",
                _build("b"): "1x12 _x50",
                _host("kvm1", "b"): "1x12 _x50",
            },
            (),
        ),
        Proof("it is there, and has a host no longer", {_build("a"): "1x60", _host("kvm1", "a"): "1x12 _x50"}, ()),
    )


def _replica_gone(rendering: Rendering) -> Row:
    up, build = (selector(name, also=rendering.selector) for name in ("up", "cs_build_info"))
    holds = f"max by (instance) ({up} == 0 and on (job, instance) last_over_time({build}[1d]))"
    target = 'up{{job="cs",instance="{}"}}'
    return Row(
        name="CsExporterReplicaGone",
        sees="An exporter can't be scraped any more.",
        means="It is down, or the path to it is. Other exporters may watch its hosts too: then nothing is missed as "
        "long as they do, and with the next one everything is.",
        look=(STATUS, LOG, _TARGETS),
        fix="Start it; cs-exporter check-config says whether it can be. If it was removed on purpose, take it out of "
        "the scrape configuration.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_INSTANCE,
        condition=holds,
        expression=holds,
        wait=RESTART,
        keep=UNSEEN,
        unit="scrapes",
        proofs=(
            Proof(
                "one of two",
                {
                    _build("a"): "1x40",
                    target.format("a"): "1x40",
                    _build("b"): "1x10 _x30",
                    target.format("b"): "1x10 0x30",
                },
                ({"instance": "b"},),
                value=0,
            ),
            Proof("it was taken out of the configuration", {_build("b"): "1x10 _x30", target.format("b"): "1x10"}, ()),
            Proof("another program's target", {'up{job="node",instance="n"}': "0x40", _build("a"): "1x40"}, ()),
        ),
    )
