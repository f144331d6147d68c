"""The rows of the troubleshooting matrix about a host's clock.

Apart from the sheet only because of their length; in the commands, words in capitals stand for the alert's labels.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_STEP = 0.01
_SOURCES = "chronyc -n sources -v (or timedatectl timesync-status, or ntpq -n -p)"
_TRACKING = "chronyc -n tracking (or timedatectl timesync-status, or ntpq -n -c rv)"
_OFFSET_MEANS = (
    "The host's own NTP client knows that the clock is wrong and has not put it right yet: a large error is slewed "
    "away slowly, at 0.5 ms a second by ntpd, or the client may not set the clock at all."
)
_OFFSET_FIX = (
    "If chronyd slews too slowly, let it step: chronyc makestep, while no guest starts or migrates. If the offset "
    "comes back, look for a second client, a hypervisor that sets the clock, or a server that is wrong itself."
)
_SKEW_MEANS = (
    "To a host that is behind certificates look not yet valid, and to the others its tokens are out of date; "
    "replication lag and logs are misread. What KVM high availability makes of it, CsClockSkewInPool says. Nova takes "
    "services for down whose stamps are a minute old by its clocks."
)
_SKEW_FIX = (
    "If CsExporterClockWrong holds as well, mend the exporter's clock first. Otherwise the host's: start its NTP "
    "client, give it servers that answer, and step the clock once with chronyc makestep."
)

SYMPTOMS = (
    Symptom(
        name="CsClockOffset",
        sees="The host's NTP client finds its clock more than 50 ms wrong.",
        metric="cs_clock_offset_seconds",
        limit=Limit(Op.ABOVE, 0.05, step=_STEP, absolute=True),
        runs=5,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means=_OFFSET_MEANS,
        look=(_TRACKING, _SOURCES, "journalctl -u 'chrony*' -u 'ntp*' -u systemd-timesyncd -n 50"),
        fix=_OFFSET_FIX,
    ),
    Symptom(
        name="CsClockOffsetCritical",
        sees="The host's NTP client finds its clock more than a second wrong.",
        metric="cs_clock_offset_seconds",
        limit=Limit(Op.ABOVE, 1.0, step=_STEP, absolute=True),
        runs=3,
        cause=Cause.CLOCK,
        severity=Severity.CRITICAL,
        unit="seconds",
        means=_OFFSET_MEANS,
        look=(_TRACKING, _SOURCES, "journalctl -u 'chrony*' -u 'ntp*' -u systemd-timesyncd -n 50"),
        fix=_OFFSET_FIX,
    ),
    Symptom(
        name="CsClockErrorBound",
        sees="The host's NTP client can't vouch for its clock within 200 ms.",
        metric="cs_clock_error_bound_seconds",
        limit=Limit(Op.ABOVE, 0.2, step=_STEP),
        runs=5,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means="Offset, dispersion and half the round trip to the reference clock add up to this; servers that are far "
        "away, overloaded or lost let it grow, while the offset still looks small.",
        look=(_TRACKING, _SOURCES, "chronyc -n sourcestats"),
        fix="Use servers that are nearer, and at least three of them; look for loss and queues on the way to them.",
    ),
    Symptom(
        name="CsClockNotSynchronised",
        sees="The host's clock follows no time server.",
        metric="cs_clock_synchronised",
        limit=Limit(Op.EQUALS, 0, step=1),
        runs=5,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="boolean",
        means="The client never reached a server, has lost all of them, trusts none, or does not run. The clock is "
        "right for now and drifts by up to some seconds a day.",
        look=(
            _SOURCES,
            "systemctl status 'chrony*' 'ntp*' systemd-timesyncd",
            "ss -unap 'sport = :123 or dport = :123'",
        ),
        fix="Start the client if it does not run. If no source is reachable, let UDP port 123 through to the servers. "
        "If sources contradict each other (x), remove the wrong one: of two nobody can tell which, so have four.",
    ),
    Symptom(
        name="CsClockLastSyncOld",
        sees="The host's clock was last compared with a time server more than 75 minutes ago.",
        metric="cs_clock_last_sync_timestamp_seconds",
        # Beyond all that a healthy client comes to: timesyncd, which asks every 2048 s at its slowest, with one answer
        # lost, and ntpd, which at a poll of 1024 s may prefer a sample that is 3 polls old.
        limit=Limit(Op.ABOVE, 4500, step=1, age=True),
        runs=2,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means="By themselves clients ask every 17 (chronyd, ntpd) or 34 minutes (timesyncd) at their slowest: answers "
        "are being lost, or rejected.",
        look=(_SOURCES, _TRACKING),
        fix="Let UDP port 123 through to the time servers, and see whether they are synchronised themselves. If the "
        "client is set to ask more rarely (maxpoll, PollIntervalMaxSec), raise this limit for the host.",
    ),
    Symptom(
        name="CsClockLastSyncVeryOld",
        sees="The host's clock was last compared with a time server more than two and a half hours ago.",
        metric="cs_clock_last_sync_timestamp_seconds",
        limit=Limit(Op.ABOVE, 9000, step=1, age=True),  # 8 polls of chronyd, 4 of timesyncd, all lost
        runs=2,
        cause=Cause.CLOCK,
        severity=Severity.CRITICAL,
        unit="seconds",
        means="All time servers are lost to this host. chronyd goes on reporting a perfect clock, as it can't know "
        "better; the drift is not seen before CsClockSkew.",
        look=(_SOURCES, _TRACKING, "ss -unap 'sport = :123 or dport = :123'"),
        fix="Let UDP port 123 through to the time servers, and see whether they are synchronised themselves.",
    ),
    Symptom(
        name="CsClockSkew",
        sees="The host's clock differs from the exporter's by more than 2 s.",
        metric="cs_clock_skew_seconds",
        limit=Limit(Op.ABOVE, 2.0, step=_STEP, absolute=True),
        runs=3,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="seconds",
        means=_SKEW_MEANS,
        look=(
            "date; ssh HOST date, on the exporter's machine",
            _TRACKING,
            "chronyc -n tracking, on the exporter's machine",
        ),
        fix=_SKEW_FIX,
    ),
    Symptom(
        name="CsClockSkewCritical",
        sees="The host's clock differs from the exporter's by more than 30 s.",
        metric="cs_clock_skew_seconds",
        limit=Limit(Op.ABOVE, 30.0, step=_STEP, absolute=True),  # half of Nova's service_down_time
        runs=2,
        cause=Cause.CLOCK,
        severity=Severity.CRITICAL,
        unit="seconds",
        means=_SKEW_MEANS,
        look=(
            "date; ssh HOST date, on the exporter's machine",
            _TRACKING,
            "chronyc -n tracking, on the exporter's machine",
        ),
        fix=_SKEW_FIX,
    ),
    Symptom(
        name="CsClockClientMute",
        sees="The host's NTP client does not answer.",
        metric="cs_clock_source_info",
        labels={"source": "mute"},
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=5,
        cause=Cause.CLOCK,
        severity=Severity.WARNING,
        unit="boolean",
        means="The daemon is stopped, hangs, or the host is too loaded to answer in time: nobody knows whether the "
        "clock is steered. Its skew against the exporter is still measured.",
        look=("ps -o pid,stat,wchan:32,etime,args -C chronyd,ntpd,systemd-timesyncd", "chronyc -n tracking", "uptime"),
        fix="Restart the client: systemctl restart chrony (or chronyd, ntp, systemd-timesyncd).",
    ),
    Symptom(
        name="CsClockNoClient",
        sees="No NTP client tells of the host's clock.",
        metric="cs_clock_source_info",
        labels={"source": "none"},
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=5,
        cause=Cause.CLOCK,
        severity=Severity.INFO,
        unit="boolean",
        means="Neither chrony nor systemd-timesyncd, ntpd or adjtimex answers on the host. If nothing else steers the "
        "clock (PTP, the hypervisor), it drifts by up to some seconds a day; only its skew is known.",
        look=("systemctl list-units 'chrony*' 'ntp*' systemd-timesyncd 'ptp4l*' 'phc2sys*'",),
        fix="Install and start chrony, as CloudStack's and OpenStack's installation guides ask for.",
    ),
)
