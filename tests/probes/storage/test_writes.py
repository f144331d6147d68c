"""When a heartbeat was written, by clocks that may be wrong, be set, or not be heard for a while."""

from __future__ import annotations

import pytest

from cs_exporter.ports import Answer, AnswerState, SectionCall
from cs_exporter.probes.storage.writes import FileState, Moment, Seen, WriteRow, judge, seen

CALL = SectionCall("heartbeat_file", ("/mnt/p", "192.0.2.1"), 4)
POINT = "/mnt/p"
WALL = 1_800_000_000.0


def moment(now: float, skew: float = 0.0) -> Moment:
    """The clocks at `now`; the host's is ahead by `skew`."""
    return Moment(now, WALL + skew, 0.05)


def stamp(now: float, skew: float = 0.0) -> Seen:
    """What a host writes at `now` (monotonic) whose clock is ahead by `skew`."""
    return Seen(FileState.READ, int(WALL + skew + now))


def row(look: Seen | None, before: WriteRow | None, at: Moment, earlier: Moment | None = None) -> WriteRow:
    """The row of the mount."""
    return judge(POINT, look, before, at, earlier)


@pytest.mark.parametrize(
    ("answer", "state", "detail"),
    [
        (Answer(CALL, AnswerState.DONE, 0, b"1795251429\n"), FileState.READ, ""),
        (Answer(CALL, AnswerState.DONE, 0, b""), FileState.UNREAD, "the file is empty"),
        (Answer(CALL, AnswerState.DONE, 0, b"what\n"), FileState.UNREAD, "not a heartbeat"),
        (Answer(CALL, AnswerState.LATE), FileState.UNREAD, "no answer within 4 s"),
        (Answer(CALL, AnswerState.DONE, 137, b""), FileState.UNREAD, "no answer within 4 s"),
        (Answer(CALL, AnswerState.DONE, 200, b"held 100 999.0\n"), FileState.UNREAD, "has not come back"),
        (Answer(CALL, AnswerState.UNSUPPORTED), FileState.UNREAD, "not available"),
        (Answer(CALL, AnswerState.OVERSIZED), FileState.UNREAD, "exit status 0"),
        (
            Answer(CALL, AnswerState.DONE, 1, b"head: cannot open '/mnt/p/KVMHA/hb-1': No such file or directory\n"),
            FileState.ABSENT,
            "No such file or directory",
        ),
        (
            Answer(CALL, AnswerState.DONE, 1, b"head: /mnt/p/KVMHA/hb-1: Permission denied\n"),
            FileState.UNREAD,
            "Permission denied",
        ),
        (Answer(CALL, AnswerState.DONE, 1, b"head: error reading: Stale file handle"), FileState.UNREAD, "Stale"),
        (Answer(CALL, AnswerState.DONE, 127, b"timeout: head: No such file or directory"), FileState.UNREAD, "No such"),
        (Answer(CALL, AnswerState.LATE, 1, b"head: No such file or directory"), FileState.UNREAD, "no answer"),
    ],
)
def test_looks(answer: Answer, state: FileState, detail: str) -> None:
    """Only what is certainly not there is absent; whatever else fails leaves open what the file says."""
    found = seen(answer)
    assert state is found.state
    assert detail in found.detail
    assert (found.stamp is not None) is (state is FileState.READ)


@pytest.mark.parametrize("skew", [0.0, 3600.0, -86400.0, 0.4])
def test_a_clock_that_is_wrong(skew: float) -> None:
    """However wrong the host's clock is, its own stamp read by its own clock gives the true age, to a second."""
    found = row(stamp(1000.0, skew), None, moment(1042.0, skew))
    assert found.written is not None
    assert 41.9 < 1042.0 - found.written <= 43.1
    assert found.ahead is None


def test_an_unchanged_stamp_keeps_its_moment() -> None:
    """A step of the host's clock makes no file older or younger."""
    first = row(stamp(1000.0), None, moment(1010.0))
    stepped = row(stamp(1000.0), first, moment(1040.0, 3600.0), moment(1010.0))
    assert first.written == stepped.written
    assert stepped.ahead is None
    back = row(stamp(1000.0), first, moment(1040.0, -3600.0), moment(1010.0))
    assert first.written == back.written
    assert pytest.approx(3560.0, abs=1.1) == back.ahead


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_step_between_the_write_and_the_look(step: float) -> None:
    """A new stamp is read by whichever setting of the clock gives a moment since the last look."""
    first = row(stamp(1000.0), None, moment(1010.0))
    found = row(stamp(1030.0), first, moment(1040.0, step), moment(1010.0))
    assert pytest.approx(1030.0, abs=1.1) == found.written
    after = row(stamp(1036.0, step), first, moment(1040.0, step), moment(1010.0))
    assert pytest.approx(1036.0, abs=1.1) == after.written


def test_a_new_stamp_is_not_older_than_the_last_look() -> None:
    """Where no setting of the clock fits, the stamp was still written after another one had been read."""
    first = row(stamp(1000.0), None, moment(1010.0))
    assert pytest.approx(1010.0) == row(stamp(100.0), first, moment(1040.0), moment(1010.0)).written
    assert pytest.approx(1040.0) == row(stamp(9000.0), first, moment(1040.0), moment(1010.0)).written


def test_a_first_stamp_in_the_future() -> None:
    """It was written at the latest when it was seen, and ages from then."""
    found = row(stamp(5000.0), None, moment(1000.0))
    assert 1000.0 == found.written
    assert pytest.approx(4000.0, abs=1.1) == found.ahead
    assert 1000.0 == row(stamp(5000.0), found, moment(1100.0), moment(1000.0)).written


UNREAD, ABSENT = (Seen(state, detail="why") for state in (FileState.UNREAD, FileState.ABSENT))
READ = stamp(1000.0)


def after(*looks: Seen) -> WriteRow:
    """The row after these looks, 30 s apart, of which the first one is at 1010."""
    found = None
    for number, look in enumerate(looks):
        found = row(look, found, moment(1010.0 + 30 * number), moment(980.0 + 30 * number))
    assert found is not None
    return found


@pytest.mark.parametrize("look", [UNREAD, ABSENT])
def test_what_was_known_goes_on_ageing(look: Seen) -> None:
    """A mount that hangs, an error, a file that was not there once: the last known write stays."""
    first, found = after(READ), after(READ, look)
    assert (FileState.UNREAD, first.written, "why", 1010.0) == (found.state, found.ageing, found.detail, found.read)


@pytest.mark.parametrize(
    ("looks", "ages", "threatens"),
    [
        ([READ, UNREAD, UNREAD, UNREAD], True, True),
        ([READ, ABSENT], True, False),
        ([READ, ABSENT, UNREAD], True, True),
        ([READ, UNREAD, ABSENT], True, True),
        ([READ, ABSENT, UNREAD, ABSENT], True, True),
        ([READ, ABSENT, READ, ABSENT], True, False),
        ([READ, ABSENT, ABSENT], False, False),
        ([READ, UNREAD, ABSENT, ABSENT], False, False),
        ([READ, ABSENT, ABSENT, UNREAD], False, False),
        ([READ, ABSENT, ABSENT, UNREAD, READ], True, True),
    ],
)
def test_a_pool_that_is_unmounted(looks: list[Seen], ages: bool, threatens: bool) -> None:  # noqa: FBT001
    """Twice in a row no such file: it is gone until it is read again. Once only, it is no sign of a reboot either.

    What hangs, or fails otherwise, ages and threatens; and what hung before must say twice that it is gone.
    """
    found = after(*looks)
    assert (ages, threatens) == (found.ageing is not None, found.patience_from is not None)
    assert (not ages) is (found.state is FileState.GONE)


def test_a_pool_that_comes_back() -> None:
    """Its age is that of the old write; the agent's patience begins when it is there again, or with the next write."""
    old, new = after(READ, ABSENT, ABSENT, READ), after(READ, ABSENT, ABSENT, READ, stamp(1120.0))
    assert (after(READ).written, 1100.0) == (old.ageing, old.patience_from)
    assert pytest.approx(1120.0, abs=1.1) == new.ageing == new.patience_from


def test_what_never_was_known() -> None:
    """A mount that hangs from the first look on has no age; one without a file is no pool."""
    hung = row(Seen(FileState.UNREAD), None, moment(1000.0))
    assert (FileState.UNREAD, None) == (hung.state, hung.written)
    absent = row(Seen(FileState.ABSENT), None, moment(1000.0))
    assert (FileState.ABSENT, False, 1000.0) == (absent.state, absent.known, absent.asked)
    assert absent == row(None, absent, moment(1030.0))
    assert row(None, None, moment(1030.0)).asked is None
