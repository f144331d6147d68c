"""Every way in which a port fails, at once on different hosts, from the exporter and from a host's vantage; all heal.

What may never be dialled is shown untouched in test_ports_harmless.py.
"""

from __future__ import annotations

import datetime as dt
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.probes import PROBES
from cs_exporter.probes.ports.port_reachability import PortReachabilityReading
from cs_exporter.probes.ports.verdicts import State
from tests.lab import faults
from tests.lab.certificates import Authority
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.listeners import Listener
from tests.lab.processes import signal_all
from tests.lab.wait import WaitedInVain, wait_until_async
from tests.live.watch import QUICK, Address, Watch

pytestmark = pytest.mark.lab

DEADLINE = 30.0
WEB, TLS, KEYSTONE, LIBVIRT = 8080, 8443, 5000, 16514

BLOCKS: dict[str, dict[str, Any]] = {
    **{name: {"ports": ["management-http"]} for name in ("refused", "dropped", "reset", "mute")},
    "expired": {"ports": ["management-https"]},
    "control": {"roles": ["controller"]},
    "kvm1": {"roles": ["hypervisor"], "secured": True},
    "kvm2": {"roles": ["hypervisor"], "secured": True},
    "locked": {"roles": ["hypervisor"]},
    "asleep": {"roles": ["hypervisor"]},
}

EXPECTED: dict[tuple[str, str, str], set[str]] = {
    ("refused", "8080", "exporter"): {"CsPortDown"},
    ("dropped", "8080", "exporter"): {"CsPortDown"},
    ("reset", "8080", "exporter"): {"CsPortDown"},
    ("mute", "8080", "exporter"): {"CsPortDown", "CsPortMute"},
    ("expired", "8443", "exporter"): {"CsPortCertificateExpires", "CsPortCertificateExpiresCritical"},
    ("control", "5000", "kvm1"): {"CsPortDown"},
    ("kvm2", "16514", "kvm2"): {"CsPortDown", "CsPortMute"},
    ("locked", "22", "exporter"): {"CsPortDown", "CsPortMute"},
}
"""(host, port, vantage) -> the symptoms it shows; control is open for the exporter and for kvm2 all the while.

And so is the SSH port of the host on which only our shell is asleep.
"""


@dataclass
class Stand:
    """Hosts with their servers, by host's name."""

    hosts: dict[str, LabHost]
    servers: dict[str, Listener] = field(default_factory=dict)
    certificates: dict[str, tuple[Path, Path]] = field(default_factory=dict)

    def serve(self, name: str, port: int, manner: str = "web_server") -> None:
        """Start a server; its certificate, if there is one of the host's name."""
        self.servers[name] = Listener(self.hosts[name], port, manner, self.certificates.get(name))
        self.servers[name].start()


@pytest.fixture
def stand(lab: Lab, tmp_path: Path) -> Iterator[Stand]:
    """A host for each fault, each with the server that its fault is about."""
    added = lab.add_hosts([HostSpec(name) for name in BLOCKS])
    made = Stand({host.name: host for host in added})
    address = made.hosts["expired"].address
    authority = Authority(tmp_path)
    made.certificates["run out"] = authority.issue("run-out", address, valid_for=-dt.timedelta(days=1))
    made.certificates["expired"] = authority.issue("expired", address)
    for name in ("refused", "dropped", "reset", "mute"):
        made.serve(name, WEB)
    made.serve("expired", TLS)
    made.serve("control", KEYSTONE)
    for name in ("kvm1", "kvm2"):
        made.serve(name, LIBVIRT, "mute")
    yield made
    for host in added:
        lab.remove_host(host)


def shown(watch: Watch) -> dict[tuple[str, str, str], set[str]]:
    """(host, port, vantage) -> its symptoms about ports."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for held in watch.red():
        if held.symptom.name.startswith("CsPort"):
            key = (held.host, held.labels["port"], held.labels["vantage"])
            found.setdefault(key, set()).add(held.symptom.name)
    return found


async def assert_shown(watch: Watch, expected: dict[tuple[str, str, str], set[str]]) -> None:
    """Wait until exactly these show their symptoms; in vain, it says who else does or does not."""

    def differing() -> list[object]:
        found = shown(watch)
        return [(key, found.get(key)) for key in {*found, *expected} if found.get(key) != expected.get(key)]

    with suppress(WaitedInVain):
        await wait_until_async(lambda: not differing(), DEADLINE)
    assert [] == differing()


def detail(watch: Watch, host: str) -> str:
    """What is said of a host's open SSH port; nothing where it is not open."""
    reading = watch.reading("port_reachability", host, PortReachabilityReading)
    results = reading.results if reading else ()
    return next((look.detail for look in results if look.row.port_name == "ssh" and look.state is State.OPEN), "")


def break_all(stand: Stand, broken: ExitStack) -> None:
    """One fault for each of EXPECTED."""
    hosts, servers = stand.hosts, stand.servers
    broken.enter_context(faults.stopped(servers["refused"]))
    broken.enter_context(faults.dropped(hosts["dropped"], WEB))
    reset = f"tcp dport {WEB} tcp flags & syn == 0 reject with tcp reset"
    broken.enter_context(faults.filtered(hosts["reset"].namespace, "input", reset))
    broken.enter_context(faults.frozen(servers["mute"]))
    broken.enter_context(faults.frozen(servers["kvm2"]))
    # Its clients are not ours: what tells is that one of them waits in vain.
    broken.enter_context(socket.create_connection((hosts["kvm2"].address, LIBVIRT)))
    broken.enter_context(faults.frozen(hosts["locked"].sshd))
    broken.enter_context(faults.login_shell(hosts["asleep"], "exec sleep 1000"))
    signal_all(hosts["asleep"].sshd.sessions(), signal.SIGKILL)
    between = f"ip saddr {hosts['kvm1'].address} tcp dport {KEYSTONE} drop"
    broken.enter_context(faults.filtered(hosts["control"].namespace, "input", between))
    renew(stand, "run out")
    broken.callback(renew, stand, "expired")


def renew(stand: Stand, name: str) -> None:
    """Give the TLS server that certificate."""
    server = stand.servers["expired"]
    server.certificate = stand.certificates[name]
    server.stop()
    server.start()


async def test_each_is_told_apart_and_heals(tmp_path: Path, lab: Lab, stand: Stand) -> None:
    """Right host, right port, right vantage, and nothing else about ports; all of it well again afterwards."""
    probes: dict[str, Any] = {spec.name: {"enabled": False, "interval": 60, "timeout": 30} for spec in PROBES}
    probes["port_reachability"] = {**QUICK["probes"]["port_reachability"], "tls_every": 1}
    watched: dict[Address, dict[str, Any]] = {stand.hosts[name]: block for name, block in BLOCKS.items()}
    async with Watch(tmp_path, lab, watched, probes=probes) as watch:
        await watch.swept()
        await assert_shown(watch, {})
        with ExitStack() as broken:
            break_all(stand, broken)
            await wait_until_async(lambda: "no hello" in detail(watch, "asleep"), DEADLINE)
            await assert_shown(watch, EXPECTED)
        await assert_shown(watch, {})
