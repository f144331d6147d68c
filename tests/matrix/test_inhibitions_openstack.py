"""OpenStack's inhibitions: what stopped together is one page, and what is dead alone is told whatever else is wrong."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.inhibitions_openstack import INHIBITIONS
from cs_exporter.matrix.muting import Labels

CLOUD = {"platform": "os1", "host": "endpoint:os1"}


def alert(name: str, host: str = "cmp1", agent: str = "", **labels: str) -> Labels:
    """An alert of one cloud."""
    return {"alertname": name, "host": host, "platform": "os1", "agent": agent, **labels}


def muted(source: Labels, target: Labels) -> bool:
    """Whether one mutes the other."""
    return any(
        one.may_mute(source) and one.may_be_muted(target) and one.may_equal(source, target) for one in INHIBITIONS
    )


LATE, DOWN = "CsHostAlertImminentCritical", "CsOpenStackAgentDown"
COMPUTE, DHCP, VOLUME = "nova-compute", "neutron-dhcp-agent", "cinder-volume"


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("CsOpenStackConductorSilent", alert(LATE, agent=COMPUTE), True),
        ("CsOpenStackConductorSilent", alert("CsComputeDown"), True),
        ("CsOpenStackConductorSilent", alert(DOWN, agent=DHCP), False),
        ("CsOpenStackConductorSilent", alert("CsRabbitmqConsumerFrozen", queue="conductor"), True),
        ("CsOpenStackConductorSilent", alert("CsRabbitmqConsumerFrozen", queue="q-plugin"), False),
        ("CsOpenStackComputesSilent", alert(LATE, agent=COMPUTE), True),
        ("CsOpenStackComputesSilent", alert("CsComputeDown"), True),
        ("CsOpenStackComputesSilent", alert(DOWN, agent=DHCP), False),
        ("CsOpenStackComputesSilent", alert(DOWN, agent="nova-conductor"), False),
        ("CsOpenStackNeutronServerSilent", alert(DOWN, agent=DHCP), True),
        ("CsOpenStackNeutronServerSilent", alert(LATE, agent=COMPUTE), False),
        ("CsOpenStackNeutronServerSilent", alert("CsComputeDown"), False),
        ("CsOpenStackNeutronServerSilent", alert("CsOpenStackEndpointDown", api="network"), True),
        ("CsOpenStackNeutronServerSilent", alert("CsOpenStackEndpointDown", api="compute"), False),
        ("CsOpenStackBusSilent", alert(DOWN, agent=VOLUME), False),
        ("CsOpenStackControllerSilent", alert(DOWN, agent=VOLUME), True),
        ("CsOpenStackClocksApart", alert("CsComputeDown", verdict="doubtful"), True),
        ("CsOpenStackClocksApart", alert("CsComputeDown"), False),
        ("CsOpenStackClocksApart", alert(LATE, agent=COMPUTE, verdict="doubtful"), True),
        ("CsOpenStackClocksApart", alert(LATE, agent=COMPUTE), False),
        ("CsOpenStackClocksApart", alert(DOWN, agent=DHCP), False),
        ("CsRabbitmqAlarm", alert("CsOpenStackBusSilent"), True),
        ("CsRabbitmqAlarm", alert("CsOpenStackComputesSilent"), False),
        ("CsRabbitmqDown", alert("CsOpenStackBusSilent"), False),
        ("CsRabbitmqMute", alert("CsPortDown", port_name="rabbitmq", host="endpoint:os1"), True),
        ("CsGaleraNotPrimary", alert("CsOpenStackDatabaseSilent"), False),
        ("CsMysqlDown", alert("CsOpenStackControllerSilent"), False),
        ("CsOpenStackAgentDown", alert("CsComputeDown"), False),
    ],
)
def test_who_mutes_whom(source: str, target: Labels, *, expected: bool) -> None:
    """By what reports over what. One node of several is nobody's excuse, nor is a clock that of the known silent."""
    assert expected is muted({"alertname": source, **CLOUD}, target)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("CsOpenStackConductorSilent", alert("CsComputeDown", cell="east"), True),
        ("CsOpenStackConductorSilent", alert("CsComputeDown", cell="west"), False),
        ("CsOpenStackConductorSilent", alert("CsComputeDown"), False),
        ("CsOpenStackConductorSilent", alert(LATE, agent=COMPUTE, cell="east"), True),
        ("CsOpenStackConductorSilent", alert(LATE, agent=COMPUTE, cell="west"), False),
        ("CsOpenStackBusSilent", alert("CsOpenStackAgentSilent", agent=COMPUTE, cell="west"), False),
        ("CsOpenStackBusSilent", alert(DOWN, agent=DHCP), False),
        ("CsOpenStackDatabaseSilent", alert(DOWN, agent=VOLUME), False),
        ("CsOpenStackDatabaseSilent", alert(DOWN, agent="nova-conductor", cell="east"), True),
    ],
)
def test_a_cell_excuses_no_other(source: str, target: Labels, *, expected: bool) -> None:
    """Nor the rest of the cloud: what is behind that is silent, too, and is told of it."""
    assert expected is muted({"alertname": source, "cell": "east", **CLOUD}, target)


def test_the_whole_cloud_excuses_no_cell() -> None:
    """Each that suffers has a cause of its own."""
    source: Labels = {"alertname": "CsOpenStackDatabaseSilent", **CLOUD}
    assert not muted(source, alert("CsComputeDown", cell="east"))
    assert muted(source, alert("CsComputeDown"))


def test_another_cloud_is_nobodys_excuse() -> None:
    """Two platforms side by side: each has its own causes."""
    source: Labels = {"alertname": "CsOpenStackConductorSilent", **CLOUD}
    assert not muted(source, {**alert("CsComputeDown"), "platform": "os2"})
