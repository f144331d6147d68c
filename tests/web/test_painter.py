"""From a board to every host's state: worst first, blind is no verdict, maintenance mutes, times only in trouble."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cs_exporter.model import CloudKind, CloudTarget, Host, Reason, Role
from cs_exporter.spec import Cause, Sample
from cs_exporter.web.picture import HostView, Left, Picture, State
from tests.web.clouds import agent, clock, hypervisor, mounts, servers, troubled, well
from tests.web.planted import Cloud, picture_of

NAME = hypervisor(1).name


def cloud(*, maintenance: bool = False) -> Cloud:
    """One healthy hypervisor."""
    made = Cloud()
    made.add(hypervisor(1, maintenance=maintenance), well())
    made.tell_all("agent_countdown", agent(NAME, 112.0))
    return made


def only(picture: Picture) -> HostView:
    """Its one host."""
    (view,) = picture.hosts
    return view


def cells(view: HostView) -> dict[Cause, State]:
    """Cause -> state."""
    return {cause: cell.state for cause, cell in view.cells.items()}


def test_a_healthy_host_is_fine_wherever_something_is_known() -> None:
    """No database, message bus or management server is expected on a hypervisor."""
    view = only(picture_of(cloud()))
    unknown = {Cause.DATABASE, Cause.MESSAGE_BUS, Cause.MANAGEMENT}
    assert State.OK is view.state
    assert {cause: State.UNKNOWN if cause in unknown else State.OK for cause in view.cells} == cells(view)
    assert None is view.left


def test_a_symptom_colours_its_cause_and_its_host() -> None:
    """The other causes stay as they are."""
    made = cloud()
    made.tell(NAME, "nfs_mounts", mounts("hung"))
    view = only(picture_of(made))
    assert (State.CRITICAL, "CsNfsMountHung") == (view.state, view.seen[0].held.symptom.name)
    assert (State.CRITICAL, State.OK) == (cells(view)[Cause.STORAGE], cells(view)[Cause.CLOCK])


def test_what_was_just_seen_is_pending_and_not_red() -> None:
    """One lost packet is no alert, and no red host either."""
    made = cloud()
    made.tell(NAME, "nfs_mounts", mounts("hung"))
    view = only(picture_of(made, lasting=0.0))
    assert (State.PENDING, State.PENDING) == (view.state, cells(view)[Cause.STORAGE])


def test_a_failing_run_is_blindness_and_no_verdict() -> None:
    """Causes that only that probe tells of can't be asked; what others say of the host stays known."""
    made = cloud()
    for probe in well():
        made.fail(NAME, probe, Reason.UNREACHABLE, "no route to host")
    view = only(picture_of(made))
    assert State.BLIND is view.state
    assert len(well()) == len(view.blind) == view.asked
    assert (State.BLIND, State.OK) == (cells(view)[Cause.STORAGE], cells(view)[Cause.AGENT])
    assert State.UNKNOWN is cells(view)[Cause.MANAGEMENT]


def test_evidence_from_elsewhere_outweighs_blindness() -> None:
    """A host that can't be asked and whose agent is silent is critical."""
    made = cloud()
    made.tell_all("agent_countdown", agent("kvm9", 12.0))
    made.fail("kvm9", "time_drift", Reason.TIMEOUT, "late")
    made.hosts["kvm9"] = Host("kvm9", "192.0.2.9", roles=frozenset({Role.HYPERVISOR}))
    first = picture_of(made).hosts[0]
    assert ("kvm9", State.CRITICAL) == (first.name, first.state)


def test_maintenance_is_shown_and_mutes() -> None:
    """The symptom is there, the host is not red and not among the first."""
    made = cloud(maintenance=True)
    made.tell(NAME, "nfs_mounts", mounts("missing"))
    view = only(picture_of(made))
    assert (State.MAINTENANCE, ["CsNfsMountMissing"]) == (view.state, [one.held.symptom.name for one in view.seen])


@pytest.mark.parametrize(
    ("left", "connected", "expected"),
    [(112.0, True, None), (31.0, True, (31.0, "Alert")), (-4.0, True, (-4.0, "Alert")), (113.0, False, (0.0, "Alert"))],
)
def test_time_left_is_told_in_trouble_only(left: float, connected: bool, expected: object) -> None:  # noqa: FBT001
    """A dropped session means Alert at once, whatever the countdown of silence says."""
    made = Cloud()
    made.add(hypervisor(1), {})
    made.tell_all("agent_countdown", agent(NAME, left, connected=connected))
    picture = picture_of(made)
    view = only(picture)
    assert expected == (view.left and (view.left.seconds, view.left.until))
    assert {"Alert": {NAME: left}, "reboot": {}} == picture.countdowns


def computing(*, down: bool = False, **seconds: float) -> Picture:
    """A hypervisor of OpenStack with these agents and what is left of each, late below 29; perhaps given up."""
    made = Cloud()
    made.add(replace(hypervisor(1), cloud_kind=CloudKind.OPENSTACK), {})
    times = {name.replace("_", "-"): left for name, left in seconds.items()}
    of_agents = [Sample(left, (name,), NAME) for name, left in times.items()]
    late = {"cs_agent_late_seconds_to_alert": [Sample(29.0, (name,), NAME) for name in times]}
    least = {"cs_host_seconds_to_alert": [Sample(min(times.values()), (), NAME)]}
    made.tell_all("agent_countdown", {"cs_agent_seconds_to_alert": of_agents, **late, **least})
    made.tell_all("cloud_hosts", {"cs_host_state": [Sample(1.0, ("down",), NAME)]} if down else {})
    return picture_of(made)


def test_a_host_with_several_agents_has_the_time_of_the_one_in_trouble() -> None:
    """Which OpenStack takes for down in the end: it knows no Alert. One that is down has no time, whoever else has."""
    picture = computing(nova_compute=12.0, neutron_openvswitch_agent=58.0)
    assert Left(12.0, "down") == only(picture).left
    assert only(computing(neutron_openvswitch_agent=41.0, down=True)).left is None


def test_a_cloud_comes_before_its_hosts() -> None:
    """What it has to say is why they are in trouble, and there may be a thousand of them."""
    made = cloud()
    made.tell_all("agent_countdown", agent(NAME, 5.0))
    target = CloudTarget(CloudKind.OPENSTACK)
    made.add(Host("endpoint:openstack", "192.0.2.1", "openstack", cloud=target), {})
    stopped = [Sample(9.0, ("", "conductor"))]
    made.tell("endpoint:openstack", "openstack_agents", {"cs_openstack_agents_stopped": stopped})
    assert ["endpoint:openstack", NAME] == [view.name for view in picture_of(made).hosts]


def test_worst_first_is_the_least_time_left() -> None:
    """Then more critical symptoms, then the name; blind before pending, maintenance and fine ones last."""
    views = picture_of(troubled()).hosts
    assert ["kvm-ams1-017", "kvm-ams1-009", "kvm-ams1-010"] == [view.name for view in views[:3]]
    assert sorted(view.state for view in views) == [view.state for view in views]


def test_rows_about_others_are_theirs() -> None:
    """What one host says of another stands with the other; one that nobody knows is shown all the same."""
    made = cloud()
    servers(made)
    port = ("2049", "nfs", NAME, "refused", "critical")
    rows = [Sample(1.0, port, host) for host in ("nfs1", "nas.example.org")]
    made.tell(NAME, "port_reachability", {"cs_port_failing": rows})
    red = {view.name: view.host is None for view in picture_of(made).hosts if view.state is State.CRITICAL}
    assert {"nfs1": False, "nas.example.org": True} == red


def test_what_is_about_no_host_is_the_fleet_s() -> None:
    """Such as the exporter's own clock."""
    made = cloud()
    made.tell_all("clock_fleet", {"cs_clock_fleet_skew_seconds": [Sample(3.0)]})
    assert ["CsExporterClockWrong"] == [one.held.symptom.name for one in picture_of(made).fleet]


def test_nothing_known_is_not_fine() -> None:
    """Before its first outcome a host has no state."""
    made = Cloud()
    made.add(hypervisor(1), {})
    assert State.UNKNOWN is only(picture_of(made)).state
    made.tell(NAME, "time_drift", clock(0.0))
    assert State.OK is only(picture_of(made)).state
