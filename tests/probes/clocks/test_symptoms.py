"""The rows of the matrix about clocks: each state raises its own symptoms, and a clock that is well raises none."""

from __future__ import annotations

import pytest

from cs_exporter.board import Board
from cs_exporter.model import Inventory, Outcome
from cs_exporter.ports import Answer, AnswerState, SectionCall
from cs_exporter.probes.clocks import time_drift
from cs_exporter.probes.clocks.symptoms import SYMPTOMS
from cs_exporter.spec import Severity
from cs_exporter.symptoms import holding
from tests.probes.clocks.time_stand import HOST, chrony, kernel, ntpd, poll, sample, timesyncd

MUTE = Answer(SectionCall("ntp", limit=4), AnswerState.LATE)


async def symptoms(answer: Answer | str, age: float = 10.0, skew: float = 0.0) -> list[str]:
    """What holds `age` seconds after the last synchronisation; names without their first word."""
    reading = await poll(answer, *[sample(skew)] * 3)
    board = Board(Inventory({HOST.name: HOST}))
    board.land(Outcome("time_drift", HOST.name, 0.0, 1000.0, 0.1, reading), 60.0)
    now = age + (reading.last_sync or 0.0)
    found = holding(board.snapshot(1000.0), (time_drift.SPEC,), now)
    return sorted(held.symptom.name.removeprefix("CsClock") for held in found)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (chrony("synced"), []),
        (chrony("step_resynced"), []),
        (chrony("synced_with_a_falseticker"), []),
        (chrony("local_reference"), []),
        (chrony("never_synced"), ["NotSynchronised"]),
        (chrony("no_majority"), ["NotSynchronised"]),
        (chrony("server_lost"), ["NotSynchronised"]),
        (chrony("off_by_2s_ahead"), ["ErrorBound", "Offset", "OffsetCritical"]),
        (timesyncd("synced", 1_795_249_990), []),
        (timesyncd("never_synced", None), ["NotSynchronised"]),
        (ntpd("ntpd_synced"), []),
        (ntpd("ntpsec_synced"), []),
        (ntpd("ntpsec_server_lost"), ["NotSynchronised"]),
        (kernel("debian_synced"), []),
        (kernel("debian_never_synced"), ["NotSynchronised"]),
        ("none\n-- clients\n", ["NoClient"]),
        ("none\n-- clients\nchronyd stopped\n", ["NoClient", "NotSynchronised"]),
        (MUTE, ["ClientMute"]),
    ],
)
async def test_each_state_raises_its_own(answer: Answer | str, expected: list[str]) -> None:
    """What is wrong is told, and nothing besides."""
    assert expected == await symptoms(answer)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(4499, []), (4501, ["LastSyncOld"]), (8999, ["LastSyncOld"]), (9001, ["LastSyncOld", "LastSyncVeryOld"])],
)
async def test_the_last_synchronisation_ages(age: float, expected: list[str]) -> None:
    """Between polls as well: what is exported is the moment, and the rule counts."""
    assert expected == await symptoms(chrony("synced"), age)


@pytest.mark.parametrize(
    ("answer", "poll_interval", "polls"),
    [
        (timesyncd("synced", 1_795_249_990), 2048, 1),
        (timesyncd("synced", 1_795_249_990), 2048, 2),
        (chrony("synced"), 1024, 3),
        (ntpd("ntpd_synced"), 1024, 4),
    ],
    ids=["timesyncd at its slowest", "and one answer lost", "chronyd, two lost", "ntpd with an older sample"],
)
async def test_a_client_at_its_slowest_is_healthy(answer: str, poll_interval: int, polls: int) -> None:
    """Just before its next answer nothing is red, on pages that know no hold either."""
    assert [] == await symptoms(answer, poll_interval * polls + 15.0)


@pytest.mark.parametrize(
    ("skew", "expected"),
    [(1.9, []), (2.1, ["Skew"]), (-2.1, ["Skew"]), (29.9, ["Skew"]), (-30.1, ["Skew", "SkewCritical"])],
)
async def test_skew(skew: float, expected: list[str]) -> None:
    """In both directions, whatever the client says."""
    assert expected == await symptoms(chrony("synced"), skew=skew)


def test_a_host_without_a_client_pages_nobody() -> None:
    """The harm, a clock that is wrong, has symptoms of its own."""
    severities = {symptom.name: symptom.severity for symptom in SYMPTOMS}
    assert Severity.INFO is severities["CsClockNoClient"]
    assert {"CsClockOffsetCritical", "CsClockSkewCritical", "CsClockLastSyncVeryOld"} == {
        name for name, severity in severities.items() if severity is Severity.CRITICAL
    }
