"""What is wrong with a mount, from what its witnesses say: each witness alone, and all of them together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Mount
from cs_exporter.parsers import mountinfo, mountstats
from cs_exporter.ports import Answer, AnswerState, SectionCall
from cs_exporter.probes.nfs.verdicts import (
    MountRow,
    MountState,
    Statfs,
    Touch,
    Traffic,
    Witnesses,
    judge,
    statfs,
    traffic,
)
from tests.probes.nfs.nfs_stand import FIRST, SECOND, STALE, capture

CALL = SectionCall("statfs", ("/mnt/a",), 4)
WANTED = Mount("/mnt/a", "nas1", "10.0.0.1", "/x")
LINE = "30 25 0:41 / /mnt/a {0},relatime - nfs 10.0.0.1:/x {0},vers=3,hard,addr=10.0.0.1"
NOW = 5000.0


def done(status: int, output: str = "", seconds: float | None = None) -> Answer:
    """A statfs that ended."""
    return Answer(CALL, AnswerState.DONE, status, output.encode(), seconds)


def error(text: str) -> Answer:
    """A statfs that the kernel refused, in the words of coreutils."""
    return done(1, f"stat: cannot read file system information for '/mnt/a': {text}\n")


@pytest.mark.parametrize(
    ("answer", "touch", "seconds"),
    [
        (done(0, "nfs\n", 0.25), Touch.ANSWERED, 0.25),
        (done(0, "nfs\n"), Touch.ANSWERED, None),
        (Answer(CALL, AnswerState.LATE), Touch.SILENT, 4.0),
        (done(137), Touch.SILENT, 4.0),
        (done(124), Touch.SILENT, 4.0),
        (done(200, "held 100 61.0"), Touch.SILENT, 60.0),
        (done(200, "held 100 3.5"), Touch.UNKNOWN, 2.5),
        (done(200, "held by whom"), Touch.UNKNOWN, None),
        (error("Stale file handle"), Touch.STALE, 0.0),
        (error("Stale NFS file handle"), Touch.STALE, 0.0),
        (error("No such file or directory"), Touch.GONE, 0.0),
        (error("Input/output error"), Touch.SILENT, 0.0),
        (error("Connection timed out"), Touch.SILENT, 0.0),
        (error("Transport endpoint is not connected"), Touch.SILENT, 0.0),
        (error("Permission denied"), Touch.UNKNOWN, None),
        (done(1, "stat: unrecognized option: c"), Touch.UNKNOWN, None),
        (done(1), Touch.UNKNOWN, None),
        (Answer(CALL, AnswerState.UNSUPPORTED), Touch.UNKNOWN, None),
        (None, Touch.UNKNOWN, None),
    ],
)
def test_what_statfs_says(answer: Answer | None, touch: Touch, seconds: float | None) -> None:
    """Each end of the collector's statfs says how the mount behaved, or that it can't say."""
    seen = statfs(answer)
    assert (touch, seconds) == (seen.touch, seen.seconds)


@given(st.integers(1, 255), st.binary())
def test_any_failure_of_statfs(status: int, output: bytes) -> None:
    """Whatever a host's stat says, there is one line about it."""
    detail = statfs(Answer(CALL, AnswerState.DONE, status, output)).detail
    assert detail.startswith("statfs: ")


def stats(state: str, mountpoint: str = FIRST) -> mountstats.MountStats:
    """The kernel's counts of a captured mount."""
    (found,) = [m for m in mountstats.parse(capture(state, "mountstats")) if m.mountpoint == mountpoint]
    return found


def test_first_look_compares_with_nothing() -> None:
    """Without a reading before, counts are known and nothing else."""
    seen = traffic(stats("healthy"), None)
    assert (30, 30, 2, 0, 0) == (seen.sent, seen.answered, seen.connects, seen.timeouts, seen.errors)
    assert (0, None, None) == (seen.outstanding, seen.answers_came, seen.mean_rtt)


@pytest.mark.parametrize("mountpoint", [FIRST, SECOND])
def test_a_server_that_fell_silent(mountpoint: str) -> None:
    """Healthy before, frozen now, both as captured: two requests wait and no answer came."""
    before = traffic(stats("healthy", mountpoint), None)
    now = traffic(stats("hung", mountpoint), before)
    assert (2, False) == (now.outstanding, now.answers_came)


def test_several_connections_are_one_mount() -> None:
    """The counts of a mount with nconnect=4 are those of its four connections together."""
    assert 30 == traffic(stats("nconnect"), None).sent


BASE = Traffic(
    connects=2, timeouts=0, data_requests=80, errors=0, sent=100, answered=90, requests=80, rtt_ms=400, least_waiting=10
)  # ten requests were lost with an earlier connection


def after(
    before: Traffic = BASE,
    *,
    sent: int = BASE.sent,
    answered: int = BASE.answered,
    connects: int = BASE.connects,
    requests: int = BASE.requests,
    rtt_ms: int = BASE.rtt_ms,
    errors: int | None = 0,
) -> Traffic:
    """What is made of these counts, with `before` as the reading before."""
    connection = mountstats.Transport("tcp", sent, answered, 0, connects=connects)
    reads = mountstats.Operation(requests, requests, 0, 0, 0, 0, rtt_ms, 0, errors)
    now = mountstats.MountStats("s:/x", "/mnt/a", "nfs", "1.1", transports=(connection,), operations={"READ": reads})
    return traffic(now, before)


@pytest.mark.parametrize(
    ("now", "outstanding", "came"),
    [
        (after(), 0, False),
        (after(sent=103), 3, False),
        (after(sent=103, answered=92), 0, True),
        (after(sent=103, connects=3), 0, False),
        (after(sent=5, answered=5), 0, None),
    ],
    ids=["idle", "waiting", "answered", "connected anew", "mounted anew"],
)
def test_requests_outstanding(now: Traffic, outstanding: int, *, came: bool | None) -> None:
    """Requests lost in the past do not count, and while answers come nothing waits in vain."""
    assert (outstanding, came) == (now.outstanding, now.answers_came)


def test_the_least_number_of_waiting_requests_is_kept() -> None:
    """A burst that was answered lowers the floor again, so that a later hang is seen from its first request on."""
    burst = after(sent=150, answered=120)
    calm = after(burst, sent=150, answered=140)
    hung = after(calm, sent=151, answered=140)
    assert [10, 10, 10] == [burst.least_waiting, calm.least_waiting, hung.least_waiting]
    assert [0, 0, 1] == [burst.outstanding, calm.outstanding, hung.outstanding]


def test_mean_round_trip() -> None:
    """Only requests completed since the reading before count: 10 of them in 500 ms are 0.05 s each."""
    assert pytest.approx(0.05) == after(requests=90, rtt_ms=900).mean_rtt
    assert after().mean_rtt is None


def test_share_of_errors() -> None:
    """Only data requests since the reading before count: 5 of 10; without any, or without counts, none is known."""
    assert pytest.approx(0.5) == after(requests=90, errors=5).error_ratio
    assert 0.0 == after(requests=90).error_ratio
    assert [None, None] == [after(errors=5).error_ratio, after(requests=90, errors=None).error_ratio]


def test_errors_that_kernels_do_not_count() -> None:
    """Kernels before 5.3 have no column for errors: unknown is not zero."""
    text = "device s:/x mounted on /mnt/a with fstype nfs\n\tper-op statistics\n\tGETATTR: 5 5 0 1 1 0 5 6\n"
    (old,) = mountstats.parse(text)
    assert traffic(old, None).errors is None


def test_lookups_of_missing_files_are_no_errors() -> None:
    """In a healthy capture every LOOKUP ended in `no such file`; errors of data do not count them."""
    found = stats("vm-healthy", "/mnt/nfs3")
    assert traffic(found, None).errors == 0
    assert any(operation.errors for operation in stats("vm-hung", "/mnt/nfs3").operations.values())


def verdict(
    touch: Touch = Touch.ANSWERED,
    seconds: float | None = 0.01,
    *,
    line: str = LINE.format("rw"),
    wanted: Mount = WANTED,
    counts: Traffic | None = None,
    before: MountRow | None = None,
) -> MountRow:
    """The row that comes of these witnesses."""
    info = mountinfo.parse(line)[0] if line else None
    seen = Witnesses(info, Statfs(touch, seconds, "statfs: said"), counts)
    return judge(wanted, seen, before, NOW, slow_after=1.0, listed=True)


@pytest.mark.parametrize(
    ("row", "state", "up"),
    [
        (verdict(), MountState.OK, True),
        (verdict(seconds=None), MountState.OK, True),
        (verdict(seconds=1.0), MountState.OK, True),
        (verdict(seconds=1.5), MountState.SLOW, True),
        (verdict(Touch.SILENT, 4.0), MountState.HUNG, False),
        (verdict(Touch.STALE), MountState.STALE, False),
        (verdict(Touch.GONE), MountState.MISSING, False),
        (verdict(line=""), MountState.MISSING, False),
        (verdict(line="25 1 254:0 / /mnt/a rw - ext4 /dev/vdb rw"), MountState.MISSING, False),
        (verdict(wanted=replace(WANTED, export="/y")), MountState.MISSING, False),
        (verdict(line=LINE.format("ro")), MountState.READONLY, True),
        (verdict(seconds=1.5, line=LINE.format("ro")), MountState.READONLY, True),
        (verdict(line=LINE.format("ro"), wanted=replace(WANTED, readonly=True)), MountState.OK, True),
        (verdict(Touch.SILENT, 4.0, line=LINE.format("ro")), MountState.HUNG, False),
        (verdict(Touch.UNKNOWN), None, False),
        (verdict(Touch.UNKNOWN, counts=replace(BASE, answers_came=True)), MountState.OK, True),
        (verdict(Touch.UNKNOWN, counts=replace(BASE, answers_came=False)), None, False),
        (verdict(Touch.UNKNOWN, counts=replace(BASE, answers_came=False, outstanding=3)), MountState.HUNG, False),
        (verdict(Touch.UNKNOWN, before=verdict(seconds=1.5)), MountState.SLOW, True),
        (verdict(Touch.UNKNOWN, before=verdict(line="")), None, False),
    ],
)
def test_states(row: MountRow, state: MountState | None, *, up: bool) -> None:
    """The worst that the witnesses prove; where they can't say, the state before stands, else there is none."""
    assert (state, up) == (row.state, row.up)


def test_what_is_there_instead() -> None:
    """A wrong mount says what it is, and lends the expected one neither version nor latency nor counts."""
    row = verdict(line="25 1 254:0 / /mnt/a rw - ext4 /dev/vdb rw", counts=BASE)
    assert "/dev/vdb (ext4) is mounted there" == row.detail
    assert ("", None, None, None) == (row.version, row.hard, row.latency, row.traffic)


def test_hung_since_the_first_time() -> None:
    """Each poll's statfs is killed and the next begins anew: the hang goes on since the first of them."""
    first = verdict(Touch.SILENT, 4.0)
    assert 4.0 == first.hung_seconds
    later = replace(first, hung_since=NOW - 300)
    assert 300.0 == verdict(Touch.SILENT, 4.0, before=later).hung_seconds


def test_hung_since_a_process_began() -> None:
    """One that can't be killed tells more than we remember, for example after the exporter was restarted."""
    assert 900.0 == verdict(Touch.SILENT, 900.0, before=verdict(Touch.SILENT, 4.0)).hung_seconds


def test_a_hang_is_over_at_once() -> None:
    """The first answer sets the time to zero: the series does not vanish."""
    row = verdict(before=verdict(Touch.SILENT, 900.0))
    assert (0.0, None) == (row.hung_seconds, row.hung_since)


def test_a_hang_that_nobody_can_confirm_goes_on() -> None:
    """While another exporter's look is under way, a mount that hung still does."""
    row = verdict(Touch.UNKNOWN, None, before=replace(verdict(Touch.SILENT, 4.0), hung_since=NOW - 60))
    assert (MountState.HUNG, 60.0) == (row.state, row.hung_seconds)


@pytest.mark.parametrize(
    ("wanted", "options", "mismatch"),
    [
        (None, "vers=3", False),
        ("3", "vers=3", False),
        ("4", "vers=4.2", False),
        ("4.2", "vers=4.2", False),
        ("4.1", "vers=4,minorversion=1", False),
        ("4.1", "vers=4.2", True),
        ("3", "vers=4.2", True),
        ("4", "vers=3", True),
    ],
)
def test_versions(wanted: str | None, options: str, *, mismatch: bool) -> None:
    """`4` accepts any minor version; anything else is compared whole."""
    line = f"30 25 0:41 / /mnt/a rw - nfs4 10.0.0.1:/x rw,{options},hard,addr=10.0.0.1"
    assert mismatch is verdict(line=line, wanted=replace(WANTED, version=wanted)).version_mismatch


def test_heartbeat_remount() -> None:
    """The options that CloudStack's script leaves on a mount are noticed, as captured; others are not taken for it."""
    lines = {m.mountpoint: m for m in mountinfo.parse(capture("soft-noac", "mountinfo"))}
    rows = [
        judge(
            Mount(point, "srv", lines[point].option("addr") or "", export),
            Witnesses(lines[point], Statfs(Touch.ANSWERED), None),
            None,
            NOW,
            slow_after=1.0,
            listed=True,
        )
        for point, export in ((FIRST, "/export/primary"), (SECOND, "/export/primary2"))
    ]
    assert [(True, False), (False, True)] == [(row.heartbeat_remount, row.hard) for row in rows]


def test_the_words_of_a_stale_mount() -> None:
    """The detail is the kernel's word, without what stat says around it."""
    assert "statfs: Stale file handle" == statfs(done(1, STALE.decode())).detail
