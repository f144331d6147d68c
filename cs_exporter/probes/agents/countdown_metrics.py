"""What agent_countdown knows at one moment, and the metrics of it: each agent by what is believed of it.

Apart from the sheet only because of its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cs_exporter.model import Inventory
from cs_exporter.probes.agents.clouds import Clouds
from cs_exporter.probes.agents.ears import Ears
from cs_exporter.probes.agents.plan import Key, Plan, Shared, plan
from cs_exporter.probes.agents.reported import Report, Reports
from cs_exporter.probes.agents.rows import AgentRow
from cs_exporter.probes.agents.scenes import Scene
from cs_exporter.probes.agents.sessions import AgentHeartbeatReading
from cs_exporter.spec import Metric, Sample, rows


@dataclass(frozen=True)
class AgentCountdownReading:
    """Every expected agent. `unmapped`: server and agent -> sessions that can be given to no host.

    `reports`: agents that report into their cloud's tables; of what is known of an agent both ways, that counts. What
    is below `now` is kept for the next derivation; `addresses`: address -> host, told by their own sessions.
    """

    rows: Mapping[Key, AgentRow] = field(default_factory=dict)
    unmapped: Mapping[Key, int] = field(default_factory=dict)
    wall: float = 0.0  # the exporter's wall clock at that moment
    now: float = 0.0  # its monotonic clock
    plan: Plan = field(default_factory=lambda: plan(Inventory()))
    addresses: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, AgentHeartbeatReading] = field(default_factory=dict)  # of current hosts
    scenes: Mapping[Shared, Scene] = field(default_factory=dict)
    clouds: Clouds = field(default_factory=Clouds)
    ears: Ears = field(default_factory=Ears)
    reports: Reports = field(default_factory=Reports)

    @property
    def counted(self) -> Mapping[Key, AgentRow | Report]:
        """Every agent by what its cloud will give it up by."""
        return {**self.rows, **self.reports.rows}


def _of_agents(
    name: str, help_text: str, value: Callable[[AgentRow, float], float | None], *, counter: bool = False
) -> Metric[AgentCountdownReading]:
    """A metric with a sample per agent that has a value at the reading's moment."""

    def read(reading: AgentCountdownReading) -> Iterable[Sample]:
        values = ((key, value(one, reading.now)) for key, one in reading.rows.items())
        return [Sample(float(number), (agent,), host) for (host, agent), number in values if number is not None]

    return rows(name, help_text, ("agent",), read, kind="counter" if counter else "gauge")


def _of_counted(
    name: str, help_text: str, value: Callable[[AgentRow | Report, float], float | None]
) -> Metric[AgentCountdownReading]:
    """The same of agents that report into their cloud's tables, too."""

    def read(reading: AgentCountdownReading) -> Iterable[Sample]:
        values = ((key, value(one, reading.now)) for key, one in reading.counted.items())
        return [Sample(float(number), (agent,), host) for (host, agent), number in values if number is not None]

    return rows(name, help_text, ("agent",), read)


def _of_its_own(one: AgentRow | Report, left: float | None) -> float | None:
    """Of one that is silent together with most of its kind there is no limit: that is told instead of each of them."""
    return None if isinstance(one, Report) and one.shared else left


def _ages(reading: AgentCountdownReading) -> Iterable[Sample]:
    heard = [
        Sample(one.age(source, reading.now), (agent, source.value), host)
        for (host, agent), one in reading.rows.items()
        for source in one.heard
    ]
    reported = reading.reports.rows.items()
    return heard + [Sample(one.aged(reading.now), (agent, one.source.value), host) for (host, agent), one in reported]


def _timestamps(reading: AgentCountdownReading) -> Iterable[Sample]:
    since = reading.wall - reading.now
    heard = [
        Sample(since + heard, (agent, source.value), host)
        for (host, agent), one in reading.rows.items()
        for source, heard in one.heard.items()
    ]
    reported = reading.reports.rows.items()
    return heard + [
        Sample(since + one.made - one.age, (agent, one.source.value), host) for (host, agent), one in reported
    ]


def _servers(reading: AgentCountdownReading) -> Iterable[Sample]:
    return [Sample(1.0, (agent, one.server), host) for (host, agent), one in reading.rows.items() if one.server]


def _hosts(reading: AgentCountdownReading) -> Iterable[Sample]:
    least: dict[str, float] = {}
    for (host, _), one in reading.counted.items():
        left = one.left(reading.now)
        if left is not None and host not in reading.reports.down:
            least[host] = min(left, least.get(host, left))
    return [Sample(left, host=host) for host, left in least.items()]


def _unmapped(reading: AgentCountdownReading) -> Iterable[Sample]:
    return [Sample(float(number), (agent,), server) for (server, agent), number in reading.unmapped.items()]


def _strangers(reading: AgentCountdownReading) -> Iterable[Sample]:
    return [Sample(float(ear.strangers), host=server) for server, ear in reading.ears.of.items()]


_THEN = (
    "As of the last poll of any agent, server or cloud; for the moment itself, while this is there, take "
    "cs_agent_last_heartbeat_timestamp_seconds (of the log, if it is there) and cs_agent_heartbeat_limit_seconds."
)
_BOUND = "Of sockets any traffic counts, also while the agent's ping task is stuck: the true age may be higher."

METRICS: tuple[Metric[AgentCountdownReading], ...] = (
    rows(
        "cs_agent_info",
        "The management server that has the agent (by the sockets of all servers, else by the cloud's word), or that "
        "last heard it (by sockets and logs).",
        ("agent", "management_server"),
        _servers,
    ),
    _of_agents(
        "cs_agent_connected",
        "1 if a server has a session of the agent, or its host has one that no server can tell (by ss), or a server's "
        "log has a ping of lately; 0 if none has. Absent while nobody can tell, no server listens for agents, or one "
        "has just come back.",
        lambda one, _: one.connected,
    ),
    _of_agents(
        "cs_agent_rtt_seconds",
        "Round trip of the agent's session, by its server's kernel, else by its host's (ss: rtt).",
        lambda one, _: one.rtt,
    ),
    _of_agents(
        "cs_agent_retransmits_total",
        "Segments of the agent's sessions sent again by either end since the exporter looks (ss: retrans).",
        lambda one, _: one.retransmits,
        counter=True,
    ),
    _of_agents(
        "cs_agent_retransmitting",
        "1 while an end of the agent's session has sent something again that is not acknowledged yet (ss: retrans).",
        lambda one, _: one.retransmitting,
    ),
    rows(
        "cs_agent_last_heartbeat_timestamp_seconds",
        "When the agent was last heard, by the exporter's clock. Source log: a line that a server took in its ping was "
        "first seen; server_socket: a server received data (ss: lastrcv); agent_socket: its host sent data that was "
        "acknowledged (lastsnd); database, api: its last report, as its cloud has it; unseen: never yet. " + _BOUND,
        ("agent", "source"),
        _timestamps,
    ),
    rows(
        "cs_agent_heartbeat_age_seconds",
        "Seconds for which the agent is known to be silent; sources as in cs_agent_last_heartbeat_timestamp_seconds. "
        "As of the last poll of any agent, server or cloud; a report (database, api) from the future is less than 0. "
        f"{_BOUND}",
        ("agent", "source"),
        _ages,
    ),
    _of_counted(
        "cs_agent_heartbeat_limit_seconds",
        "Age at which the cloud can give the host up at the earliest (limit in the settings, or from ping_interval and "
        "ping_timeout); of OpenStack's agents, at which their service takes them for down (from openstack_agents).",
        lambda one, _: one.expected.limit,
    ),
    _of_counted(
        "cs_agent_seconds_to_alert",
        "The limit minus the time for which no ping came, by servers' logs and sockets, or since a server runs again: "
        "an upper bound on the time left, negative when overdue. Absent while nobody who could know can be asked, no "
        "server runs, or the cloud says that the host is not Up. Of OpenStack's agents the limit minus the age of "
        "the last report, in either direction where their service judges so (nova, cinder); absent some polls after "
        f"it takes the agent for down, and while that is disabled or its host forced down. {_THEN} {_BOUND}",
        lambda one, now: one.left(now),
    ),
    _of_counted(
        "cs_agent_late_seconds_to_alert",
        "What is left until the cloud can give the host up when its agent is late: 1.5 ping intervals after a ping, "
        "50 s before the limit, or when a healthy agent's ping would have been seen; of the first two the sooner, and "
        "never before the last. 0 or less where ping_interval and ping_timeout leave no time for a warning. Of "
        "OpenStack's agents after 2.5 report intervals, or 30 s before the limit; absent while most of a kind are "
        "silent together, which is told instead of each of them.",
        lambda one, _: _of_its_own(one, one.expected.late),
    ),
    _of_counted(
        "cs_agent_very_late_seconds_to_alert",
        "The same when its silence pages: 1.75 ping intervals, 35 s before the limit, or as above (OpenStack: 3 report "
        "intervals, 25 s). Absent where a healthy agent may be silent for as long as the limit, and as above.",
        lambda one, _: _of_its_own(one, one.expected.very_late),
    ),
    _of_agents(
        "cs_agent_pings_stopped",
        "1 if the log of the agent's server shows no ping of it that was due, while others' are there and the agent's "
        "session goes on moving, else 0. Absent where no log tells.",
        lambda one, _: one.stopped,
    ),
    rows(
        "cs_host_seconds_to_alert",
        "The least of the cs_agent_seconds_to_alert of the host's agents: an upper bound on the time left. Absent "
        f"where the cloud has the host down already, whatever else reports from there. {_THEN}",
        (),
        _hosts,
    ),
    rows(
        "cs_management_agent_unmapped_connections",
        "Sessions of agents at this server that can be given to no host: their peer's address is that of none in the "
        "inventory which has such an agent (from ss).",
        ("agent",),
        _unmapped,
    ),
    rows(
        "cs_management_log_unmapped_agents",
        "Agents whose pings are in this server's log and that can be given to no host (management-server.log).",
        (),
        _strangers,
    ),
)
