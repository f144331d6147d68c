"""The rows of the troubleshooting matrix about clocks that are compared with each other: who is wrong, and how much.

What high availability may act on by mistake is a page, at 5 s within a pool; other clocks can wait for office hours.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_STEP = 0.01
_LOOK = ("chronyc -n tracking (or timedatectl timesync-status, or ntpq -n -c rv)", "chronyc -n sources -v")
_FIX = "Start the host's NTP client, give it the servers that the other hosts use, and step it: chronyc makestep."
_POOL_MEANS = (
    "KVM high availability asks another host of the pool whether this one lives: that host compares the stamp which "
    "this one wrote by its clock with its own clock, and has hardly a second to spare. A living host that is behind "
    "looks dead, and its guests are started a second time; a dead one that is ahead looks alive, and its guests stay "
    "down. Of two hosts that differ it is the one that is farther from the other hosts' time, or both if nobody can "
    "tell."
)
# A mount that hangs would hang the pager's own shell.
_POOL_LOOK = ("timeout -s KILL 5 sh -c 'tail -n1 /mnt/*/KVMHA/hb-*'; date +%s, on two hosts of the pool", *_LOOK)

SYMPTOMS = (
    Symptom(
        name="CsClockSkewFromFleet",
        sees="The host's clock differs from those of the other hosts by more than 2 s.",
        metric="cs_clock_skew_from_fleet_seconds",
        limit=Limit(Op.ABOVE, 2.0, step=_STEP, absolute=True),
        runs=3,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means="It is this host and not the exporter: the exporter's own clock plays no part in this value. "
        "Certificates and tokens look not yet or no longer valid, replication lag and logs are misread, and the host "
        "is not fit for a pool whose high availability compares clocks (CsClockSkewInPool).",
        look=_LOOK,
        fix=_FIX,
    ),
    Symptom(
        name="CsClockSkewInPool",
        sees="The host's clock differs from that of another host of its NFS pool by more than 2 s.",
        metric="cs_clock_skew_from_pool_seconds",
        limit=Limit(Op.ABOVE, 2.0, step=_STEP),
        runs=3,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means=_POOL_MEANS,
        look=_POOL_LOOK,
        fix=_FIX,
    ),
    Symptom(
        name="CsClockSkewInPoolCritical",
        sees="The host's clock differs from that of another host of its NFS pool by more than 5 s.",
        metric="cs_clock_skew_from_pool_seconds",
        limit=Limit(Op.ABOVE, 5.0, step=_STEP),
        runs=2,
        cause=Cause.CLOCK,
        severity=Severity.CRITICAL,
        unit="seconds",
        means=_POOL_MEANS,
        look=_POOL_LOOK,
        fix=_FIX,
    ),
    Symptom(
        name="CsExporterClockWrong",
        sees="The exporter's own clock differs from those of most hosts by more than a second.",
        metric="cs_clock_fleet_skew_seconds",
        limit=Limit(Op.ABOVE, 1.0, step=_STEP, absolute=True),
        runs=2,  # shorter than that of CsClockSkew, which all hosts show soon after
        cause=Cause.EXPORTER,
        severity=Severity.WARNING,
        unit="seconds",
        means="Most hosts can hardly be wrong by the same amount at once: the machine cs_exporter runs on is. Every "
        "host's cs_clock_skew_seconds is off by this, and CsClockSkew may hold for all of them without cause; "
        "CsClockSkewFromFleet and CsClockSkewInPool are not touched.",
        look=("chronyc -n tracking, on the exporter's machine", "chronyc -n sources -v, on the exporter's machine"),
        fix="Start the NTP client of the machine cs_exporter runs on, and step its clock: chronyc makestep.",
    ),
)
