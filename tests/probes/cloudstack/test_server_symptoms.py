"""The rows of the matrix about management servers: each on either side of its limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.cloudstack.states import ServerState, Source, States
from cs_exporter.probes.cloudstack.server_symptoms import SYMPTOMS
from cs_exporter.spec import Severity
from tests.probes.cloudstack.polled import CLOUD, Stand, red
from tests.probes.cloudstack.states_stand import MS1, hosts

LATE, STOPPED = "ManagementHeartbeatLate", "ManagementHeartbeatStopped"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (MS1, []),
        (replace(MS1, beat_age=3.0), []),
        (replace(MS1, beat_age=3.1), [LATE]),
        (replace(MS1, beat_age=30.0), [LATE]),
        (replace(MS1, beat_age=30.1), [LATE, STOPPED]),
        (replace(MS1, beat_age=-1.0), []),
        (replace(MS1, beat_age=-1.1), ["ManagementClockAhead"]),
        (replace(MS1, state="Down", beat_age=2.0), ["ManagementServerDown"]),
        (replace(MS1, state="Down", beat_age=3600.0), ["ManagementServerDown"]),
        (replace(MS1, state="Down", beat_age=3601.0), ["ManagementServerGone"]),
        (replace(MS1, state="ShuttingDown", beat_age=3601.0), []),
        (replace(MS1, state="Down", beat_age=8 * 86400.0), []),
        (replace(MS1, state="Maintenance"), []),
        (replace(MS1, peers_down=1), ["ManagementPeerDown"]),
        (replace(MS1, peers_down=1, state="Down"), ["ManagementServerDown"]),
        (replace(MS1, uuid="a stranger", state="Down"), []),
    ],
)
def test_a_server(said: ServerState, expected: list[str]) -> None:
    """By one answer."""
    stand = Stand()
    stand.poll(states=States(Source.DATABASE, hosts(3), (said,)))
    assert {("ms1", name) for name in expected} == stand.told()


def test_a_clock_that_is_ahead_shows_in_one_of_some_readings() -> None:
    """What lies between two heartbeats hides it in the others."""
    stand = Stand()
    for age in (-0.2, -1.6, -0.3, -0.9, -0.1):
        stand.poll(states=States(Source.DATABASE, servers=(replace(MS1, beat_age=age),)))
    assert [0, 1, 1, 1, 1] == [len(found) for found in stand.red]


@pytest.mark.parametrize(("lost", "expected"), [(0, False), (1, False), (2, False), (3, True)])
def test_agents_that_are_lost(lost: int, expected: bool) -> None:  # noqa: FBT001  # a row of the table
    """At once, more than a fifth of them."""
    stand, before = Stand(), hosts(5)
    gone = tuple(replace(one, state="Alert", server="") for one in before[:lost])
    stand.poll(*before)
    stand.poll(*gone, *before[lost:], times=2)
    assert expected is (("ms1", "ManagementAgentsLost") in stand.told())


def test_agents_that_go_to_another_server_are_not_lost() -> None:
    """As when the first one is stopped in order."""
    stand = Stand()
    for server in ("ms1", "", "ms2", "ms2"):
        stand.poll(*hosts(5, server=server))
    assert ("ms1", "ManagementAgentsLost") in stand.red[1]
    assert set() == stand.red[2]


@pytest.mark.parametrize(
    ("investigations", "expected"), [(None, set()), (0, set()), (1, {(CLOUD, "HaWorkUnfinished")})]
)
def test_unfinished_work(investigations: int | None, expected: set[tuple[str, str]]) -> None:
    """Of the cloud's own high availability."""
    stand = Stand()
    stand.poll(states=States(Source.DATABASE, investigations=investigations))
    assert expected == stand.told()


def test_the_api_in_place_of_the_database() -> None:
    """Is told."""
    assert {(CLOUD, "CloudDatabaseUnasked")} == red(replace(Stand().poll(), unasked="refused: nobody listens"))


def test_what_pages() -> None:
    """A server that is gone for its peers, or takes its hosts with it."""
    critical = {symptom.name for symptom in SYMPTOMS if symptom.severity is Severity.CRITICAL}
    assert {"CsManagementServerDown", "CsManagementHeartbeatStopped", "CsManagementAgentsLost"} == critical
