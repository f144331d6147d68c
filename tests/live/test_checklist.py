"""The checklist on real hosts: what is hidden, forbidden or revoked there is named, and its own mend mends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cs_exporter.checklist import OTHER_COLLECTOR, print_checklist
from cs_exporter.config import Config, load
from cs_exporter.daemon import collector
from cs_exporter.inventory import build_inventory
from cs_exporter.model import Expected, Host, Manner, Peer, PortRow, Traffic
from cs_exporter.probes import PROBES
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import USER, Lab
from tests.lab.mysql import MONITOR, MysqlServer

pytestmark = pytest.mark.lab

AGENT_LOG = "/var/log/cloudstack/agent/agent.log"


@pytest.fixture
def hosts(lab: Lab) -> Iterator[dict[str, LabHost]]:
    """One host that has everything, and one for each thing that may be lacking."""
    forced = f"sh {Path('/run/collector')}"
    opened = f"{lab.hosts['srv'].address}:22"
    added = lab.add_hosts(
        [
            HostSpec("whole", force_command=forced, permit_open=(opened,)),
            HostSpec("noping"),
            HostSpec("nofwd", sshd_options=("AllowTcpForwarding no",)),
            HostSpec("older", force_command=forced),
        ]
    )
    found = {host.name: host for host in added}
    found["whole"].write("/run/collector", collector().text)
    found["older"].write("/run/collector", collector().text.replace(collector().hash, "0" * 12))
    for name in found.keys() - {"noping"}:
        found[name].write(AGENT_LOG, "")
    yield found
    for host in added:
        lab.remove_host(host)


@contextmanager
def hidden(host: LabHost, program: str) -> Iterator[None]:
    """A host on which a program is not there."""
    path = host.run(["readlink", "-f", f"/usr/bin/{program}"], check=True).stdout.strip()
    host.run(["mount", "--bind", "/dev/null", path], check=True)
    try:
        yield
    finally:
        host.run(["umount", path], check=True)


def configuration(folder: Path, lab: Lab, blocks: Sequence[dict[str, Any]]) -> tuple[Config, list[Host]]:
    """The hosts of these blocks, logged in to as the lab wants it."""
    ssh = {"user": USER, "key_file": str(lab.client_key_file), "known_hosts": str(lab.known_hosts_file)}
    file = folder / "cs_exporter.yml"
    file.write_text(json.dumps({"ssh": ssh, "hosts": blocks}), encoding="utf-8")
    config = load(file)
    return config, list(build_inventory(config))


def connecting(host: Host, far: str) -> Host:
    """The host with a peer, and a port that it is asked to connect to."""
    port = PortRow("srv", far, 22, "ssh", 5, Expected.OPEN, Manner.CONNECT, tunnelled=True)
    return replace(host, peers=(Peer("srv", far, Traffic.STORAGE),), ports=(port,))


async def said(config: Config, hosts: Sequence[Host]) -> list[str]:
    """All lines of the checklist."""
    lines: list[str] = []
    good = await print_checklist(config, hosts, PROBES, lines.append)
    assert good is (f"{len(hosts)} of {len(hosts)} hosts OK" in lines[-1])
    return lines


def of_host(lines: Sequence[str], name: str) -> list[str]:
    """What the lines say of one host, its mends left out."""
    return [line.removeprefix(f"{name}: ") for line in lines if line.startswith(f"{name}: ")]


async def test_what_hosts_lack(tmp_path: Path, lab: Lab, hosts: dict[str, LabHost]) -> None:
    """What is hidden or forbidden is named with its mend, what is there is not; nothing stays behind."""
    blocks = [
        {
            "name": host.name,
            "address": host.address,
            "roles": ["hypervisor"],
            "ssh": {"mode": "forced" if host.spec.force_command else "streamed"},
        }
        for host in hosts.values()
    ]
    config, watched = configuration(tmp_path, lab, blocks)
    with hidden(hosts["noping"], "ping"):
        lines = await said(config, [connecting(host, lab.hosts["srv"].address) for host in watched])
    assert ["OK"] == of_host(lines, "whole"), lines
    assert {"lacks: ping", "lacks: agent log"} <= {*of_host(lines, "noping")}, lines
    assert {"lacks: ping", "lacks: ping -M probe or Python", "lacks: agent log"} >= {*of_host(lines, "noping")}, lines
    assert ["lacks: forwarding"] == of_host(lines, "nofwd"), lines
    assert f"lacks: {OTHER_COLLECTOR.what}" == of_host(lines, "older")[0], lines
    assert "1 of 4 hosts OK, 3 lack something, 0 did not answer everything" == lines[-1]
    assert all(not [line for line in host.processes() if "cs_exporter" in line] for host in hosts.values())


async def test_what_a_database_account_lacks(tmp_path: Path, lab: Lab, mariadb: MysqlServer) -> None:
    """Right after the login, by the server's own list; the statement that is told mends it as it stands."""
    block = {
        "name": "db",
        "address": mariadb.address,
        "roles": ["database"],
        "mysql": {"password_file": str(mariadb.password_file)},
    }
    config, watched = configuration(tmp_path, lab, [block])
    assert ["OK"] == of_host(await said(config, watched), "db")
    mariadb.sql(f"REVOKE PROCESS, SLAVE MONITOR ON *.* FROM {MONITOR}@'%'")
    try:
        lines = await said(config, watched)
        assert ["lacks: process grant", "lacks: replication grant"] == of_host(lines, "db")
        for line in lines:
            if line.startswith("    mend: "):
                mariadb.sql(line.removeprefix("    mend: "))
        assert ["OK"] == of_host(await said(config, watched), "db")
    finally:
        for grant in mariadb.grants:
            mariadb.sql(f"GRANT {grant} TO '{MONITOR}'@'%'")
    (tmp_path / "wrong").write_text("not this\n", encoding="utf-8")
    config, watched = configuration(tmp_path, lab, [{**block, "mysql": {"password_file": str(tmp_path / "wrong")}}])
    (lacking,) = of_host(await said(config, watched), "db")
    assert lacking.startswith("lacks: database account (")
