"""Sessions of agents as the sockets of one host show them: which section is asked, and what its answer says.

A socket has two ends and they know different things: the server's last received is when it heard the agent, the
agent's last sent is that only while all of it is acknowledged. Both are read here, into times of the exporter's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from cs_exporter.model import CloudKind, Host, Role
from cs_exporter.parsers.ss import Socket
from cs_exporter.ports import SectionCall
from cs_exporter.spec import Seconds, Section

_CLOUDSTACKS = "cloudstack-agent"


class AgentDeclaration(BaseModel):
    """An agent: what it is called, the port of its servers, and which hosts have which end of its sessions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    port: int = Field(strict=True, ge=1, le=65535)
    runs_on: tuple[Role, ...] = Field(min_length=1)
    served_by: tuple[Role, ...] = Field(min_length=1)
    limit: Seconds | None = Field(default=None, gt=0, description="of this agent; default: the probe's limit")
    hypervisors: tuple[str, ...] = Field(
        default=(), description="hypervisors it runs on need one of these, or none known; default: any"
    )

    def runs_at(self, host: Host) -> bool:
        """Whether that host has this agent. A hypervisor without one is asked directly by the cloud."""
        if self.name == _CLOUDSTACKS and host.cloud_kind not in (None, CloudKind.CLOUDSTACK):
            return False
        roles = host.roles & {*self.runs_on}
        kind = host.place.hypervisor.casefold()
        if kind and self.hypervisors and kind not in {name.casefold() for name in self.hypervisors}:
            roles -= {Role.HYPERVISOR}
        return bool(roles)


CLOUDSTACK_AGENT = AgentDeclaration(
    name=_CLOUDSTACKS,
    port=8250,
    runs_on=(Role.HYPERVISOR, Role.CONSOLE_PROXY, Role.SECONDARY_STORAGE_VM),
    served_by=(Role.MANAGEMENT,),
    hypervisors=("KVM", "LXC"),
)

SECTION = Section(
    name="agent_sessions",
    tool="ss",
    # Arguments are s and a port that this host serves, or u and one that it uses. In a subshell, whose variables and
    # `set` are its own. Both states are asked for because ss leaves the column out where there is only one.
    body=r"""
(
	serves=' ' filter=''
	for asked; do
		port=${asked#?}
		case $port in '' | *[!0-9]* | ??????*) continue ;; esac
		case $asked in
		s*) serves="$serves$port " filter="$filter or sport = :$port" ;;
		u*) filter="$filter or dport = :$port" ;;
		esac
	done
	{
		if [ -n "$filter" ]; then
			ss -tinH state established state listening "( ${filter#' or '} )"
			echo "= $?"
		else
			echo "= 2"
		fi
	} | awk -v serves="$serves" '
		function end() { if (line != "") print line; line = "" }
		function more(from,   i) {
			for (i = from; i <= NF; i++) if ($i ~ wanted) line = line " " $i
		}
		/^[ \t]/ { more(1); next }
		$1 == "=" { end(); exit $2 }
		{
			end()
			line = $1 " " $2 " " $3 " " $4 " " $5
			parts = split($4, part, ":")
			wanted = "^(mss|rtt|retrans|lastsnd|lastack|unacked|bytes_acked):"
			if (index(serves, " " part[parts] " ")) wanted = "^(mss|rtt|retrans|lastrcv):"
			more(6)
		}'
)
""",
)
"""One short line per session, at most some 170 bytes: those of 5,000 agents stay below what a section may say."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The server's end of an agent's port: whether anybody listens, and the connections that wait to be taken."""

    agent: str
    listening: bool
    queued: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """A session at its server's end. `heard`: the exporter's monotonic clock; None: not known.

    `left_unread`: there were bytes at the look before, too. What one look finds may have come that very moment.
    """

    agent: str
    peer: str
    peer_port: int
    heard: float | None  # when data came that the server has taken
    unread: int  # bytes that the server has not taken yet
    rtt: float | None
    retransmits: int | None
    retransmitting: bool
    left_unread: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """A session at its agent's end. `heard`: the latest time at which the server can have heard it, as in Served."""

    agent: str
    local: str
    local_port: int
    server: str
    heard: float | None
    acked: int | None  # bytes
    rtt: float | None
    retransmits: int | None
    retransmitting: bool


@dataclass(frozen=True, slots=True)
class AgentHeartbeatReading:
    """All that one host's sockets tell about agents' sessions. `uses`: agents whose end it would be.

    `addresses`: its own in these sessions, loopback aside; not all of them need be in the inventory.
    """

    ports: tuple[Listening, ...] = ()
    served: tuple[Served, ...] = ()
    own: tuple[Own, ...] = ()
    uses: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()


def is_loopback(address: str) -> bool:
    """Whether both ends of a session with that address are on one host."""
    return address.startswith("127.") or address == "::1"


def ends(agents: Iterable[AgentDeclaration], host: Host) -> tuple[list[AgentDeclaration], ...]:
    """The agents whose sessions a host serves, and those that it runs."""
    agents = tuple(agents)
    return [one for one in agents if host.roles & {*one.served_by}], [one for one in agents if one.runs_at(host)]


def call(serves: Iterable[AgentDeclaration], runs: Iterable[AgentDeclaration]) -> SectionCall:
    """What to ask a host."""
    return SectionCall(SECTION.name, (*(f"s{one.port}" for one in serves), *(f"u{one.port}" for one in runs)))


def read(
    sockets: Iterable[Socket],
    serves: Iterable[AgentDeclaration],
    runs: Iterable[AgentDeclaration],
    now: float,
    before: Callable[[], AgentHeartbeatReading | None],
) -> AgentHeartbeatReading:
    """What the sockets say at `now`, the exporter's monotonic clock; `before` gives the host's last reading."""
    serving, running = {one.port: one.name for one in serves}, {one.port: one.name for one in runs}
    past = _Past(before)
    waiting: dict[str, int] = {}
    served: list[Served] = []
    own: list[Own] = []
    addresses: set[str] = set()
    for socket in sockets:
        if socket.local_port in serving:
            agent = serving[socket.local_port]
            if socket.state == "LISTEN":
                waiting[agent] = waiting.get(agent, 0) + socket.recv_queue
            elif socket.state == "ESTAB":
                addresses.add(socket.local)
                served.append(_served(agent, socket, now, past))
        elif socket.peer_port in running and socket.state == "ESTAB":
            addresses.add(socket.local)
            own.append(_own(running[socket.peer_port], socket, now, past))
    ports = tuple(Listening(agent, agent in waiting, waiting.get(agent, 0)) for agent in serving.values())
    outside = frozenset(address for address in addresses if not is_loopback(address))
    return AgentHeartbeatReading(ports, tuple(served), tuple(own), frozenset(running.values()), outside)


class _Past:
    """The host's last reading by session; looked at only where a session needs it, which few do."""

    def __init__(self, before: Callable[[], AgentHeartbeatReading | None]) -> None:
        self._before = before
        self._found: tuple[dict[tuple[str, str, int], Served], dict[tuple[str, str, int], Own]] | None = None

    def _sessions(self) -> tuple[dict[tuple[str, str, int], Served], dict[tuple[str, str, int], Own]]:
        if self._found is None:
            last = self._before() or AgentHeartbeatReading()
            served = {(one.agent, one.peer, one.peer_port): one for one in last.served}
            self._found = served, {(one.agent, one.local, one.local_port): one for one in last.own}
        return self._found

    def served(self, agent: str, socket: Socket) -> Served | None:
        return self._sessions()[0].get((agent, socket.peer, socket.peer_port))

    def own(self, agent: str, socket: Socket) -> Own | None:
        return self._sessions()[1].get((agent, socket.local, socket.local_port))


def _served(agent: str, socket: Socket, now: float, past: _Past) -> Served:
    heard = None if socket.last_received is None else now - socket.last_received
    left = False
    if socket.recv_queue:  # the kernel received it; a server that is stopped has heard nothing
        last = past.served(agent, socket)
        heard, left = (last.heard, last.unread > 0) if last else (None, False)
    return Served(
        agent,
        socket.peer,
        socket.peer_port,
        heard,
        socket.recv_queue,
        socket.rtt,
        socket.retransmits,
        bool(socket.retransmitting),
        left,
    )


def _own(agent: str, socket: Socket, now: float, past: _Past) -> Own:
    """Last sent, where all of it has been acknowledged; else the last time at which more of it was."""
    if socket.unacked or socket.send_queue:
        heard = None if socket.last_acked is None else now - socket.last_acked
        last = past.own(agent, socket)
        # Whatever the server sends counts as an acknowledgement, of nothing new where its own path to it is fine.
        if last and last.heard is not None and last.acked is not None and last.acked == socket.bytes_acked:
            heard = last.heard
    else:
        heard = None if socket.last_sent is None else now - socket.last_sent
    return Own(
        agent,
        socket.local,
        socket.local_port,
        socket.peer,
        heard,
        socket.bytes_acked,
        socket.rtt,
        socket.retransmits,
        bool(socket.retransmitting),
    )
