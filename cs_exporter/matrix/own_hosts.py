"""Rows about hosts that can't be asked: unreachable, partly blind, never polled, or with another collector than ours.

They say nothing of how the host is, and that is what is wrong: whatever happens there now, nobody is told.
"""

from __future__ import annotations

from collections.abc import Sequence

from cs_exporter.matrix import records
from cs_exporter.matrix.intervals import quickest, reaching, slowest, wait
from cs_exporter.matrix.promql import selector
from cs_exporter.matrix.rendering import Rendering
from cs_exporter.matrix.rows import OWN, Proof, Row, placed
from cs_exporter.spec import AnySpec, Cause, Severity

BLIND = {"blind": "true"}
"""On alerts that only say that we can't see."""

_HOST = ("host",)
_PROBE = "cs-exporter probe time_drift HOST"


def rows(rendering: Rendering, probes: Sequence[AnySpec]) -> tuple[Row, ...]:
    """In the order in which an operator meets them."""
    return (
        _unreachable(rendering, probes),
        _blind(rendering, probes),
        _not_polled(rendering, probes),
        _outdated(rendering, probes),
    )


def success(host: str, probe: str, instance: str = "cs:10595") -> str:
    """The series that says what came of a run."""
    return f'cs_probe_success{{host="{host}",probe="{probe}",instance="{instance}"}}'


def _unreachable(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    holds = f"max by (host) ({records.REACHED}) == 0"
    interval = quickest(rendering, reaching(probes))
    return Row(
        name="CsHostUnreachable",
        sees="The host can't be reached over SSH.",
        means="Nothing is known of it but what others see from outside: it may be off, cut off, or merely not let us "
        "in. What other machines tell of it (ports, paths, agents) stands beside this and is not muted by it.",
        look=(_PROBE, "ssh HOST true, on the exporter's machine", "ping -c3 HOST, on the exporter's machine"),
        fix="unreachable, timeout: bring the host or the path to it back. refused: start sshd. denied, host_key: mend "
        "the account or the known key; cs-exporter checklist says what is missing.",
        severity=Severity.WARNING,
        cause=Cause.REACHABILITY,
        probe=OWN,
        keys=_HOST,
        condition=holds,
        expression=placed(holds, _HOST, rendering),
        wait=wait(3, interval),
        keep=rendering.kept(interval),
        labels=BLIND,
        proofs=_unreachable_proofs(),
    )


def _unreachable_proofs() -> tuple[Proof, ...]:
    dead, alive = "0x40", "1x40"
    return (
        Proof(
            "no probe that needs a login answers, to neither exporter",
            {
                success("kvm1", "nfs_mounts", "a"): dead,
                success("kvm1", "nfs_mounts", "b"): dead,
                success("kvm1", "port_reachability", "a"): alive,
                success("kvm2", "nfs_mounts", "a"): alive,
            },
            ({"host": "kvm1"},),
        ),
        Proof(
            "one exporter reaches it, and the other does not",
            {success("kvm1", "nfs_mounts", "a"): dead, success("kvm1", "nfs_mounts", "b"): alive},
            (),
        ),
        Proof(
            "it lets us in, and a command fails there",
            {
                success("kvm1", "nfs_mounts"): dead,
                'cs_probe_failing{host="kvm1",probe="nfs_mounts",reason="command",instance="cs:10595"}': alive,
            },
            (),
        ),
        Proof(
            "planned work is declared on it",
            {success("kvm1", "nfs_mounts"): dead, 'cs_host_maintenance{host="kvm1"}': alive},
            (),
        ),
    )


def _blind(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    holds = f"count by (host) ({records.ANSWERED_LATELY} == 0)"
    failing = f'printf "{records.ANSWERED_LATELY}{{host=%q}} == 0" $labels.host | query'
    interval = quickest(rendering, reaching(probes))
    return Row(
        name="CsHostBlind",
        sees="Some of the probes have found nothing out about the host for long.",
        means="Whatever they watch may be well or broken: nobody knows. The values of the last answers are gone.",
        look=("cs-exporter probe time_drift HOST, and so for every probe that is named", "cs-exporter checklist"),
        fix="The reason stands in cs_probe_failing, on the status page and in /history: denied and command are for the "
        "checklist, timeout and mute for the host (load, a process that hangs), bug for the exporter's log.",
        severity=Severity.WARNING,
        cause=Cause.REACHABILITY,
        probe=OWN,
        keys=_HOST,
        condition=holds,
        expression=placed(holds, _HOST, rendering),
        wait=wait(6, interval),
        keep=rendering.kept(interval),
        unit="probes",
        labels=BLIND,
        more=f"Without an answer:{{{{ range {failing} }}}} {{{{ .Labels.probe }}}}{{{{ end }}}}.",
        proofs=(
            Proof(
                "one probe fails for long, for all exporters, and another one answers",
                {
                    success("kvm1", "nfs_mounts", "a"): "0x40",
                    success("kvm1", "nfs_mounts", "b"): "0x40",
                    success("kvm1", "time_drift", "a"): "1x40",
                },
                ({"host": "kvm1"},),
                more="Without an answer: nfs_mounts.",
                healed={success("kvm1", "nfs_mounts", instance): "1" for instance in "ab"},
            ),
            Proof("every third run of one fails", {success("kvm1", "nfs_mounts"): " ".join(["1 1 0"] * 14)}, ()),
            Proof(
                "one exporter fails, and another one does not",
                {success("kvm1", "nfs_mounts", "a"): "0x40", success("kvm1", "nfs_mounts", "b"): "1x40"},
                (),
            ),
        ),
    )


def _not_polled(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    keys = ("instance", "platform")

    def of(metric: str) -> str:
        return f"max by (instance, platform) ({selector(metric, also=rendering.selector)})"

    swept = f"max by (instance) ({selector('cs_first_sweep_done', also=rendering.selector)}) == 1"
    holds = f"({of('cs_hosts_expected')} - {of('cs_hosts_polled')}) > 0\nand on (instance) ({swept})"
    fewer = {
        'cs_hosts_expected{platform="cloudstack",instance="cs:10595"}': "12x40",
        'cs_hosts_polled{platform="cloudstack",instance="cs:10595"}': "10x40",
    }
    return Row(
        name="CsHostsNotPolled",
        sees="Hosts of the inventory have never been asked.",
        means="The cloud or the configuration has them and cs_exporter has not begun with them: no alert of theirs can "
        "fire.",
        look=("cs-exporter hosts", "journalctl -u cs-exporter -n 100"),
        fix="A host without any probe: see which are enabled for its roles. Else the exporter is late (CsExporterLate) "
        "or has lost its timetable: restart it, and keep its log.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=keys,
        condition=holds,
        expression=holds,
        wait=wait(2, slowest(rendering, probes)),
        keep=rendering.kept(quickest(rendering, probes)),
        unit="hosts",
        proofs=(
            Proof(
                "two hosts are missing after the first sweep",
                {**fewer, 'cs_first_sweep_done{instance="cs:10595"}': "1x40"},
                ({"instance": "cs:10595", "platform": "cloudstack"},),
                value=2,
            ),
            Proof(
                "all have been asked",
                {
                    **dict.fromkeys(fewer, "12x40"),
                    'cs_first_sweep_done{instance="cs:10595"}': "1x40",
                },
                (),
            ),
            Proof("the first sweep is under way", {**fewer, 'cs_first_sweep_done{instance="cs:10595"}': "0x40"}, ()),
        ),
    )


def _outdated(rendering: Rendering, probes: Sequence[AnySpec]) -> Row:
    mismatch = selector("cs_collector_mismatch", also=rendering.selector)
    holds = f"max by (host) ({mismatch}) == 1"
    interval = quickest(rendering, reaching(probes))
    return Row(
        name="CsCollectorOutdated",
        sees="The collector installed on the host is not this version's.",
        means="Its answers may lack what is new or mean something else; probes whose sections it does not have are "
        "unsupported there.",
        look=("cs-exporter collector | sha256sum, on the exporter's machine", "cs-exporter checklist"),
        fix="Print the right one with cs-exporter collector and install it where the account's forced command is.",
        severity=Severity.WARNING,
        cause=Cause.EXPORTER,
        probe=OWN,
        keys=_HOST,
        condition=holds,
        expression=placed(holds, _HOST, rendering),
        wait=wait(3, interval),
        keep=rendering.kept(interval),
        proofs=(
            Proof("it differs", {'cs_collector_mismatch{host="kvm1",instance="a"}': "1x40"}, ({"host": "kvm1"},)),
            Proof("it was put right", {'cs_collector_mismatch{host="kvm1",instance="a"}': "1x10 _x30"}, ()),
        ),
    )
