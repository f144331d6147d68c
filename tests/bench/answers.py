"""What a healthy hypervisor, and the management server of all, answer to each section: real hosts' words, all alike.

They cost next to nothing to say, so that what is measured is what it costs the exporter to hear them.
"""

from __future__ import annotations

import json
import re
import string
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.probes.nfs.nfs_stand import FIRST, SECOND, address_of, capture

SERVER = "127.77.0.1"
"""The management server. Hypervisors follow, 250 to a /24."""

CLOUD = "10.77."
"""What the addresses by which the cloud's machines know each other begin with: a session with 127.* is one's own."""

PER_NETWORK = 250
AGENT_PORT = 8250

STORAGE = address_of("healthy")
MOUNTS = (
    {"mountpoint": FIRST, "server": STORAGE, "export": "/export/primary"},
    {"mountpoint": SECOND, "server": STORAGE, "export": "/export/primary2"},
)

UNREAD = re.compile(r"\s+(caps|events|impl_id|nfsv4|sec):|.*: 0 0 0 0 0 0 0 0( 0)?$|$")
"""Lines of mountstats that the section leaves out."""

CHRONY = """chrony
-- tracking
0A00000B,10.0.0.11,4,{now:.9f},-0.000012668,-0.000001320,0.000001087,1.683,-0.270,19.446,0.000419483,0.000211662,64.3,Normal
-- sources
^,*,10.0.0.11,3,6,377,40,-0.000001422,-0.000002742,0.000209778
^,+,10.0.0.12,3,6,377,41,0.000031422,0.000032742,0.000309778
^,+,10.0.0.13,3,6,377,39,-0.000021422,-0.000022742,0.000409778
"""

DEVICES = """1 lo 65536 1 loopback - - - - -
2 eno1 9000 1 - - - - - -
3 eno2 9000 1 - cloudbr0 - - - -
4 cloudbr0 1500 1 bridge - - - - -
5 cloud0 1500 1 bridge - - - - -
6 vxlan1001 1450 1 vxlan brvx-1001 eno1 1001 - 4789
7 brvx-1001 1450 1 bridge - - - - -
8 vnet0 1500 1 tun cloudbr0 - - - -
9 vnet1 1450 1 tun brvx-1001 - - - -
10 vnet2 1500 1 tun cloudbr0 - - - -
11 vnet3 1500 1 tun cloud0 - - - -
"""

PATH = """route [{{"dst":"{peer}","dev":"cloudbr0","prefsrc":"{own}","flags":[],"uid":1001,"cache":[]}}]
device cloudbr0 1500
84 do 0 64 bytes from {peer}: icmp_seq=1 ttl=64 time=0.225 ms
1500 do 0 1480 bytes from {peer}: icmp_seq=1 ttl=64 time=0.321 ms
"""

LOG = "at 17 4096 3281\nread 4096\n{}end\n"
LOOK = 15
"""Seconds from look to look at a log."""

NAMED = 11
CERTIFICATE = "read {}\nnotBefore=Aug  1 00:00:00 2026 GMT\nnotAfter=Aug  1 00:00:00 2036 GMT\n"


def known_as(address: str) -> str:
    """A host's address in the cloud, by the one where it lets us in."""
    return address.replace("127.77.", CLOUD)


def addresses(count: int) -> list[str]:
    """Those of so many hypervisors."""
    return [f"127.77.{1 + number // PER_NETWORK}.{1 + number % PER_NETWORK}" for number in range(count)]


@dataclass(frozen=True)
class Answer:
    """A section's output. `after`: seconds that a worker takes; None for a section that never blocks."""

    output: str
    after: float | None = None


class Simulated:
    """One host. `agents`: the addresses whose agents are in session with it; none for a hypervisor."""

    def __init__(self, address: str, agents: Sequence[str] = ()) -> None:
        self.address = address
        self._agents = agents
        self._sections: Mapping[str, Callable[[Sequence[str]], Answer]] = {
            "ntp": lambda _: Answer(CHRONY.format(now=time.time() - 20), 0.02),
            "nfs_proc": lambda _: Answer("" if agents else NFS),
            "statfs": lambda _: Answer("nfs\n", 0.01),
            "heartbeat_file": lambda _: Answer(f"{time.time() - 20:.0f}\n", 0.3),
            "agent_properties": lambda _: Answer(
                "readable\nreboot.host.and.alert.management.on.heartbeat.timeout=true\n"
            ),
            "links": lambda _: Answer(DEVICES),
            "path": lambda asked: Answer(PATH.format(peer=asked[0], own=known_as(address)), 0.03),
            "listeners": self._listeners,
            "agent_sessions": lambda _: Answer("".join(self._sessions())),
            "followed_log": lambda _: Answer(LOG.format("".join(self._logged())), 0.02),
            "certificate_dates": lambda asked: Answer("".join(map(CERTIFICATE.format, asked))),
            "block_paths": lambda _: Answer(""),
        }

    def answer(self, token: str) -> Answer | None:
        """To one section with its arguments, as a request has them; None where there is no such section."""
        name, _, *arguments = token.split(",")
        return self._sections[name](arguments) if name in self._sections else None

    def _sessions(self) -> list[str]:
        if not self._agents:
            ends = f"{known_as(self.address)}:45272 {known_as(SERVER)}:{AGENT_PORT}"
            return [
                f"ESTAB 0 0 {ends} rtt:0.54/0.378 mss:1448 bytes_acked:{int(time.time())} lastsnd:9400 lastack:9396\n"
            ]
        own = f"[::ffff:{known_as(self.address)}]:{AGENT_PORT}"
        return [f"LISTEN 0 100 *:{AGENT_PORT} *:*\n"] + [
            f"ESTAB 0 0 {own} [::ffff:{known_as(agent)}]:45272 rtt:0.577/0.324 mss:1448 lastrcv:9224\n"
            for agent in self._agents
        ]

    def _logged(self) -> list[str]:
        """Each agent pings once a minute, and is named in every eleventh look: a look has room for so many names."""
        look = int(time.time() / LOOK)
        quarter = range(1 + look % 4, len(self._agents) + 1, 4)
        if not quarter:
            return []
        pinged = string.ascii_uppercase[look % 4] + "D" * (len(quarter) - 1)
        names = [f"agent {number} - kvm{number:05}\n" for number in quarter[look // 4 % NAMED :: NAMED]]
        return ["debug\n", f"pings {len(quarter)} {pinged}\n", *names]

    def _listeners(self, asked: Sequence[str]) -> Answer:
        lines = [
            f"LISTEN 0      128    0.0.0.0:{port.removesuffix('+')} 0.0.0.0:*\n" for port in asked if port != "16509"
        ]
        lines += [f"sessions {port[:-1]} {len(self._agents)} 0\n" for port in asked if port.endswith("+")]
        return Answer("".join(lines))


def _nfs() -> str:
    """What the section shows of a captured host that is well: its mounts' statistics, and where they are mounted."""
    stats = capture("healthy", "mountstats").partition(f"device {STORAGE}:")
    info = [line for line in capture("healthy", "mountinfo").splitlines() if FIRST in line or SECOND in line]
    shown = [line for line in "".join(stats[1:]).splitlines() if not UNREAD.match(line)]
    return "".join(f"{line}\n" for line in (*shown, *info))


NFS = _nfs()


def configuration(count: int, port: int, files: Mapping[str, str], **sections: object) -> str:
    """So many hypervisors by ranges and their management server, as an operator writes it; all else is the default."""
    hosts: list[dict[str, object]] = []
    for network in range((count + PER_NETWORK - 1) // PER_NETWORK):
        first, last = network * PER_NETWORK + 1, min(count, (network + 1) * PER_NETWORK)
        address = f"127.77.{network + 1}.[1-{last - first + 1}]"
        block: dict[str, object] = {
            "name": f"kvm[{first:05}-{last:05}]",
            "address": address,
            "roles": ["hypervisor"],
            "secured": True,
        }
        block["addresses"] = {"management": known_as(address)}
        hosts.append({**block, "cloud_cluster": f"c{network}", "hypervisor": "KVM", "mounts": MOUNTS})
    # Nothing is behind the ports that the exporter would dial there.
    server = {"probes": {"port_reachability": {"enabled": False}}, "roles": ["management"]}
    hosts.append({"name": "ms1", "address": SERVER, "addresses": {"management": known_as(SERVER)}, **server})
    return json.dumps({"ssh": {"port": port, **files}, "hosts": hosts, **sections})  # JSON is YAML
