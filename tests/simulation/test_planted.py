"""The simulation can fail: one fault on each of a few hosts turns their rows red, when it should, and nothing else.

All at once in one run, with the usual jitter of everything else.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.probes.nfs.nfs_stand import FIRST
from tests.simulation.cloud import Cloud
from tests.simulation.hour import Event, Report, watch

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(240)]

FROZEN, HUNG, DRIFTING, MUTE = "kvm03", "kvm07", "kvm12", "kvm16"
FROZEN_AT, HUNG_AT, DRIFTS_AT, MUTE_AT = 300.0, 400.0, 60.0, 500.0
DRIFT = 0.001
"""Seconds a second."""

SECONDS = 2700.0


def _freeze(cloud: Cloud, name: str) -> None:
    agent = cloud.machines[name].agent
    assert agent is not None
    agent.silent_from = cloud.clock.true()


def _mute(cloud: Cloud, name: str) -> None:
    agent = cloud.machines[name].agent
    assert agent is not None
    agent.mute_from = cloud.clock.true()


def _hang(cloud: Cloud, name: str) -> None:
    mounts = cloud.machines[name].mounts
    assert mounts is not None
    mounts.hang(FIRST, cloud.clock.true())


def _drift(cloud: Cloud, name: str) -> None:
    ntp = cloud.machines[name].ntp
    ntp.drift, ntp.since = DRIFT, cloud.clock.true()


FAULTS = (
    Event(FROZEN_AT, partial(_freeze, name=FROZEN)),
    Event(HUNG_AT, partial(_hang, name=HUNG)),
    Event(DRIFTS_AT, partial(_drift, name=DRIFTING)),
    Event(MUTE_AT, partial(_mute, name=MUTE)),
)

# Symptom and host -> the earliest and latest moment at which it is first seen. An agent's last word may be a minute
# old when it freezes; a client sees its clock drift at its next poll, and the exporter compares clocks once a minute.
EXPECTED = {
    ("CsHostAlertImminent", FROZEN): (FROZEN_AT + 90 - 60, FROZEN_AT + 90 + 45),
    ("CsHostAlertImminentCritical", FROZEN): (FROZEN_AT + 105 - 60, FROZEN_AT + 105 + 45),
    ("CsNfsMountHung", HUNG): (HUNG_AT, HUNG_AT + 30 + 4 + 15),
    ("CsNfsRequestsOutstanding", HUNG): (HUNG_AT, HUNG_AT + 2 * 30 + 15),
    ("CsStorageHeartbeatUnread", HUNG): (HUNG_AT, HUNG_AT + 30 + 4 + 15),
    ("CsStorageHeartbeatLate", HUNG): (HUNG_AT + 75 - 60, HUNG_AT + 75 + 45),
    ("CsHostRebootNear", HUNG): (HUNG_AT + 80 - 60, HUNG_AT + 80 + 45),
    ("CsClockOffset", DRIFTING): (DRIFTS_AT + 50, DRIFTS_AT + 50 + 1024 + 75),
    ("CsClockErrorBound", DRIFTING): (DRIFTS_AT + 150, DRIFTS_AT + 200 + 1024 + 75),
    ("CsClockOffsetCritical", DRIFTING): (DRIFTS_AT + 1000, DRIFTS_AT + 1000 + 1024 + 75),
    ("CsClockSkew", DRIFTING): (DRIFTS_AT + 2000, DRIFTS_AT + 2000 + 75),
    ("CsClockSkewFromFleet", DRIFTING): (DRIFTS_AT + 2000, DRIFTS_AT + 2000 + 75),
    ("CsClockSkewInPool", DRIFTING): (DRIFTS_AT + 2000, DRIFTS_AT + 2000 + 75),
    ("CsHostAlertImminent", MUTE): (MUTE_AT + 90 - 60, MUTE_AT + 90 + 60),
    ("CsHostAlertImminentCritical", MUTE): (MUTE_AT + 105 - 60, MUTE_AT + 105 + 60),
    ("CsAgentPingsStopped", MUTE): (MUTE_AT + 75 - 60, MUTE_AT + 75 + 15 + 60 + 45),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What was seen in three quarters of an hour."""
    return watch(tmp_path_factory.mktemp("planted"), 3, FAULTS, SECONDS)


def test_each_fault_turns_its_own_rows_red_and_nothing_else(report: Report) -> None:
    """Hosts and symptoms are exactly those, whatever their severity."""
    assert EXPECTED.keys() == {(spell.symptom.name, spell.host) for spell in report.spells}


@pytest.mark.parametrize(("name", "host"), EXPECTED)
def test_it_is_seen_in_time(report: Report, name: str, host: str) -> None:
    """Not before it is true, and within an interval of the probe and a look."""
    earliest, latest = EXPECTED[name, host]
    began = [spell.began for spell in report.spells if (spell.symptom.name, spell.host) == (name, host)]
    assert earliest <= min(began) <= latest


def test_it_stays_red_and_is_told(report: Report) -> None:
    """No lost poll ends it: each row is one spell to the end, and the operator hears of what is not mere context."""
    assert {report.looks[-1]} == {spell.last for spell in report.spells}
    told = {spell.symptom.name for spell in report.told()}
    assert {name for name, _ in EXPECTED} - {"CsStorageHeartbeatUnread"} == told
