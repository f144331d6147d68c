"""The two programs by their words: on the wire, as a plain client or server meets them, and in logs of both layouts."""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.lab.agent_options import Kind, Layout
from tests.lab.agent_programs import FROM_SERVER, PORT, REQUEST, Message, length, pack, unpack
from tests.lab.agents import Agent, ManagementServer, running
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.netns import TEST
from tests.lab.wait import wait_until

pytestmark = pytest.mark.lab

EVERY = 0.2
DEADLINE = 15.0
NUMBER = 4

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ATTACHE = rf'AgentAttache \{{"_id":{NUMBER},"_name":"words-kvm","_uuid":"{UUID}"\}}'
HANDLER = r"\(AgentManager-Handler-\d+:{}\) \(logid:\)"
OLD = rf"{STAMP} DEBUG \[c\.c\.a\.m\.AgentManagerImpl\] {HANDLER.format('null')} Ping from "
NEW = rf"{STAMP} DEBUG \[c\.c\.a\.m\.ClusteredAgentManagerImpl\] {HANDLER.format(re.escape('[]'))} Ping from "

PINGS: dict[tuple[Layout, Kind], str] = {
    ("4.19", "Routing"): rf"{OLD}Routing host {NUMBER}\(words-kvm\)",
    ("4.19", "ConsoleProxy"): rf"{OLD}{NUMBER}\(words-kvm\)",
    ("4.20", "Routing"): rf"{NEW}Routing host {ATTACHE}",
    ("4.20", "SecondaryStorageVM"): rf"{NEW}{ATTACHE}",
}
ANY = re.compile(rf"({STAMP}) (DEBUG|INFO |WARN |ERROR) \[([^\]]+)\] \((\S+):(\S+)\) \(logid:([0-9a-f]*)\) (\S.*)")
CONTEXTS = {"4.19": r"null|ctx-[0-9a-f]{8}", "4.20": r"\[\]|\[ctx-[0-9a-f]{8}\]"}


@pytest.fixture
def hosts(lab: Lab) -> Iterator[tuple[LabHost, LabHost]]:
    """A server's host and a hypervisor."""
    server, kvm = lab.add_hosts([HostSpec("words-ms"), HostSpec("words-kvm")])
    yield server, kvm
    for host in (server, kvm):
        lab.remove_host(host)


@dataclass(frozen=True)
class Here:
    """This test's own end of the lab's uplink, as an agent's server."""

    name: str
    address: str


class Peer:
    """A connection on 8250 in the hands of a test."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.settimeout(DEADLINE)

    def send(self, name: str, fields: dict[str, object], sequence: int = 1, flags: int = REQUEST) -> None:
        """Say something."""
        self.connection.sendall(pack(Message(name, fields, sequence, flags)))

    def read(self, size: int) -> bytes:
        """So many bytes; fewer at the end of the connection."""
        data = b""
        while len(data) < size and (part := self.connection.recv(size - len(data))):
            data += part
        return data

    def hear(self) -> Message:
        """The next message."""
        return unpack(self.read(length(self.read(4))))


def startup(name: str = "words-kvm") -> dict[str, object]:
    """What an agent says of its host."""
    return {"id": NUMBER, "name": name, "type": "Routing", "privateIpAddress": "192.0.2.4"}


def test_an_agent_on_the_wire(lab: Lab, hosts: tuple[LabHost, LabHost]) -> None:
    """It says who it is in CloudStack's frame, then pings once per interval that the server named, answered or not."""
    here = Here("here", lab.network.lan.address(TEST))
    with socket.create_server((here.address, PORT)) as listening, running(Agent(hosts[1], [here], number=NUMBER)):
        listening.settimeout(DEADLINE)
        with listening.accept()[0] as connection:
            peer = Peer(connection)
            (size,) = struct.unpack(">I", peer.read(4))
            version, flags, sequence, body, _, agent, _ = struct.unpack(">BxHqIqqq", peer.read(40))
            assert (0, REQUEST, 1, size - 40, -1) == (version, flags, sequence, body, agent)
            ((name, fields),) = json.loads(peer.read(body))[0].items()
            assert ("com.cloud.agent.api.StartupRoutingCommand", hosts[1].address) == (name, fields["privateIpAddress"])
            answer = {"hostId": NUMBER, "hostUuid": "u", "hostName": "n", "pingInterval": EVERY}
            peer.send("StartupAnswer", answer, sequence, FROM_SERVER)
            began = time.monotonic()
            for number in range(1, 6):
                message = peer.hear()
                assert ("PingRoutingCommand", NUMBER) == (message.name, message.fields["hostId"])
                assert time.monotonic() - began > number * EVERY * 0.9
            peer.send("CheckHealthCommand", {}, 77, REQUEST | FROM_SERVER)
            answers = (message for message in iter(peer.hear, None) if not message.is_request)
            assert ("CheckHealthAnswer", 77) == next(answers)[0:3:2]


def test_a_server_on_the_wire(hosts: tuple[LabHost, LabHost]) -> None:
    """It answers a startup with the host's id and the interval, a ping as such, and throws away what comes before."""
    server = ManagementServer(hosts[0], every=EVERY)
    with running(server):
        with socket.create_connection((hosts[0].address, PORT)) as connection:
            peer = Peer(connection)
            peer.send("PingRoutingCommand", {})
            assert b"" == peer.read(1)
        with socket.create_connection((hosts[0].address, PORT)) as connection:
            peer = Peer(connection)
            peer.send("StartupRoutingCommand", startup(), 11)
            first, ready = peer.hear(), peer.hear()
            assert ("StartupAnswer", 11, NUMBER, EVERY) == (
                first.name,
                first.sequence,
                first.fields["hostId"],
                first.fields["pingInterval"],
            )
            peer.send("PingRoutingCommand", {"hostId": NUMBER}, 12)
            assert ("ReadyCommand", True) == (ready.name, ready.is_request)
            assert ("PingAnswer", 12) == peer.hear()[0:3:2]
    assert "Throwing away a request because it came through as the first command on a connect" in server.log()


@pytest.mark.parametrize(("layout", "kind"), PINGS)
def test_lines(hosts: tuple[LabHost, LabHost], layout: Layout, kind: Kind) -> None:
    """A line per ping, in the layout's words; all other lines have the layout's shape, the agent's are not DEBUG."""
    server = ManagementServer(hosts[0], layout=layout, every=EVERY)
    agent = Agent(hosts[1], [hosts[0]], layout=layout, kind=kind, number=NUMBER)
    line = re.compile(PINGS[layout, kind])
    with running(server, agent):
        wait_until(lambda: sum(map(bool, map(line.fullmatch, server.log().splitlines()))) > 2, DEADLINE, line.pattern)
        agent.shut_down()
        wait_until(lambda: "shutting down with reason sig.kill" in server.log(), DEADLINE)
    for text in (*server.log().splitlines(), *agent.log().splitlines()):
        match = ANY.fullmatch(text)
        assert match, text
        assert re.fullmatch(CONTEXTS[layout], match[5]), text
        assert match[6] == "".join(re.findall("[0-9a-f]{8}", match[5])), text
    assert f"Connected to the host: {hosts[0].address}" in agent.log()
    assert "DEBUG" not in agent.log()
    assert "is Disconnected, current status is Up" in server.log()


def test_the_other_ports(hosts: tuple[LabHost, LabHost]) -> None:
    """The user interface answers where it is and nowhere else; the port for other servers takes connections."""
    with running(ManagementServer(hosts[0], http=8080, cluster=9090)):
        statuses = []
        for path in ("/client/", "/"):
            connection = http.client.HTTPConnection(hosts[0].address, 8080, timeout=DEADLINE)
            connection.request("GET", path)
            statuses.append(connection.getresponse().status)
            connection.close()
        assert [200, 404] == statuses
        socket.create_connection((hosts[0].address, 9090), DEADLINE).close()
