"""A hypervisor's agent: one session with one management server at a time, a ping per interval, heartbeats in files.

`python -S -m tests.lab.agent_programs_agent --help`. As the real one it never gives up a server that is silent. SIGUSR1
makes its task of pings hang while commands are still answered, SIGUSR2 lets it go on, SIGTERM is a proper shutdown.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import socket
import threading
import time
from types import FrameType

from tests.lab.agent_programs import LAYOUTS, PORT, REQUEST, Log, Message, length, pack, unpack

STARTUP_WAIT = 180.0
STARTUPS = {
    "Routing": "StartupRoutingCommand",
    "ConsoleProxy": "StartupProxyCommand",
    "SecondaryStorageVM": "StartupSecondaryStorageCommand",
}
KNOWN = {
    "ReadyCommand": "ReadyAnswer",
    "CheckHealthCommand": "CheckHealthAnswer",
    "GetHostStatsCommand": "GetHostStatsAnswer",
}


class Link:
    """One connection to a server. Threads may send side by side."""

    def __init__(self, address: str, port: int) -> None:
        self.socket = socket.create_connection((address, port))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.closed = threading.Event()
        self._sequences = itertools.count(1)
        self._lock = threading.RLock()

    def send(self, name: str, fields: dict[str, object], answers: Message | None = None) -> None:
        """Send a command, or the answer to one. Raises OSError."""
        with self._lock:
            sequence, flags = (answers.sequence, 0) if answers else (next(self._sequences), REQUEST)
            self.socket.sendall(pack(Message(name, fields, sequence, flags)))

    def receive(self) -> Message:
        """The next message. Raises OSError at the end of the connection, ValueError for nonsense."""
        return unpack(self._read(length(self._read(4))))

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionResetError("the server closed the connection")
            data += part
        return data

    def close(self) -> None:
        """End it."""
        self.closed.set()
        self.socket.close()


class Agent:
    """What the program does, given its options."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.link: Link | None = None
        self.pinging = threading.Event()
        self.pinging.set()
        signal.signal(signal.SIGUSR1, lambda _number, _frame: self.pinging.clear())
        signal.signal(signal.SIGUSR2, lambda _number, _frame: self.pinging.set())
        signal.signal(signal.SIGTERM, self.shut_down)
        self._log = Log(options.log, options.layout)

    def log(self, level: str, message: str, thread: str = "Agent-Handler-1") -> None:
        """A line of agent.log; what is DEBUG never gets there by default."""
        self._log.write(level, "cloud.agent.Agent", thread, message)

    def shut_down(self, _number: int, _frame: FrameType | None) -> None:
        """Tell the server, and end."""
        self.log("INFO", "Stopping the agent: Reason = sig.kill")
        try:
            if self.link:
                self.link.send("ShutdownCommand", {"reason": "sig.kill"})
        finally:
            os._exit(0)

    def run(self) -> None:
        """Keep a session with one of the servers, the next in turn whenever it is lost."""
        if self.options.heartbeat:
            threading.Thread(target=self.beat, daemon=True).start()
        servers = itertools.cycle(self.options.servers)
        self.visit(next(servers))
        for server in servers:
            threading.Event().wait(self.options.backoff)
            self.log("INFO", f"Reconnecting to host: {server}")
            self.visit(server)

    def visit(self, server: str) -> None:
        """One session, until its end."""
        try:
            self.link = Link(server, self.options.port)
        except OSError:
            self.log("WARN", f"Unable to connect to remote: is there a server running on port {self.options.port}?")
            self.log("INFO", f"Attempted to re-connect to {server}, but got exception, will try again")
            return
        try:
            self.start_up(self.link)
            self.log("INFO", f"Connected to the host: {server}")
            while True:
                self.obey(self.link, self.link.receive())
        except (OSError, ValueError, LookupError):
            going_on = "Attempting reconnection while we still have 0 commands in progress."
            self.log("INFO", f"Lost connection to host: {server}. {going_on}")
        finally:
            self.link.close()

    def start_up(self, link: Link) -> None:
        """Say who we are, take what the server says, begin to ping. Raises OSError, ValueError, LookupError."""
        options = self.options
        who = {"id": options.number, "name": options.name, "type": options.kind, "privateIpAddress": options.address}
        link.send(STARTUPS[options.kind], who)
        answer = self.startup_answer(link)
        self.welcome(answer)
        every = options.every or float(str(answer.fields["pingInterval"]))
        threading.Thread(target=self.ping, args=(link, every), daemon=True).start()

    def startup_answer(self, link: Link) -> Message:
        """What the server says first. Raises OSError, also if it says nothing, and ValueError."""
        link.socket.settimeout(STARTUP_WAIT)
        try:
            return link.receive()
        except TimeoutError:
            self.log("INFO", "The startup command is now cancelled")
            raise
        finally:
            link.socket.settimeout(None)

    def welcome(self, answer: Message) -> None:
        """Note as whom the server took us. Raises LookupError."""
        number, uuid, name = (answer.fields[key] for key in ("hostId", "hostUuid", "hostName"))
        if self.options.layout == "4.19":
            who = f"agent id = {number}"
            self.log("INFO", f"Proccess agent startup answer, {who}")
        else:
            who = f"agent [id: {number}, uuid: {uuid}, name: {name}]"
            self.log("INFO", f"Process agent startup answer, {who} connected to the server")
        self.log("INFO", f"Startup Response Received: {who}")

    def ping(self, link: Link, every: float) -> None:
        """Send a ping per interval, as long as the connection takes them; answers don't matter."""
        kind = "PingRoutingCommand" if self.options.kind == "Routing" else "PingCommand"
        sent = time.time()
        while not link.closed.wait(every):
            if not self.pinging.is_set():
                continue
            # By the wall clock, and nothing but a new session mends it: a long freeze or a step forward ends all pings.
            if time.time() - sent > self.options.longest_pause:
                pause = round(self.options.longest_pause * 1000)
                self.log("ERROR", f"Ping Interval has gone past {pause}. Won't reconnect to mgt server", "UgentTask-1")
                continue
            try:
                link.send(kind, {"hostType": self.options.kind, "hostId": self.options.number})
            except OSError:
                return
            sent = time.time()

    def obey(self, link: Link, message: Message) -> None:
        """Answer a command; answers to ours are ignored. Raises OSError."""
        if message.is_request:
            link.send(KNOWN.get(message.name, "Answer"), {"result": True}, message)

    def beat(self) -> None:
        """Write the heartbeat files for ever, one pool after the other: one that hangs keeps all others waiting."""
        while True:
            for mount in self.options.heartbeat:
                self.beat_once(mount)
            threading.Event().wait(self.options.heartbeat_every)

    def beat_once(self, mount: str) -> None:
        """Try to write the file of one pool, often enough."""
        pool, tries = os.path.basename(mount), self.options.heartbeat_tries  # noqa: PTH119  # as in Log
        for attempt in range(1, tries + 1):
            try:
                self.write_heartbeat(mount)
            except OSError as error:
                text = f"Write heartbeat for pool [{pool}] failed: {error.strerror}; try: {attempt} of {tries}."
                self._log.write("WARN", "kvm.resource.KVMHAMonitor", "Thread-9", text)
                threading.Event().wait(self.options.heartbeat_every / 6)
            else:
                return

    def write_heartbeat(self, mount: str) -> None:
        """What kvmheartbeat.sh does: the file is cut off, then has the host's time in whole seconds. Raises OSError."""
        folder = f"{mount}/KVMHA"
        if not os.access(folder, os.F_OK):
            os.mkdir(folder)  # noqa: PTH102  # as in Log
        file = os.open(f"{folder}/hb-{self.options.address}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            os.write(file, f"{int(time.time())}\n".encode())
        finally:
            os.close(file)


def main() -> None:
    """Run with the options of the command line."""
    parser = argparse.ArgumentParser(description="A hypervisor's agent, as CloudStack's behaves.")
    parser.add_argument("servers", nargs="+", metavar="SERVER", help="address of a management server")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--layout", choices=LAYOUTS, default="4.20", help="of the log")
    parser.add_argument("--log", default="/var/log/cloudstack/agent/agent.log", metavar="FILE")
    parser.add_argument("--number", type=int, required=True, help="the host's id in the database")
    parser.add_argument("--name", required=True, help="the host's name")
    parser.add_argument("--address", required=True, help="the host's own private address")
    parser.add_argument("--kind", choices=STARTUPS, default="Routing")
    parser.add_argument("--every", type=float, default=0.0, help="seconds between pings; 0: as the server says")
    parser.add_argument("--backoff", type=float, default=5.0, help="seconds until it tries the next server")
    parser.add_argument("--longest-pause", type=float, default=300.0, help="seconds without a ping after which none is")
    parser.add_argument("--heartbeat", nargs="*", default=[], metavar="MOUNT", help="pools to write heartbeats to")
    parser.add_argument("--heartbeat-every", type=float, default=60.0, help="seconds between heartbeats")
    parser.add_argument("--heartbeat-tries", type=int, default=5)
    Agent(parser.parse_args()).run()


if __name__ == "__main__":
    main()
