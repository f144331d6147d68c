"""Every way in which a clock goes wrong, at once on different hosts, seen by the daemon's symptoms; and all heal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.lab import faults
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.ntp import Chronyd
from tests.lab.wait import wait_until_async
from tests.live.watch import INTERVAL, Address, Watch

pytestmark = pytest.mark.lab

SERVER = "time1"
DEADLINE = 20.0

EXPECTED: dict[str, set[str]] = {
    "well": set(),
    "ahead": {"CsClockSkew", "CsClockSkewFromFleet"},
    "offset": {"CsClockOffset", "CsClockOffsetCritical", "CsClockErrorBound"},
    "lost": {"CsClockNotSynchronised"},
    "never": {"CsClockNotSynchronised"},
    "stopped": {"CsClockNotSynchronised", "CsClockNoClient"},
    "mute": {"CsClockClientMute"},
}
"""Host, named by its fault -> the symptoms it shows."""


@pytest.fixture
def hosts(lab: Lab) -> Iterator[dict[str, LabHost]]:
    """A host for each fault, all following the lab's clock, and a time server that can be taken away."""
    specs = [HostSpec(name, fake_clock=name == "ahead") for name in (*EXPECTED, SERVER)]
    added = {host.name: host for host in lab.add_hosts(specs)}
    Chronyd(added[SERVER]).serve()
    for name in EXPECTED:
        Chronyd(added[name]).follow(_server(lab, added, name))
    yield added
    for host in added.values():
        lab.remove_host(host)


def _server(lab: Lab, hosts: dict[str, LabHost], name: str) -> str:
    """The address of the server that a host follows while it is well."""
    return (hosts[SERVER] if name == "lost" else lab.hosts["srv"]).address


def _clocks(watch: Watch) -> dict[str, set[str]]:
    """Host -> its symptoms about clocks."""
    red = [(host, name) for host, name in watch.red_names() if name.startswith("CsClock")]
    return {host: {name for other, name in red if other == host} for host in EXPECTED}


async def test_each_is_told_apart_and_heals(tmp_path: Path, lab: Lab, hosts: dict[str, LabHost]) -> None:
    """Wrong by 2 s for its client or for us, servers lost, never reached, client gone or frozen: no two look alike."""
    probes = {"time_drift": {"interval": INTERVAL, "section_limit": 1}}
    watched: dict[Address, dict[str, Any]] = {hosts[name]: {} for name in EXPECTED}
    async with Watch(tmp_path, lab, watched, probes=probes) as watch:
        await watch.swept()
        well = {name: set[str]() for name in EXPECTED}
        await wait_until_async(lambda: well == _clocks(watch), DEADLINE, "all clocks to be well")
        clocks = {name: Chronyd(hosts[name]) for name in EXPECTED}
        with ExitStack() as broken:
            broken.enter_context(faults.clock_wrong(hosts["ahead"], 2.5))
            broken.enter_context(faults.frozen(Chronyd(hosts[SERVER])))
            broken.enter_context(faults.frozen(clocks["mute"]))
            clocks["offset"].follow(lab.hosts["srv"].address, offset_s=2.0)
            clocks["never"].never_synchronised()
            clocks["stopped"].stop()
            await wait_until_async(lambda: EXPECTED == _clocks(watch), DEADLINE, "each clock to show its fault")
        for name in ("offset", "never", "stopped"):
            clocks[name].follow(lab.hosts["srv"].address)
        await wait_until_async(lambda: well == _clocks(watch), DEADLINE, "all clocks to be well again")
