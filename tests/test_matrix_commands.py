"""`cs-exporter matrix`: an operator renders his own, checks it, reads it; and his mistakes are one line each."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from cs_exporter.matrix.files import project
from cs_exporter.matrix.whole import usual_matrix
from tests.test_cli import called

CONFIG = """
global: {interval: 20s}
defaults: {connection: local, limits: {CsNfsServerSlow: 2}}
hosts:
  - {name: "kvm[1-3]", address: "192.0.2.[1-3]", roles: [hypervisor]}
  - {name: nfs1, address: 192.0.2.9, roles: [storage], limits: {CsNfsServerSlow: 3}}
  - {name: nfs2, address: 192.0.2.8, roles: [storage]}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with limits of its own."""
    file = tmp_path / "cs_exporter.yml"
    file.write_text(CONFIG)
    return file


def test_the_projects_own(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Without options, into the folder where one stands, if it has them; then there is nothing left to find."""
    monkeypatch.chdir(tmp_path)
    assert 0 == called(monkeypatch, "matrix", "write", "--output=.")
    (tmp_path / "alerts/cs_nfs_server.yml").unlink()
    assert 1 == called(monkeypatch, "matrix", "check")
    assert "alerts/cs_nfs_server.yml: is missing; type: cs-exporter matrix write\n" in capsys.readouterr().out
    assert 0 == called(monkeypatch, "matrix", "write")
    files = project(usual_matrix())
    assert files == {path: (tmp_path / path).read_text() for path in files}
    capsys.readouterr()
    assert (0, "") == (called(monkeypatch, "matrix", "check"), capsys.readouterr().out)


def test_an_operators_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, config: Path) -> None:
    """His limits, intervals, selector and runbooks are in his files."""
    output = tmp_path / "mine"
    options = ("--config.file", config, "--output", output, "--selector", 'job="cs"')
    assert 0 == called(monkeypatch, "matrix", "write", *options, "--runbook-url=https://wiki.example/cs/")
    rules = (output / "alerts/cs_nfs_server.yml").read_text()
    for part in ('job="cs"', "> 2)", 'host=~"nfs1",job="cs"}) > 3)', "'https://wiki.example/cs/CsNfsServerSlow'"):
        assert part in rules
    assert "for: 96s" in rules  # three runs, of which each takes 40 s with that base interval
    assert 0 == called(monkeypatch, "matrix", "check", *options, "--runbook-url=https://wiki.example/cs/")
    assert 1 == called(monkeypatch, "matrix", "check", *options)


def test_the_mend_has_the_same_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, config: Path
) -> None:
    """What is told can be typed as it stands, and then nothing is left to find."""
    options = ["--config.file", str(config), "--output", str(tmp_path / "my rules"), "--selector", 'job="cs"']
    assert 1 == called(monkeypatch, "matrix", "check", *options)
    mends = {line.partition("; type: cs-exporter ")[2] for line in capsys.readouterr().out.splitlines()}
    assert {shlex.join(["matrix", "write", *options])} == mends
    assert 0 == called(monkeypatch, *shlex.split(mends.pop()))
    assert 0 == called(monkeypatch, "matrix", "check", *options)


def test_a_table_of_all(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], config: Path) -> None:
    """All rows, with the configuration's limits."""
    assert 0 == called(monkeypatch, "matrix", "show", "--config.file", config)
    lines = capsys.readouterr().out.splitlines()
    assert len(usual_matrix().rows) == len([line for line in lines if line.startswith("Cs")])
    (line,) = [line for line in lines if line.startswith("CsNfsServerSlow ")]
    assert line.split()[:5] == ["CsNfsServerSlow", "warning", "storage", "above", "2"]


def test_one_row_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its runbook, with the commands to type."""
    assert 0 == called(monkeypatch, "matrix", "show", "CsNfsServerDown")
    shown = capsys.readouterr().out
    for part in (
        "CsNfsServerDown\n",
        "critical: it pages",
        "  2. rpcinfo -T tcp HOST nfs   # on one of its",
        "cs_nfs_server_up == 0",
    ):
        assert part in shown


MISTAKES = {
    "no command": ([], "Missing command"),
    "an alert that is not there": (["show", "CsNfsServerDwn"], "NAME: no alert 'CsNfsServerDwn'; did you mean"),
    "an alert that is like none": (["show", "CsNope"], "no alert 'CsNope'; cs-exporter matrix show names them all"),
    "matchers": (["write", "--output=x", "--selector=job=cs"], "--selector: 'job=cs' is no list of matchers; write it"),
    "an escape": (["write", "--output=x", r'--selector=job=~"cs\d"'], "is no list of matchers"),
    "an expression": (["write", "--output=x", '--selector=job=~"("'], "--selector: '(' is no regular expression"),
    "a label of ours": (["write", "--output=x", '--selector=job="a, host=",host=~"b"'], "'host' is a label of the"),
    "a URL": (["write", "--output=x", "--runbook-url=wiki"], "--runbook-url: 'wiki' is no URL; write http://"),
    "brackets": (["write", "--output=x", "--runbook-url=http://[::1"], "--runbook-url: 'http://[::1' is no URL;"),
    "a port": (["write", "--output=x", "--runbook-url=http://h:99999999/rb"], "is no URL; write http://"),
    "a port alone": (["write", "--output=x", "--runbook-url=http://:80/rb"], "is no URL; write http://"),
    "another folder": (["write"], "--output: is missing, and none of our rules are here; say in which folder"),
    "own files, and no folder": (["write", "--selector", 'job="cs"'], "--output: is missing; say in which folder"),
    "no such configuration": (["check", "--output=x", "--config.file=/nonexistent.yml"], "/nonexistent.yml"),
    "a file for a folder": (["write", "--output=/dev/null"], "--output"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_mistakes_are_one_line(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Status 2, nothing is written, no traceback."""
    arguments, expected = MISTAKES[what]
    monkeypatch.chdir(tmp_path)
    assert 2 == called(monkeypatch, "matrix", *arguments)
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
    assert [] == list(tmp_path.iterdir())
