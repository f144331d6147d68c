"""A management server: agents' sessions on 8250, what it believes of their hosts, and what its log says of them.

`python -S -m tests.lab.agent_programs_server --help`. Times are CloudStack's where no option says otherwise; whatever
hangs on the ping interval scales with it, but for the clock of 10 s where --tick says so. Without a database a host's
state is what this server last made of it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import math
import signal
import socket
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tests.lab.agent_programs import LAYOUTS, PORT, Host, Log, Message
from tests.lab.agent_programs_ports import HANDSHAKE, http, listen
from tests.lab.agent_programs_session import Session, receive, uuid_of

if TYPE_CHECKING:
    from tests.lab.agent_programs_database import Database

READY_WAIT = 60.0
STATS_WAIT = 1800.0
TICKS = 6
"""Ticks of the server's inaccurate clock in a ping interval, if no length is given: it is set every 10 s of 60."""

_threads = itertools.count()


class Server:
    """What the program does, given its options."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.layout: str = options.layout
        self.sessions: dict[int, Session] = {}
        self.states: dict[int, str] = {}
        self.database: Database | None = None
        self._log = Log(options.log, options.layout)
        self._tasks: set[asyncio.Task[None]] = set()
        self._logger = "c.c.a.m.AgentManagerImpl" if self.layout == "4.19" else "c.c.a.m.ClusteredAgentManagerImpl"

    def log(self, level: str, message: str, thread: str, context: str = "") -> None:
        """A line of the agents' manager."""
        self._log.write(level, self._logger, thread, message, context)

    def now(self) -> float:
        """The inaccurate clock by which silence is judged."""
        tick: float = self.options.tick or self.options.every / TICKS
        return math.floor(time.monotonic() / tick) * tick

    def begin(self, work: Awaitable[None]) -> None:
        """Do something beside all else."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self) -> None:
        """Serve for ever."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._log.roll)
        if self.options.database:
            self.database = _database(self.options, asyncio.get_running_loop(), self.fenced)
        await listen(self.options.port, self.attend)
        for port in filter(None, (self.options.http, self.options.cluster)):
            await listen(port, http)
        while True:
            await asyncio.sleep(self.options.every)
            self.scan()

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        session = None
        with contextlib.suppress(OSError, EOFError, ValueError, LookupError):
            async with asyncio.timeout(HANDSHAKE):
                first = await receive(reader)
            session = self.greet(first, writer)
            while self.holds(session):
                self.heard(session, await receive(reader))
        if session is None:
            peer = writer.get_extra_info("peername")[0]
            self.log("INFO", f"Connection from {peer} closed but no cleanup was done.", _handler())
            writer.transport.abort()
        else:
            session.close()
            await self.investigate(session, "AgentDisconnected")

    def greet(self, startup: Message, writer: asyncio.StreamWriter) -> Session:
        """An agent has said who it is. Raises ValueError if it said something else, LookupError if not all."""
        if not startup.name.startswith("Startup"):
            stranger = "Throwing away a request because it came through as the first command on a connect:"
            self.log("WARN", f"{stranger} {startup.name}", _handler())
            raise ValueError(startup.name)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        name = str(startup.fields["name"])
        number = int(str(startup.fields["id"]))
        host = Host(number, name, str(startup.fields["type"]), uuid_of(name))
        session = Session(host, writer, self.now())
        known: dict[str, object] = {"hostId": number, "hostUuid": host.uuid, "hostName": name}
        session.answer(startup, "StartupAnswer", known | {"pingInterval": self.options.every, "result": True})
        thread, context = f"AgentConnectTaskPool-{number}", _context()
        self.log("DEBUG", f"create ConnectedAgentAttache for {host.entity(self.layout)}", thread, context)
        former = self.sessions.pop(number, None)
        if former is not None:
            former.close()
        self.sessions[number] = session
        self.become(host, "Connecting", "AgentConnected")
        self.begin(self.accompany(session))
        return session

    async def accompany(self, session: Session) -> None:
        """Make the host ready, then ask for its statistics in rounds, the next a while after the last's answer."""
        with contextlib.suppress(TimeoutError):
            if await session.ask("ReadyCommand", READY_WAIT):
                self.become(session.host, "Up", "Ready")
        if session.is_open and self.states[session.host.number] != "Up":
            self.give_up(session, "AgentDisconnected", _context())
        while session.is_open:
            await asyncio.sleep(self.options.stats or self.options.every)
            with contextlib.suppress(TimeoutError):
                await session.ask("GetHostStatsCommand", STATS_WAIT)

    def heard(self, session: Session, message: Message) -> None:
        """Something came from an agent."""
        host = session.host
        if not message.is_request:
            answered = session.waiting.get(message.sequence)
            if answered is not None and not answered.done():
                answered.set_result(True)
        elif message.name in ("PingRoutingCommand", "PingCommand"):
            session.pinged = self.now()
            kind = "Routing host " if message.name == "PingRoutingCommand" else ""
            self.log("DEBUG", f"Ping from {kind}{host.attache(self.layout)}", _handler())
            session.answer(message, "PingAnswer", {"result": True, "sendStartup": False})
        elif message.name == "ShutdownCommand":
            reason = message.fields["reason"]
            going = f"has informed us that it is shutting down with reason {reason} and detail null"
            self.log("INFO", f"Host {host.attache(self.layout)} {going}", _handler())
            self.give_up(session, "ShutdownRequested", _context())
        else:
            session.answer(message, "Answer", {"result": True})

    def scan(self) -> None:
        """Look for agents that have been silent for too long."""
        before = self.now() - self.options.timeout * self.options.every
        behind = [session for session in self.sessions.values() if session.pinged < before]
        if not behind:
            return
        context = _context()
        numbers = ", ".join(str(session.host.number) for session in behind)
        self.log("INFO", f"Found the following agents behind on ping: [{numbers}]", "AgentMonitor-1", context)
        for session in behind:
            who = session.host.entity(self.layout)
            if self.database and session.host.number in self.database.resting:
                resting = f"Ping timeout but agent {who} is in resource state of Maintenance, so no investigation"
                self.log("DEBUG", resting, "AgentMonitor-1", context)
                self.give_up(session, "ShutdownRequested", context)
                continue
            self.log("DEBUG", f"Ping timeout for agent {who}, do investigation", "AgentMonitor-1", context)
            self.begin(self.investigate(session, "PingTimeout"))

    async def investigate(self, session: Session, event: str) -> None:
        """Find out whether a host is alive: it stays Up if its agent still answers commands, else it goes to Alert."""
        if session.investigated or not self.holds(session):
            return
        session.investigated, who, context, thread = True, session.host.entity(self.layout), _context(), _pool()
        # The event is missing in the new layout: the line has no place for it.
        shown = f" {event}" if self.layout == "4.19" else ""
        self.log("INFO", f"Investigating why host {who} has disconnected with event{shown}", thread, context)
        try:
            alive = await session.ask("CheckHealthCommand", self.options.check_health)
        except TimeoutError:
            alive = False
            number, wait = session.host.number, f"{self.options.check_health:g}"
            self.log(
                "WARN", f"Operation timed out: Commands 1 to Host {number} timed out after {wait}", thread, context
            )
        session.investigated = False
        if not self.holds(session):
            return
        state = "Up" if alive else "Disconnected"
        self.log("INFO", f"The agent from host {who} state determined is {state}", thread, context)
        if alive:
            self.log("INFO", "Agent is determined to be up and running", thread, context)
            self.become(session.host, "Up", "Ping")
            return
        self.log("WARN", f"Agent is disconnected but the host is still up: {who} state: Enabled", thread, context)
        self.alert(session.host, thread, context)
        self.give_up(session, "AgentDisconnected", context, thread)

    def alert(self, host: Host, thread: str, context: str) -> None:
        """What would be mailed."""
        where = "alertType:: 7 // dataCenterId:: 1 // podId:: 1 // clusterId:: null"
        text = f"Host disconnected, name: {host.name} (id:{host.uuid}), availability zone: z1, pod: p1"
        self._log.write("WARN", "o.a.c.alerts", thread, f"{where} // message:: {text}", context)
        if self.database:
            self.database.alert(text)

    def give_up(self, session: Session, event: str, context: str, thread: str = "") -> None:
        """The host leaves this server: Disconnected if its agent said so, else Alert. Its session is closed."""
        host, thread = session.host, thread or _pool()
        before, after = self.states[host.number], "Disconnected" if event == "ShutdownRequested" else "Alert"
        self.log("INFO", f"Host {host.attache(self.layout)} is disconnecting with event {event}", thread, context)
        text = f"The next status of agent {host.entity(self.layout)} is {after}, current status is {before}"
        self.log("DEBUG", text, thread, context)
        self.log("DEBUG", f"Deregistering link for {host.attache(self.layout)} with state {after}", thread, context)
        self.become(host, after, event)
        del self.sessions[host.number]
        session.close()

    def become(self, host: Host, state: str, event: str) -> None:
        """The host's state, here and in the database."""
        self.states[host.number] = state
        if self.database:
            self.database.moved(host.number, state, event)

    def fenced(self) -> None:
        """The others took this server for dead: it is as if it began anew, without any session."""
        self.log("ERROR", "Invalid cluster session found, fence it", "Cluster-Heartbeat-1")
        for session in [*self.sessions.values()]:
            del self.sessions[session.host.number]
            session.close()

    def holds(self, session: Session) -> bool:
        """Whether that is the session that the host has here."""
        return self.sessions.get(session.host.number) is session


def _database(options: argparse.Namespace, loop: asyncio.AbstractEventLoop, fenced: Callable[[], None]) -> Database:
    """The thread that writes. Its library is not there where a server runs without a database."""
    from tests.lab.agent_programs_database import Database, Identity  # noqa: PLC0415

    version = "4.19.3.0" if options.layout == "4.19" else "4.22.0.0"
    me = Identity(options.name, options.address, options.msid, version, options.gone_after)
    database = Database(options.database, me, lambda: loop.call_soon_threadsafe(fenced))
    database.start()
    return database


def _context() -> str:
    return uuid.uuid4().hex[:8]


def _handler() -> str:
    return f"AgentManager-Handler-{next(_threads) % 16 + 1}"


def _pool() -> str:
    return f"AgentTaskPool-{next(_threads) % 16 + 1}"


def main() -> None:
    """Run with the options of the command line."""
    parser = argparse.ArgumentParser(description="A management server, as CloudStack's treats its agents.")
    parser.add_argument("--port", type=int, default=PORT, help="for agents")
    parser.add_argument("--http", type=int, default=0, help="port of the user interface; 0: none")
    parser.add_argument("--cluster", type=int, default=0, help="port for the other management servers; 0: none")
    parser.add_argument("--layout", choices=LAYOUTS, default="4.20", help="of the log")
    parser.add_argument("--log", default="/var/log/cloudstack/management/management-server.log", metavar="FILE")
    parser.add_argument("--every", type=float, default=60.0, help="ping.interval (s)")
    parser.add_argument("--timeout", type=float, default=2.5, help="ping.timeout, in intervals")
    parser.add_argument("--check-health", type=float, default=100.0, help="seconds that an investigation waits")
    parser.add_argument("--stats", type=float, default=0.0, help="seconds between statistics; 0: a ping interval")
    parser.add_argument("--tick", type=float, default=0.0, help="seconds of the clock of pings; 0: a part of --every")
    parser.add_argument("--database", default="", metavar="ADDRESS", help="where the cloud's rows are; none: nowhere")
    parser.add_argument("--name", default="ms", help="the server's name, in its row")
    parser.add_argument("--address", default="", help="the server's own address, in its row")
    parser.add_argument("--msid", type=int, default=1, help="the server's number, in hosts' rows")
    parser.add_argument("--gone-after", type=float, default=150.0, help="seconds of a peer's silence until it is Down")
    asyncio.run(Server(parser.parse_args()).run())


if __name__ == "__main__":
    main()
