"""Network namespaces of a lab and the wires between them: a bridge per segment, a router, an uplink for the test.

The test process itself stays where it is; an uplink (a veth into the first segment) lets it reach every host, so that
asyncssh and HTTP clients work inside the test as well as in the `mgmt` namespace.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from tests.lab.control import LabError, Supervisor

COMMAND_DEADLINE = 30.0
UPLINK = "cslab"
POOL = ipaddress.IPv4Network("10.213.0.0/16")
ROUTER, MGMT, TEST = 1, 2, 3
PREFIX = 22
"""Of a segment: addresses are never used twice, and a lab that lives as long as the suite has hundreds of hosts."""
FIRST_HOST, FIRST_FREE, LAST = 10, 900, 1022


@dataclass(frozen=True)
class Namespace:
    """A network namespace, by the path under which nsenter(1) and ip(8) find it."""

    name: str
    path: str

    def enter(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` in this namespace; the process started is the program itself (no fork)."""
        return ["nsenter", f"--net={self.path}", "--", *argv]

    def run(self, argv: Sequence[str], text: str = "") -> str:
        """Run a command here with `text` on its standard input and return its output. Raises LabError if it fails."""
        return run(self.enter(argv), text)

    def ip(self, *commands: str) -> None:
        """Run commands of ip in one batch (man 8 ip). Raises LabError with what ip said."""
        self.run(["ip", "-batch", "-"], "".join(f"{command}\n" for command in commands))

    def nft(self, rules: str) -> None:
        """Load nftables rules. Raises LabError with what nft said."""
        self.run(["nft", "-f", "-"], rules)


def run(argv: Sequence[str], text: str = "") -> str:
    """Run a command of this machine to its end. Raises LabError with its words if it fails."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=COMMAND_DEADLINE, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: status {done.returncode}: {done.stderr.strip()}\n{text}")
    return done.stdout


@dataclass(frozen=True)
class Segment:
    """One broadcast domain: its bridge in the hub namespace and its subnet."""

    bridge: str
    network: ipaddress.IPv4Network

    def address(self, number: int) -> str:
        """The number-th address of the segment."""
        return str(self.network[number])


class Network:
    """The wires of one lab. `hub` carries two bridges, `lan` (hosts, mgmt, the test) and `far` (behind the router)."""

    def __init__(self, supervisor: Supervisor) -> None:
        made = {name: _namespace(supervisor, name) for name in ("hub", "mgmt", "router")}
        self.hub, self.mgmt, self.router = made["hub"], made["mgmt"], made["router"]
        self.hub.ip(
            "link set lo up",
            *(f"link add {bridge} type bridge" for bridge in ("lan", "far")),
            *(f"link set {bridge} up" for bridge in ("lan", "far")),
        )
        self.uplink, lan, far = self._claim_uplink()
        self.uplink_index = socket.if_nametoindex(self.uplink)
        self.lan, self.far = Segment("lan", lan), Segment("far", far)
        self._used = {"lan": FIRST_HOST, "far": FIRST_HOST, "free": FIRST_FREE}
        self._wire_fixed()

    def next_address(self, segment: Segment) -> str:
        """An address of the segment that nobody has had yet. Raises LabError when they are used up."""
        return segment.address(self._next(segment.bridge, FIRST_FREE))

    def free_address(self) -> str:
        """An address of the first segment for a machine attached by a tap. Raises LabError when they are used up."""
        return self.lan.address(self._next("free", LAST + 1))

    def _next(self, kind: str, end: int) -> int:
        """The next number of that kind. One given twice would have the wrong machine answer, and tests believe it."""
        self._used[kind] += 1
        if self._used[kind] >= end:
            raise LabError(f"all addresses of {kind!r} are used up: {end} is another's")
        return self._used[kind]

    def wire_host(self, name: str, pid: int, segment: Segment, address: str) -> None:
        """Give the host with that first process an eth0 in the segment."""
        port = f"p-{name}"
        self.hub.ip(
            f"link add {port} type veth peer name eth0 netns {pid}",
            f"link set {port} gso_max_segs 1 master {segment.bridge} up",
        )
        Namespace(name, f"/proc/{pid}/ns/net").ip(
            *_interface("eth0", address), f"route add default via {segment.address(ROUTER)}"
        )

    def gone(self) -> bool:
        """Whether the kernel has taken the wires away, which it does some time after the last process has ended."""
        return self.uplink_index not in (index for index, _ in socket.if_nameindex())

    def add_tap(self, name: str, segment: Segment | None = None) -> None:
        """Make a tap device on a segment's bridge, in the hub namespace, for a machine that brings its own kernel."""
        bridge = (segment or self.lan).bridge
        self.hub.ip(f"tuntap add dev {name} mode tap", f"link set {name} master {bridge} up")

    def remove_link(self, name: str) -> None:
        """Remove a device of the hub namespace."""
        self.hub.ip(f"link del {name}")

    def _claim_uplink(self) -> tuple[str, ipaddress.IPv4Network, ipaddress.IPv4Network]:
        """Take the first pair of subnets nobody uses; creating the uplink under its number is what makes it ours."""
        taken = _subnets_in_use()
        subnets = list(POOL.subnets(new_prefix=PREFIX))
        for number, (lan, far) in enumerate(zip(subnets[::2], subnets[1::2], strict=True)):
            if any(net.overlaps(lan) or net.overlaps(far) for net in taken):
                continue
            device = f"{UPLINK}{number}"
            try:
                self.hub.ip(f"link add p-test type veth peer name {device} netns {os.getpid()}")
            except LabError as error:
                if "File exists" not in str(error):
                    raise
                continue
            return device, lan, far
        raise LabError(f"no free subnet left in {POOL}")

    def _wire_fixed(self) -> None:
        """Connect the router, the mgmt namespace and the test process."""
        ports = [
            ("p-mgmt", "eth0", self.mgmt.path, "lan"),
            ("p-router", "lan", self.router.path, "lan"),
            ("p-far", "far", self.router.path, "far"),
        ]
        made = [f"link add {port} type veth peer name {peer} netns {path}" for port, peer, path, _ in ports]
        up = [f"link set {port} gso_max_segs 1 master {bridge} up" for port, _, _, bridge in ports]
        self.hub.ip(*made, *up, "link set p-test gso_max_segs 1 master lan up")
        self.router.ip(*_interface("lan", self.lan.address(ROUTER)), *_interface("far", self.far.address(ROUTER)))
        self.router.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"])
        default = f"route add default via {self.lan.address(ROUTER)}"
        self.mgmt.ip(*_interface("eth0", self.lan.address(MGMT)), default)
        far = f"route add {self.far.network} via {self.lan.address(ROUTER)}"
        run(["ip", "-batch", "-"], "\n".join([*_interface(self.uplink, self.lan.address(TEST))[1:], far, ""]))


def _interface(device: str, address: str) -> list[str]:
    """The ip(8) commands that bring a namespace's device up with its address."""
    return [
        "link set lo up",
        f"address add {address}/{PREFIX} dev {device}",
        f"link set {device} gso_max_segs 1 up",
    ]


def _namespace(supervisor: Supervisor, name: str) -> Namespace:
    """Have the supervisor make a namespace."""
    answer = supervisor.ask(do="namespace", name=name)
    return Namespace(name, f"/proc/{answer.pid}/fd/{answer.fields['fd']}")


def _subnets_in_use() -> list[ipaddress.IPv4Network]:
    """The IPv4 destinations in this machine's routing tables, default route left out."""
    routes = json.loads(run(["ip", "-4", "-json", "route", "show", "table", "all"]))
    return [ipaddress.IPv4Network(route["dst"], strict=False) for route in routes if route["dst"] != "default"]
