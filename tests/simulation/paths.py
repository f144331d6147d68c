"""What a host's `ping` makes of the paths to its peers, each of which loses a packet now and then; and its devices.

A round is played as the collector's script plays it (probes/paths/ladder.py), as far as paths go that carry all sizes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from tests.simulation.carrier import Said

LOSSES = (0.001, 0.002, 0.005, 0.01)
"""Share of packets that a path loses, each path one of these."""

_SMALL = 84
_DEVICES = {"10.0": ("cloudbr0", 1500), "10.1": ("eth1", 9000), "10.2": ("eth1", 9000)}

LINKS = """1 lo 65536 1 loopback - - - - -
2 eth0 1500 1 - cloudbr0 - - - -
3 eth1 9000 1 - - - - - -
4 cloudbr0 1500 1 bridge - - - - -
5 vxlan1001 8950 1 vxlan brvx-1001 eth1 1001 - 4789
6 brvx-1001 8950 1 bridge - - - - -
7 vnet0 1450 1 tun brvx-1001 - - - -
8 vnet1 1500 1 tun cloudbr0 - - - -
"""


@dataclass
class Paths:
    """A host's paths. `round_trip` in seconds."""

    rng: Random
    round_trip: float

    def says(self, arguments: tuple[str, ...]) -> Said:
        """One round of packets to one peer."""
        address, *_ = arguments
        device, mtu = _DEVICES[address[:4]]
        route = json.dumps([{"dst": address, "dev": device, "prefsrc": "10.0.0.1", "flags": []}], separators=(",", ":"))
        passed: list[int] = []
        lines: list[str] = []
        rounds = self._round(address, (_SMALL, mtu), passed, lines)
        if not passed:
            rounds += self._round(address, (_SMALL,), passed, lines)
        if passed and max(passed) < mtu:
            rounds += self._round(address, (mtu, 1280, _SMALL + 1), passed, lines)
        return Said(f"route {route}\ndevice {device} {mtu}\n{''.join(lines)}", 0, round(rounds, 3))

    def _round(self, address: str, sizes: tuple[int, ...], passed: list[int], lines: list[str]) -> float:
        """Packets at once; seconds that they take."""
        loss, longest = self.rng.choice(LOSSES), 0.0
        for size in sizes:
            if self.rng.random() < loss:
                lines.append(f"{size} do 1 \n")
                longest = 1.0
                continue
            trip = (self.round_trip + 1e-4) * self.rng.lognormvariate(0, 0.15)
            passed.append(size)
            lines.append(f"{size} do 0 {size - 20} bytes from {address}: icmp_seq=1 ttl=64 time={trip * 1000:.3f} ms\n")
        return longest + self.round_trip + 0.02
