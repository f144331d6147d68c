"""The command line: what each command prints, and that every mistake of a user is one line and status 2."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from cs_exporter import cli, options
from cs_exporter.cli import main
from cs_exporter.discovery.store import Store, Stored
from cs_exporter.model import CloudHost, Role
from cs_exporter.platforms.cloudstack.api.census import UNTOLD
from cs_exporter.probes import PROBES
from tests.lab.cloud_api import CloudApiServer, Fault, plain

HERE = socket.gethostname()
"""What this machine is called where it alone is watched."""

GOOD = """
defaults: {connection: local}
hosts:
  - {name: "kvm[1-3]", address: "192.0.2.[1-3]", roles: [hypervisor], cloud_zone: z1, cloud_pod: p1}
  - {name: here, address: 127.0.0.1}
"""


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A configuration file."""
    file = tmp_path / "cs_exporter.yml"
    file.write_text(GOOD)
    return file


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Call the command with these arguments; its exit status."""
    monkeypatch.setattr(sys, "argv", ["cs-exporter", *map(str, arguments)])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_check_config(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], good: Path) -> None:
    """One line that says what would be watched."""
    assert called(monkeypatch, "check-config", good) == 0
    assert capsys.readouterr().out == f"{good}: OK: 4 hosts, {len(PROBES)} probes\n"


@pytest.mark.parametrize("order", ["before", "after"])
def test_hosts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], good: Path, order: str) -> None:
    """One row a host; --config.file may stand before the command or after it."""
    flag = f"--config.file={good}"
    assert called(monkeypatch, *([flag, "hosts"] if order == "before" else ["hosts", flag])) == 0
    _, first, *_ = capsys.readouterr().out.splitlines()
    host, address, role, place, *asked = first.split()
    assert ("kvm1", "192.0.2.1", "hypervisor", "z1/p1") == (host, address, role, place)
    assert "time_drift, agent_heartbeat, nfs_mounts" == " ".join(asked[:3]).rstrip(",")
    assert "mysql_connections" not in asked


def cloud_of(server: CloudApiServer) -> Path:
    """A configuration's file, with the written hosts and the cloud of that API."""
    api = f"{{url: '{server.url}', key_file: {server.key_file}, secret_file: {server.secret_file}}}"
    file = server.folder / "c.yml"
    file.write_text(f"{GOOD}platforms: {{cloudstack: {{api: {api}}}}}\n")
    return file


DEAF = """
defaults: {connection: local}
platforms:
  cloudstack: {database: {address: 127.0.0.1, port: 1}}
"""

KVM = {"id": 1, "uuid": "u1", "name": "kvm9", "type": "Routing", "status": "Up", "hypervisor_type": "KVM"}


@pytest.mark.parametrize(("fault", "status"), [(None, 0), (Fault.DENIED, 1)])
def test_hosts_of_clouds(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    fault: Fault | None,
    status: int,
) -> None:
    """They are asked; one that can't be is a line on standard error, and the written hosts are listed all the same."""
    with CloudApiServer(plain(host=[{**KVM, "private_ip_address": "192.0.2.9"}]), tmp_path) as server:
        if fault is not None:
            server.inflict(fault)
        assert status == called(monkeypatch, "hosts", f"--config.file={cloud_of(server)}")
    told = capsys.readouterr()
    assert ("kvm9" in told.out, "denied" in told.err) == (fault is None, fault is not None)
    assert {"kvm1", "here", "endpoint:cloudstack"} <= {line.partition(" ")[0] for line in told.out.splitlines()}
    gaps = [line for line in told.err.splitlines() if "does not tell everything" in line]
    assert (
        (len(UNTOLD) + 1, 0) == (len(gaps), 0) if fault is None else (0, 1) == (len(gaps), len(told.err.splitlines()))
    )


def test_hosts_says_what_its_cloud_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A list without servers looks as one of a cloud that has none; and a cloud without anybody is told."""
    with CloudApiServer(plain(), tmp_path, forbidden={"listManagementServers"}) as server:
        file = cloud_of(server)
        assert called(monkeypatch, "hosts", f"--config.file={file}") == 0
    told = capsys.readouterr()
    assert "endpoint:cloudstack: does not tell everything: management servers: listManagementServers" in told.err
    assert "endpoint:cloudstack: names no host at all" in told.err.splitlines()[-1]


@pytest.mark.parametrize("order", ["before", "after"])
def test_hosts_of_a_cloud_that_is_down_are_those_of_the_store(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, order: str
) -> None:
    """That is when somebody is called; where no store is named, the daemon is who can be asked."""
    (tmp_path / "store").mkdir()
    stored = (CloudHost("u9", "kvm9", "192.0.2.9", frozenset({Role.HYPERVISOR})),)
    Store(tmp_path / "store").write(Stored({"cloudstack": stored}))
    (tmp_path / "c.yml").write_text(DEAF)
    flags = [f"--config.file={tmp_path / 'c.yml'}", f"--storage.path={tmp_path / 'store'}"]
    for command in (["hosts"], ["checklist", "kvm9"], ["probe", "mysql_connections", "kvm9"]):
        words = [*flags, *command] if order == "before" else [*command, *flags]
        assert called(monkeypatch, *words) == (0 if command[0] == "probe" else 1)
        told = capsys.readouterr()
        assert "kvm9" in told.out
        assert f"its hosts are those that were stored in {tmp_path / 'store'} (1)" in told.err.splitlines()[1]
    assert called(monkeypatch, "probe", "time_drift", "kvm 9", flags[0]) == 2
    assert (
        "known here: endpoint:cloudstack (cloudstack can't be asked: give the daemon's --storage.path,"
        " or ask the daemon for /probe?host=kvm%209&probe=time_drift)"
    ) in capsys.readouterr().err.splitlines()[-1]


def test_a_store_that_is_none_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path
) -> None:
    """It is not made: whoever only reads has named the wrong one."""
    folder = tmp_path / "none"
    assert called(monkeypatch, "hosts", f"--config.file={good}", f"--storage.path={folder}") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--storage.path: '{folder}' is no folder that can be read; name the daemon's" == line
    assert not folder.exists()


@pytest.mark.parametrize("command", [["hosts"], ["checklist"], ["probe", "time_drift", HERE]])
def test_without_a_configuration_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str]
) -> None:
    """Else "1 of 1 hosts OK" would read as if the cloud were meant."""
    usual = tmp_path / "usual.yml"
    monkeypatch.setattr(options, "DEFAULT_CONFIG", usual)
    monkeypatch.setattr(cli, "DEFAULT_CONFIG", usual)
    assert called(monkeypatch, *command) == 0
    expected = f"no --config.file is given, and there is no {usual}: only this machine, {HERE}, is known"
    assert [expected] == capsys.readouterr().err.splitlines()


def test_the_usual_configuration_need_not_be_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], good: Path
) -> None:
    """A runbook's commands are the same everywhere; an option counts before it."""
    monkeypatch.setattr(options, "DEFAULT_CONFIG", good)
    assert called(monkeypatch, "check-config") == 0
    assert capsys.readouterr().out.startswith(f"{good}: OK: 4 hosts")
    assert called(monkeypatch, "probe", "time_drift", "here") == 0
    assert called(monkeypatch, "hosts", "--config.file=/nonexistent.yml") == 2
    assert capsys.readouterr().err.startswith("/nonexistent.yml: ")


def test_schema_is_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Editors can load it, and it knows the probes."""
    assert called(monkeypatch, "schema") == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"global", "ssh", "mysql", "platforms", "defaults", "groups", "hosts", "probes"} == set(schema["properties"])
    assert {"time_drift", "nfs_mounts", "nfs_server"} <= set(schema["$defs"]["Probes"]["properties"])


def test_collector_is_a_script(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What runs on the hosts can be read before it does."""
    assert called(monkeypatch, "collector") == 0
    assert capsys.readouterr().out.startswith("#!/bin/sh\n")


def test_probe_shows_transcript_and_reading(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], good: Path
) -> None:
    """What was asked, what was answered, how long it took, what it means."""
    assert called(monkeypatch, "probe", "time_drift", "here", "--config.file", good) == 0
    out = capsys.readouterr().out
    for part in ("time_drift on here", "> collector: ntp", "< host's clock", "READING after", "skew="):
        assert part in out


MISTAKES = {
    "unknown option": (["--web.listen-adress=:1"], "No such option"),
    "unknown command": (["chek-config"], "chek-config"),
    "no file": (["check-config", "/nonexistent.yml"], "/nonexistent.yml"),
    "unknown probe": (["probe", "time_drit", "here"], "did you mean 'time_drift'?"),
    "unknown host": (["probe", "time_drift", "her"], "did you mean 'here'?"),
    "bad address": (["run", "--web.listen-address=nowhere"], "--web.listen-address"),
    "bad web file": (["run", "--web.config.file=/nonexistent.yml"], "/nonexistent.yml"),
    "bad level": (["run", "--log.level=loud"], "loud"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_mistakes_are_one_line(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], good: Path
) -> None:
    """Status 2, one line on standard error, no traceback."""
    arguments, expected = MISTAKES[what]
    assert called(monkeypatch, f"--config.file={good}", *arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
