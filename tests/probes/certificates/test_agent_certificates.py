"""The probe agent_certificates: real certificates on real hosts, read by the account through the real collector."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from cs_exporter.model import Host, Place, Role, SshTarget
from cs_exporter.parsers.certificates import FileState
from cs_exporter.ports import Counters
from cs_exporter.probes.certificates.agent_certificates import (
    SECTION,
    SPEC,
    AgentCertificatesReading,
    AgentCertificatesSettings,
    applies,
    probe,
)
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.pool import Pace, Shells
from tests import world
from tests.lab.certificates import Authority
from tests.lab.host import LabHost
from tests.lab.lab import USER, Lab

CRT, PEM = "/etc/cloudstack/agent/cloud.crt", "/etc/pki/libvirt/servercert.pem"
DAY = 86400.0


@pytest.fixture
async def shells() -> AsyncIterator[Shells]:
    """Real sessions with the probe's section; ended with the test."""
    made = Shells(assemble((SECTION,)), Pace(4, 20.0, 1.0), time, Counters())
    yield made
    await made.close()


def shown(reading: AgentCertificatesReading) -> Mapping[str, list[tuple[tuple[str, ...], float]]]:
    """Metric -> its samples; metrics without any are left out."""
    found = {metric.name: [(one.labels, one.value) for one in metric.read(reading)] for metric in SPEC.metrics}
    return {name: samples for name, samples in found.items() if samples}


async def look(lab: Lab, shells: Shells, machine: LabHost, *files: str) -> AgentCertificatesReading:
    """One run on that host."""
    ssh = SshTarget(user=USER, key_file=str(lab.client_key_file), known_hosts=str(lab.known_hosts_file))
    host = Host(machine.name, machine.address, ssh=ssh)
    settings = AgentCertificatesSettings(files=files) if files else AgentCertificatesSettings()
    return await probe(host, world.io(shell=shells.of(host)), settings)


@pytest.mark.lab
@pytest.mark.parametrize("name", ["h1", "h3", "h4"], ids=["dash", "busybox", "bash"])
async def test_a_secured_host(lab: Lab, shells: Shells, tmp_path: Path, name: str) -> None:
    """The certificate's own end; libvirt's, a link to the same file, too."""
    machine = lab.hosts[name]
    certificate, _ = Authority(tmp_path).issue("kvm1", machine.address, valid_for=dt.timedelta(days=10))
    machine.write(CRT, certificate.read_text("ascii"))
    machine.run(f"mkdir -p {Path(PEM).parent} && ln -sf {CRT} {PEM}", check=True)
    try:
        ends = shown(await look(lab, shells, machine))
    finally:
        machine.run(f"rm -f {CRT} {PEM}", check=True)
    assert ["cs_certificate_not_after_timestamp_seconds"] == list(ends)
    found = dict(ends["cs_certificate_not_after_timestamp_seconds"])
    assert dict.fromkeys([(CRT,), (PEM,)], pytest.approx(time.time() + 10 * DAY, abs=DAY)) == found


@pytest.mark.lab
async def test_what_cannot_be_read_is_said(lab: Lab, shells: Shells, tmp_path: Path) -> None:
    """A closed file, a closed folder and a file without a certificate; one that is not there is no finding."""
    machine = lab.hosts["h1"]
    certificate, _ = Authority(tmp_path).issue("kvm1", machine.address)
    files = ("/etc/crt/closed.crt", "/etc/crt/shut/in.crt", "/etc/crt/strange.crt", "/etc/crt/none.crt")
    for file in files[:2]:
        machine.write(file, certificate.read_text("ascii"))
    machine.write(files[2], "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    machine.run("chmod 600 /etc/crt/closed.crt; chmod 700 /etc/crt/shut", check=True)
    try:
        reading = await look(lab, shells, machine, *files)
    finally:
        machine.run("rm -rf /etc/crt", check=True)
    states = [FileState.UNREADABLE, FileState.UNREADABLE, FileState.STRANGE, FileState.MISSING]
    assert states == [one.state for one in reading.files]
    told = [((file, str(state)), 1.0) for file, state in zip(files[:3], states, strict=False)]
    assert {"cs_certificate_unreadable": told} == shown(reading)


def test_who_is_asked() -> None:
    """Hypervisors with an agent of their own; unknown may be one."""
    kinds = {
        kind: applies(Host("h", "192.0.2.1", roles=frozenset({Role.HYPERVISOR}), place=Place(hypervisor=kind)))
        for kind in ("", "KVM", "VMware")
    }
    assert {"": True, "KVM": True, "VMware": False} == kinds
    assert not applies(Host("ms1", "192.0.2.1", roles=frozenset({Role.MANAGEMENT})))


@pytest.mark.parametrize("file", ["cloud.crt", "/etc/a b.crt", "/etc/a\n.crt"])
def test_paths_that_are_none(file: str) -> None:
    """They travel in one line of the collector's request."""
    with pytest.raises(ValidationError):
        AgentCertificatesSettings(files=(file,))
