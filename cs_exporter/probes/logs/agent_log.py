"""The sheet of the probe `agent_log`: what a hypervisor's CloudStack agent writes when it is in trouble.

Pings are not in it, for they are logged at a level that is off. Its first failed try to write a storage heartbeat is,
most of a minute before the host may be rebooted for that.
"""

from __future__ import annotations

from cs_exporter.model import Host, Role
from cs_exporter.ports import Io
from cs_exporter.probes.agents.sessions import CLOUDSTACK_AGENT
from cs_exporter.probes.logs import following, stems
from cs_exporter.probes.logs.agent_symptoms import SYMPTOMS
from cs_exporter.probes.logs.asking import LogPath, LogSettings, follow
from cs_exporter.probes.logs.reading import LogReading, advanced
from cs_exporter.probes.logs.rows import log_metrics
from cs_exporter.spec import Metric, Need, ProbeSpec

NAME = "agent_log"
PATH = "/var/log/cloudstack/agent/agent.log"


class AgentLogSettings(LogSettings):
    """Settings of the probe agent_log."""

    path: LogPath = PATH


async def probe(_host: Host, io: Io, settings: AgentLogSettings) -> LogReading:
    """Read what is new in the log. Raises ProbeFailed; UnsupportedError where there never was one."""
    last = io.previous(LogReading)
    before = last.reading if last and last.reading.path == settings.path else None
    found = await follow(io, following.AGENT, settings, before, "all")
    return advanced(before, found.look, found.at, settings.path, found.now)


METRICS: tuple[Metric[LogReading], ...] = log_metrics("cs_agent_log", "agent's log", tuple(stems.AGENT))


def applies(host: Host) -> bool:
    """Whether it is a hypervisor with an agent of its own."""
    return Role.HYPERVISOR in host.roles and CLOUDSTACK_AGENT.runs_at(host)


def _at_its_place(host: Host) -> bool:
    settings = host.settings.get(NAME)
    return applies(host) and (not isinstance(settings, AgentLogSettings) or settings.path == PATH)


NEEDS = (
    Need(
        key="agent log",
        lost="what the agent writes of failed storage heartbeats, pings and connections (cs_agent_log_events_total)",
        mend=f"setfacl -m u:ACCOUNT:r {PATH}, and x for the account on the folders above it; or disable agent_log",
        check=f"[ -r {PATH} ]",
        applies=_at_its_place,
    ),
)

SPEC: ProbeSpec[AgentLogSettings, LogReading] = ProbeSpec(
    name=NAME,
    question="What trouble does the host's CloudStack agent write of?",
    settings=AgentLogSettings,
    reading=LogReading,
    probe=probe,
    metrics=METRICS,
    symptoms=SYMPTOMS,
    sections=(following.SECTION,),
    needs=NEEDS,
    applies=applies,
)
