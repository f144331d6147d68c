"""A host in its cloud's word, as every platform's answer comes to the same row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.platforms.cloudstack.states import HostState
from cs_exporter.platforms.openstack.agents import AgentState, Service, Source
from cs_exporter.probes.clouds.verdicts import Verdict, of_cloudstack, of_openstack
from cs_exporter.probes.openstack.reading import OpenStackAgentsReading
from tests.probes.agents import reported_stand
from tests.probes.agents.reported_stand import Cloud, neutron, nova
from tests.probes.cloudstack.polled import Stand
from tests.probes.cloudstack.states_stand import KVM1, WALL


def of_one(stand: Stand, said: HostState) -> Verdict:
    """What a poll of CloudStack comes to."""
    return dict(of_cloudstack(stand.poll(said)))["kvm1"]


def test_cloudstack_says_since_when() -> None:
    """From the poll that saw the state first, by the exporter's wall clock."""
    stand = Stand()
    assert [WALL + 1000, WALL + 1000] == [of_one(stand, KVM1).since for _ in range(2)]
    assert Verdict("Alert", WALL + 1030, True) == of_one(stand, replace(KVM1, state="Alert"))  # noqa: FBT003 (a row)


def test_cloudstack_says_where_guests_start() -> None:
    """Only where a host is Enabled; where nothing is said, nothing is."""
    for resource, expected in (("Enabled", True), ("Disabled", False), ("Maintenance", False), ("", None)):
        assert expected is of_one(Stand(), replace(KVM1, resource_state=resource)).schedulable


NOW = 1000.0
SINCE = reported_stand.WALL + NOW


def by_openstack(*readings: OpenStackAgentsReading) -> dict[str, Verdict]:
    """What OpenStack's answers come to, of nobody whom we know."""
    return dict(of_openstack(readings, {}))


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (nova("cmp1", 0), "up"),
        (nova("cmp1", 60), "up"),
        (nova("cmp1", 61), "down"),
        (nova("cmp1", -60), "up"),
        (nova("cmp1", -61), "down"),
        (nova("cmp1", 4, forced_down=True), "down"),
        (nova("cmp1", 4, enabled=False), "up"),
        (nova("cmp1", 61, reported=False), "down"),
        (nova("cmp1", None, up=True), "up"),
        (nova("cmp1", None, up=False), "down"),
        (nova("cmp1", None, up=True, forced_down=True), "down"),
        (nova("cmp1", None), "other"),
    ],
)
def test_openstack_judges_by_novas_own_rule(said: AgentState, state: str) -> None:
    """By the age in the database, by the verdict of the API; a cell that is down tells neither."""
    found = by_openstack(Cloud().says(NOW, said))
    assert {"compute-1": state} == {host: verdict.state for host, verdict in found.items()}


def test_only_hypervisors_have_a_state() -> None:
    """Of other machines OpenStack has agents, and no word of its own; strangers have no name."""
    conductor = replace(nova("ctl1", 4), binary="nova-conductor")
    assert {} == by_openstack(Cloud().says(NOW, conductor, neutron("cmp1", 4), nova("stranger", 4)))


def test_openstack_says_where_guests_start() -> None:
    """Neither where it is disabled nor where it is forced down, and only this is planned work."""
    rows = (nova("cmp1", 4), nova("cmp1", 4, enabled=False), nova("cmp1", 4, forced_down=True))
    found = [by_openstack(Cloud().says(NOW, said))["compute-1"] for said in rows]
    assert [True, False, False] == [verdict.schedulable for verdict in found]
    assert [False, False, True] == [verdict.planned for verdict in found]
    untold = by_openstack(Cloud().says(NOW, nova("cmp1", None, enabled=None)))["compute-1"]
    assert untold.schedulable is None


def test_heartbeats_kept_elsewhere_give_no_state() -> None:
    """With the driver mc the times stand still: what is not known is not said; forced down is."""
    rows = (nova("cmp1", 9999), nova("cmp2", 9999, forced_down=True))
    found = by_openstack(Cloud().says(NOW, *rows, unusable={Service.NOVA: "mc"}))
    assert {"compute-2": "down"} == {host: verdict.state for host, verdict in found.items()}


def test_a_cells_own_database_knows_better() -> None:
    """Than the API, which may say of all of its hosts that it does not know them."""
    cell = Cloud().says(NOW, nova("cmp1", 4))
    api = Cloud().says(NOW + 1, nova("cmp1", None), source=Source.API)
    for order in ((cell, api), (api, cell)):
        assert "up" == by_openstack(*order)["compute-1"].state


def test_openstack_says_since_when() -> None:
    """From the answer that showed the state first."""
    cloud = Cloud()
    first = by_openstack(cloud.says(NOW, nova("cmp1", 4)))
    second = dict(of_openstack([cloud.says(NOW + 15, nova("cmp1", 9))], first))
    third = dict(of_openstack([cloud.says(NOW + 30, nova("cmp1", 61))], second))
    assert [SINCE, SINCE, SINCE + 30] == [found["compute-1"].since for found in (first, second, third)]
