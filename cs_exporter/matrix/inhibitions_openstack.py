"""What of OpenStack mutes what: agents that are silent together have one cause, and it is told instead of each of them.

Pure data, as in inhibitions. A cell of nova has conductors, and maybe a database and a bus, of its own: its agents'
silence excuses nobody's in another one. Who is known to be silent is excused by no wrong clock.
"""

from __future__ import annotations

from cs_exporter.matrix.muting import Inhibition, Matcher
from cs_exporter.probes.openstack.agent_metrics import DOUBTFUL

LATE = ("CsHostAlertImminent", "CsHostAlertImminentCritical", "CsAgentSessionGone", "CsAgentRetransmitting")
SILENT = (*LATE, "CsOpenStackAgentSilent", "CsOpenStackAgentDown")
CONDUCTOR, BUS, NEUTRON = "CsOpenStackConductorSilent", "CsOpenStackBusSilent", "CsOpenStackNeutronServerSilent"
COMPUTES = "CsOpenStackComputesSilent"
DATABASE, CONTROLLER, CLOCKS = "CsOpenStackDatabaseSilent", "CsOpenStackControllerSilent", "CsOpenStackClocksApart"


ALARM = "CsRabbitmqAlarm"
GONE = (ALARM, "CsRabbitmqDown", "CsRabbitmqMute", "CsRabbitmqUnreachable", "CsRabbitmqLost")
"""A node of the message bus that takes nothing, by its own word."""

UNREAD = ("CsRabbitmqConsumerFrozen", "CsRabbitmqQueueUnserved", "CsRabbitmqTopicWithoutConsumer")


def _named(*names: str) -> Matcher:
    return Matcher("alertname", "=~", "|".join(names))


def _explains(tells: str, sources: tuple[str, ...], targets: tuple[str, ...], *only: Matcher) -> Inhibition:
    """Within a cloud; `only`: which of the targets."""
    return Inhibition(tells, (_named(*sources),), (_named(*targets), *only), ("platform",))


def _of_cells(tells: str, sources: tuple[str, ...], targets: tuple[str, ...], agents: str = "") -> Inhibition:
    """Within a cell, or of what belongs to none; `agents`: a regular expression for the binaries it is about."""
    only = (Matcher("agent", "=~", agents),) if agents else ()
    return Inhibition(tells, (_named(*sources),), (_named(*targets), *only), ("platform", "cell"))


def _of_queues(tells: str, source: str, queues: str) -> Inhibition:
    return Inhibition(tells, (_named(source),), (_named(*UNREAD), Matcher("queue", "=~", queues)), ("platform",))


INHIBITIONS = (
    _of_cells(
        "Nova calls computes down by what their cell's conductors write over the message bus: where all are silent "
        "together, its word about each of them is none of its own.",
        (CONDUCTOR, BUS, COMPUTES, DATABASE, CONTROLLER),
        ("CsComputeDown",),
    ),
    _of_cells(
        "Agents of nova that are silent together are one page, and it names what they have in common.",
        (CONDUCTOR, BUS, DATABASE, CONTROLLER),
        SILENT,
        "nova-.+",
    ),
    _of_cells("The same where it is hypervisors alone.", (COMPUTES,), SILENT, "nova-compute"),
    _of_cells("The same of neutron's.", (NEUTRON, BUS, DATABASE, CONTROLLER), SILENT, "neutron-.+"),
    _of_cells(
        "The same of those that write by themselves, without a message bus.",
        (DATABASE, CONTROLLER),
        SILENT,
        "cinder-.+|heat-.+",
    ),
    _explains(
        "A message bus with an alarm takes nothing from anybody, at whichever node, and that is why nobody reports "
        "over it. A node that is gone is no such reason: others serve in its place.",
        (ALARM,),
        (BUS,),
    ),
    Inhibition(
        "A node of the bus that takes nothing is why its port fails: what it says itself is more.",
        (_named(*GONE),),
        (_named("CsPortDown", "CsPortDownWarning", "CsPortSlow"), Matcher("port_name", "=", "rabbitmq")),
        ("host",),
    ),
    _of_queues("A conductor that is silent is why nobody takes its messages.", CONDUCTOR, "conductor.*"),
    _of_queues("The same of neutron-server.", NEUTRON, "q-.+"),
    Inhibition(
        "And why its API accepts and does not answer.",
        (_named(NEUTRON),),
        (_named("CsOpenStackEndpointDown"), Matcher("api", "=", "network")),
        ("platform",),
    ),
    _explains(
        "An age that a wrong clock makes is no silence, nor is it a death; of who is known to be silent both are told.",
        (CLOCKS,),
        ("CsComputeDown", *LATE),
        Matcher("verdict", "=", DOUBTFUL),
    ),
)
