"""The rows of the matrix about system VMs, guests and storage: each on either side of its limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.cloudstack.states import States, VmsInState
from cs_exporter.probes.cloudstack.estate_symptoms import SYMPTOMS
from cs_exporter.spec import Severity
from tests.probes.cloudstack.polled import CLOUD, Stand
from tests.probes.cloudstack.test_estate_metrics import ESTATE, POOL, PROXY

ERRORS = ESTATE.vms[1]
SPARE = replace(PROXY, name="v-4-VM", uuid="x4")
COPIER = replace(PROXY, name="s-3-VM", uuid="x3", kind="SecondaryStorageVM")
BOTH = (PROXY, COPIER)
WELL = replace(ESTATE, system_vms=BOTH)
UNHEARD = "SystemVmAgentDisconnected"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (WELL, []),
        (replace(ESTATE, system_vms=(replace(PROXY, state="Stopped"), COPIER)), ["SystemVmDown"]),
        (replace(ESTATE, system_vms=(replace(PROXY, state="Starting", agent_state=""), COPIER)), ["SystemVmDown"]),
        (replace(ESTATE, system_vms=(replace(PROXY, state="Error"), COPIER)), ["SystemVmDown"]),
        (replace(ESTATE, system_vms=(replace(PROXY, state="Destroyed"), COPIER)), ["SystemVmDown"]),
        (replace(ESTATE, system_vms=(replace(PROXY, agent_state="Disconnected"), SPARE, COPIER)), [UNHEARD]),
        (replace(ESTATE, system_vms=(replace(PROXY, agent_state=""), COPIER)), [UNHEARD, "SystemVmDown"]),
        (replace(ESTATE, system_vms=(replace(PROXY, state="Stopped"), SPARE, COPIER)), []),
        (replace(WELL, vms=(VmsInState("z1", "Starting", 1, 1800.0),)), []),
        (replace(WELL, vms=(VmsInState("z1", "Starting", 1, 1801.0),)), ["VmsStuckInTransition"]),
        (replace(WELL, vms=(VmsInState("z1", "Starting", 900, 60.0),)), []),
        (replace(WELL, vms=(replace(ERRORS, count=7),)), []),
        (replace(WELL, vms=(replace(ERRORS, count=8),)), ["VmsInError"]),
        (replace(WELL, pools=(replace(POOL, status="Maintenance", hosts=("h1",)),)), ["StoragePoolNotUp"]),
        (replace(WELL, pools=(replace(POOL, status="Maintenance"),)), []),
    ],
)
def test_the_estate(changed: States, expected: list[str]) -> None:
    """One thing wrong is one symptom."""
    stand = Stand()
    stand.poll(states=WELL)
    stand.poll(states=changed)
    assert {(CLOUD, name) for name in expected} == stand.told()


def test_nothing_pages() -> None:
    """No host is lost by any of it."""
    assert {Severity.WARNING} == {symptom.severity for symptom in SYMPTOMS}
