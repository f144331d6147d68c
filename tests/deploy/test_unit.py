"""The systemd unit: without a mistake, as closed as promised; and on a machine that systemd runs, the real thing."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from os import kill
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.machine import UNIT, Machine
from tests.lab.hang_mount import hang_mount
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import USER, Lab
from tests.lab.ntp import Chronyd
from tests.lab.wait import wait_until
from tests.live.watch import QUICK

EXPOSURE = 2.0
"""The highest that systemd-analyze may find; of 10, where lower is better."""

NAME = "cs-exporter.service"
HERE = "monitor"
FILE = "/etc/cs_exporter/cs_exporter.yml"
SECRETS = "/etc/cs_exporter/credentials"
LOG = "/run/cs-exporter.log"
_WORKS = re.compile(r'^cs_probe_success\{host="(\w+)",probe="(\w+)"\} 1\.0$', re.MULTILINE)
# What an operator would put there by `systemctl edit`: nothing but the log's place and more haste.
EDITS = f"""[Service]
StandardOutput=append:{LOG}
StandardError=append:{LOG}
WatchdogSec=6
TimeoutStopSec=5
RestartSec=1
"""


OF_HYPERVISORS = (
    *("time_drift", "path_mtu", "port_reachability", "agent_heartbeat"),
    *("block_storage", "agent_certificates"),
)
"""Probes of hypervisors that have neither mounts nor an agent's log."""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.debian
def test_the_unit_is_without_mistake(tmp_path: Path) -> None:
    """Every key and value is known to systemd; and it would say so of one that is not."""
    file = tmp_path / NAME
    for text, complaint in ((UNIT.read_text(), ""), (UNIT.read_text() + "[Service]\nProtectAll=yes\n", "ProtectAll")):
        file.write_text(text.replace("/opt/cs_exporter/bin/cs-exporter", "/bin/true"))
        done = analyze("verify", "--man=no", str(file))
        assert complaint in done.stdout + done.stderr
        assert bool(complaint) == bool(done.stdout + done.stderr)


@pytest.mark.debian
def test_everything_is_closed_that_can_be() -> None:
    """The exposure that systemd works out stays below what was promised."""
    done = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found.group(1)) <= EXPOSURE, done.stdout


def configuration(lab: Lab, *names: str) -> str:
    """A configuration of the machine itself and of these hosts of the lab, with the paths of the README."""
    roles = {"srv": ["storage"]}
    blocks: list[dict[str, Any]] = [
        {"name": name, "address": lab.hosts[name].address, "roles": roles.get(name, ["hypervisor"])}
        for name in (HERE, *names)
    ]
    blocks[0]["connection"] = "local"
    text = {
        **QUICK,
        "ssh": {"user": USER, "key_file": "credentials/id_ed25519", "known_hosts": "known_hosts"},
        "hosts": blocks,
    }
    return json.dumps(text)


@pytest.fixture(scope="module")
def host(lab: Lab) -> Iterator[LabHost]:
    """The lab host whose network the machine gets, and whose NTP client is the machine's."""
    (made,) = lab.add_hosts([HostSpec(HERE)])
    Chronyd(made).follow(lab.hosts["srv"].address)
    yield made
    lab.remove_host(made)


@pytest.fixture(scope="module")
def machine(lab: Lab, host: LabHost) -> Iterator[Machine]:
    """A machine with the unit installed as the README says, and not started."""
    made = Machine(host)
    try:
        made.write(f"/etc/systemd/system/{NAME}", UNIT.read_text())
        made.write(f"/etc/systemd/system/{NAME}.d/override.conf", EDITS)
        made.write(f"{SECRETS}/id_ed25519", lab.client_key_file.read_text(), 0o600)
        made.write(f"{SECRETS}/mysql_password", "secret\n", 0o600)
        made.path(SECRETS).chmod(0o700)
        made.write("/etc/cs_exporter/known_hosts", lab.known_hosts_file.read_text())
        made.run("systemctl", "daemon-reload", check=True)
        yield made
    finally:
        made.close()


@pytest.fixture
def service(machine: Machine, lab: Lab) -> Iterator[Machine]:
    """The service runs, and asks h1 and srv besides its own machine."""
    machine.write(FILE, configuration(lab, "h1", "srv"))
    machine.write(LOG, "")
    machine.run("systemctl", "reset-failed", NAME)
    done = machine.run("systemctl", "start", NAME)
    assert 0 == done.returncode, machine.path(LOG).read_text() + done.stderr
    yield machine
    machine.run("systemctl", "stop", NAME)


def page(host: LabHost, path: str) -> str:
    """A page of the exporter, asked for over the network."""
    with urllib.request.urlopen(f"http://{host.address}:10595/{path}", timeout=5) as answer:
        return str(answer.read().decode())


def status(folder: Path) -> dict[str, str]:
    """A process's own account of itself (/proc/PID/status)."""
    return {key: value.strip() for key, _, value in (line.partition(":") for line in _lines(folder / "status"))}


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


@pytest.mark.lab
def test_it_runs_as_nobody_in_particular(service: Machine) -> None:
    """No root, no capability, filtered calls; systemd knows how it fares; secrets are there, and are nobody else's."""
    assert ["active", "running"] == service.show(NAME, "ActiveState", "SubState")
    wait_until(lambda: ["3 hosts, 0 with failing runs"] == service.show(NAME, "StatusText"), 30, "the status line")
    process = service.process(NAME)
    about = status(process)
    uid = about["Uid"].split()[0]
    assert int(uid) >= 61184  # the first of systemd's dynamic users
    assert ("0000000000000000", "1", "2") == (about["CapBnd"], about["NoNewPrivs"], about["Seccomp"])
    assert ["0", "0"] == next(line.split()[4:6] for line in _lines(process / "limits") if "core file" in line)
    for name in ("id_ed25519", "mysql_password"):
        seen = (process / "root" / SECRETS.lstrip("/") / name).stat()
        assert (int(uid), 0o400) == (seen.st_uid, seen.st_mode & 0o777)
        assert 0 == service.path(f"{SECRETS}/{name}").stat().st_uid
    table = [line.split() for line in _lines(process / "mountinfo")]
    writable = {fields[4] for fields in table if "rw" in fields[5].split(",")}
    assert {"/tmp", "/var/tmp"} <= writable  # noqa: S108 (its own ones)
    assert not {"/", "/usr", "/sys", "/opt/cs_exporter/python", SECRETS} & writable


@pytest.mark.lab
def test_what_survives_is_its_own(service: Machine) -> None:
    """It runs with a folder that it may write to and nobody else may read, and the folder outlives it."""
    folder = service.path("/var/lib/private/cs-exporter")
    uid = int(status(service.process(NAME))["Uid"].split()[0])
    assert (uid, 0o700) == (folder.stat().st_uid, folder.stat().st_mode & 0o777)
    argv = (service.process(NAME) / "cmdline").read_bytes().split(b"\0")
    assert b"--storage.path=/var/lib/cs-exporter" in argv
    table = [line.split() for line in _lines(service.process(NAME) / "mountinfo")]
    assert any("rw" in fields[5].split(",") for fields in table if fields[4].endswith("/cs-exporter"))
    assert 0 == service.run("systemctl", "stop", NAME).returncode
    assert folder.exists()


@pytest.mark.lab
@pytest.mark.usefixtures("nfs_server")
def test_the_sandbox_lets_every_probe_work(service: Machine, host: LabHost) -> None:
    """Nothing fails that is asked of the machine itself, of a host over SSH, or of a server from here."""
    wait_until(lambda: "cs_first_sweep_done 1.0" in page(host, "metrics"), 30, "the first sweep")
    everything = {
        *((name, probe) for name in (HERE, "h1") for probe in OF_HYPERVISORS),
        *(("srv", probe) for probe in ("time_drift", "nfs_server", "port_reachability")),
    }
    wait_until(lambda: everything == set(_WORKS.findall(page(host, "metrics"))), 30, "all to work")
    body = page(host, "metrics")
    assert f'cs_clock_source_info{{host="{HERE}",source="chrony"}} 1.0' in body
    assert 'cs_nfs_server_up{host="srv",program="nfs",version="4"} 1.0' in body
    assert f'cs_path_mtu_blackhole{{host="{HERE}"' not in body
    assert f'cs_path_loss_ratio{{host="{HERE}"' in body
    said = service.path(LOG).read_text()
    assert "Traceback" not in said
    assert "Operation not permitted" not in said


@pytest.mark.lab
def test_reload(service: Machine, lab: Lab, host: LabHost) -> None:
    """A changed file is taken in by the process that runs; one with a mistake is refused with its line."""
    before = service.show(NAME, "MainPID")
    service.write(FILE, configuration(lab, "h1", "srv", "h2"))
    assert 0 == service.run("systemctl", "reload", NAME).returncode
    wait_until(lambda: '"h2"' in page(host, "sd"), 20, "the new host")
    service.write(FILE, "hots: []")
    assert 0 != service.run("systemctl", "reload", NAME).returncode
    assert "hots: unknown key" in service.path(LOG).read_text()
    assert [*before, "active"] == service.show(NAME, "MainPID", "ActiveState")
    assert "cs_config_last_reload_successful 1.0" in page(host, "metrics")


@pytest.mark.lab
@pytest.mark.heavy
def test_a_frozen_exporter_is_restarted(service: Machine, host: LabHost) -> None:
    """Its kernel still accepts, but the watchdog gets no answer: a new process asks on; the log has the last stand."""
    before = service.process(NAME)
    kill(int(before.name), signal.SIGSTOP)
    wait_until(lambda: not before.exists(), 40, "the frozen process to be gone")
    wait_until(lambda: ["active"] == service.show(NAME, "ActiveState"), 40, "the service to be back")
    assert "cs_first_sweep_done" in page(host, "metrics")
    assert ["1"] == service.show(NAME, "NRestarts")
    assert "Fatal Python error: Aborted" in service.path(LOG).read_text()


@pytest.mark.lab
def test_it_stops_in_order_and_leaves_nothing(service: Machine) -> None:
    """Successful, well within the time that systemd allows; no process, no user, no copy of a secret is left."""
    uid = status(service.process(NAME))["Uid"].split()[0]
    assert 0 == service.run("systemctl", "stop", NAME).returncode
    assert ["inactive", "success"] == service.show(NAME, "ActiveState", "Result")
    assert "" == service.run("ps", "-o", "args=", "-u", uid).stdout
    assert not service.path(f"/run/credentials/{NAME}").exists()
    assert [] == list(service.path(SECRETS).parent.glob("*.log"))


@pytest.mark.lab
def test_a_hung_mount_holds_nothing_up(machine: Machine, lab: Lab, host: LabHost) -> None:
    """The sandbox is built although a file server of this machine is dead; inside, its mount looks read-only."""
    machine.write(FILE, configuration(lab, "h1"))
    machine.write(LOG, "")
    with hang_mount(machine) as mount:
        mount.hang()
        assert 0 == machine.run("systemctl", "start", NAME).returncode, machine.path(LOG).read_text()
        wait_until(lambda: "cs_first_sweep_done 1.0" in page(host, "metrics"), 30, "the first sweep")
        table = [line.split() for line in _lines(machine.process(NAME) / "mountinfo")]
        assert ["ro"] == [fields[5].split(",")[0] for fields in table if fields[4] == mount.mount_point]
        assert 0 == machine.run("systemctl", "stop", NAME).returncode


HOLDER = "import socket, time; held = socket.create_server(('', 10595)); print('held', flush=True); time.sleep(600)"


@pytest.mark.lab
def test_an_address_that_is_in_use_is_tried_again(machine: Machine, lab: Lab, host: LabHost) -> None:
    """Until it can be had, however long that takes: nobody has to come and start the exporter."""
    machine.write(FILE, configuration(lab, "h1"))
    machine.write(LOG, "")
    holder = host.spawn([sys.executable, "-c", HOLDER], "holder")
    try:
        wait_until(lambda: "held" in holder.log.read_text(), 15, "the address to be taken")
        assert 0 == machine.run("systemctl", "start", "--no-block", NAME).returncode
        wait_until(lambda: int(machine.show(NAME, "NRestarts")[0]) >= 2, 60, "attempts")
        assert ":10595' is in use" in machine.path(LOG).read_text()
    finally:
        holder.stop()
    wait_until(lambda: ["active"] == machine.show(NAME, "ActiveState"), 60, "the service to run")
    assert ["0"] == machine.show(NAME, "StartLimitIntervalUSec")
    assert 0 == machine.run("systemctl", "stop", NAME).returncode


@pytest.mark.lab
def test_a_mistake_in_the_configuration_is_tried_until_it_is_mended(machine: Machine, lab: Lab) -> None:
    """The log says what to mend; then the exporter starts by itself."""
    machine.write(FILE, "hots: []")
    machine.write(LOG, "")
    assert 0 == machine.run("systemctl", "start", "--no-block", NAME).returncode
    wait_until(lambda: "hots: unknown key; did you mean 'hosts'?" in machine.path(LOG).read_text(), 30, "the line")
    wait_until(lambda: ["2"] == machine.show(NAME, "ExecMainStatus"), 30, "the status of a mistake")
    machine.write(FILE, configuration(lab, "h1"))
    wait_until(lambda: ["active"] == machine.show(NAME, "ActiveState"), 60, "the service to run")
    assert 0 == machine.run("systemctl", "stop", NAME).returncode
