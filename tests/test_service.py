"""The service as a process of its own: announces itself, reloads on a signal and over HTTP.

And it ends quickly and cleanly, whoever asks it to.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import asyncssh
import pytest

from tests.lab import fair
from tests.lab.wait import wait_until

LOCAL = "hosts: [{name: here, connection: local}]\n"


class Running:
    """A started `python -m cs_exporter`, its URL and its log."""

    def __init__(self, directory: Path, *arguments: str, wrapper: Sequence[str] = ()) -> None:
        self.log_file = directory / "log"
        self._log: IO[bytes] = self.log_file.open("wb")
        self.process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "cs_exporter", "--web.listen-address=127.0.0.1:0", *arguments],
            stdout=self._log,
            stderr=self._log,
        )
        self.url = wait_until(self._announced, 15, "the announcement") or ""

    def _announced(self) -> str | None:
        found = re.search(r"url=(http://127\.0\.0\.1:\d+/)", self.log_file.read_text())
        return found.group(1) if found else None

    def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        """Status and body."""
        request = urllib.request.Request(self.url + path, method=method)  # noqa: S310 (our own server)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def end(self) -> None:
        """Make sure that it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Running]:
    """A service that watches this machine."""
    (tmp_path / "cs_exporter.yml").write_text(LOCAL)
    running = Running(tmp_path, f"--config.file={tmp_path / 'cs_exporter.yml'}")
    yield running
    running.end()


def test_it_gets_ready_and_ends_on_sigterm(configured: Running) -> None:
    """Ready after the first sweep; SIGTERM ends it within 5 s with status 0, no traceback, no child left."""
    wait_until(lambda: configured.get("-/ready")[0] == 200, 15, "ready")
    body = configured.get("metrics")[1]
    assert "cs_first_sweep_done 1.0" in body
    assert 'cs_probe_runs_total{host="here",probe="time_drift"} 1.0' in body
    children = _children(configured.process.pid)
    assert children
    began = fair.seconds()
    configured.process.send_signal(signal.SIGTERM)
    assert configured.process.wait(timeout=10) == 0
    assert fair.seconds() - began < 5
    assert "Traceback" not in configured.log_file.read_text()
    wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), 5, "no child left")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_sighup_and_post_reload(configured: Running, tmp_path: Path) -> None:
    """Both take in the file; a bad one answers 400 with the line and stays without effect."""
    file = tmp_path / "cs_exporter.yml"
    file.write_text(LOCAL.replace("here", "there"))
    configured.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "there" in configured.get("sd")[1], 10, "the new name")
    file.write_text(LOCAL.replace("here", "elsewhere"))
    assert configured.get("-/reload", "POST")[0] == 200
    assert ["elsewhere"] == [row["labels"]["__meta_cs_host"] for row in json.loads(configured.get("sd")[1])]
    file.write_text("hots: []")
    status, text = configured.get("-/reload", "POST")
    assert status == 400
    assert "hots: unknown key" in text
    assert "elsewhere" in configured.get("sd")[1]
    assert "cs_config_last_reload_successful 0.0" in configured.get("metrics")[1]
    configured.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "was not reloaded" in configured.log_file.read_text(), 10, "the log's line")
    assert configured.process.poll() is None


def test_probe_over_http_joins_the_schedule(configured: Running) -> None:
    """A run now, as an exposition of that probe alone."""
    status, body = configured.get("probe?host=here&probe=time_drift")
    assert status == 200
    assert 'cs_probe_success{host="here",probe="time_drift"} 1.0' in body
    assert 'cs_clock_skew_seconds{host="here"}' in body
    assert configured.get("probe?host=nowhere&probe=time_drift")[0] == 400


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """Which address, and what to do; status 2; nothing was asked."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "cs_exporter", f"--web.listen-address=127.0.0.1:{port}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
    *_, line = done.stderr.splitlines()
    assert done.returncode == 2
    assert f"'127.0.0.1:{port}' is in use" in line
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_without_standard_descriptors_it_runs(tmp_path: Path, closed: str) -> None:
    """Somebody has closed standard error: there is no log then, and all the rest is as ever."""
    (tmp_path / "cs_exporter.yml").write_text(LOCAL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = (
        f"exec {sys.executable} -m cs_exporter --web.listen-address=127.0.0.1:{port} --config.file=cs_exporter.yml"
    )
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"{command} {closed}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    try:
        wait_until(lambda: process.poll() is not None or _swept(port), 30, "the first sweep")
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()


def _swept(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return b"cs_first_sweep_done 1.0" in answer.read()
    except OSError:
        return False


CROWD = 400


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Path]:
    """A configuration of many hosts that take the connection and never say a word."""
    key = tmp_path / "key"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(key))
    with socket.create_server(("0.0.0.0", 0), backlog=2 * CROWD) as mute:  # noqa: S104 (all of 127.0.0.0/8)
        port = mute.getsockname()[1]
        ssh = f"ssh: {{key_file: {key}, verify_host_key: false, port: {port}}}"
        hosts = [f"{{name: h{n}, address: 127.1.{n // 200}.{1 + n % 200}}}" for n in range(CROWD)]
        file = tmp_path / "crowd.yml"
        file.write_text(f"{ssh}\nhosts: [{', '.join(hosts)}]\n")
        yield file


def _limits(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line.split()[3:5] for line in lines if line.startswith("Max open files"))


def test_the_soft_limit_of_open_files_is_raised(tmp_path: Path, crowd: Path) -> None:
    """What the hard limit allows is used, and then nothing needs to be said."""
    running = Running(tmp_path, f"--config.file={crowd}", wrapper=("prlimit", "--nofile=150:3000"))
    try:
        assert ["3000", "3000"] == _limits(running.process.pid)
        assert "too few open files" not in running.log_file.read_text()
    finally:
        running.end()


def test_running_out_of_descriptors(tmp_path: Path, crowd: Path) -> None:
    """Warned of at the start; hosts that find none left fail as exhausted, which is ours; pages go on."""
    running = Running(tmp_path, f"--config.file={crowd}", wrapper=("prlimit", "--nofile=150:150"))
    try:
        # Which of them it is depends on how long those before them kept theirs.
        exhausted = re.compile(r'cs_probe_failing\{host="h\d+",probe="time_drift",reason="exhausted"\} 1.0')
        wait_until(lambda: exhausted.search(running.get("metrics")[1]), 90, "a host that found no descriptor")
        wait_until(lambda: running.get("-/ready")[0] == 200, 90, "ready")
        body, said = running.get("metrics")[1], running.log_file.read_text()
        assert 'reason="bug"' not in body
        assert "limit=150 needed=500" in said
        assert "on the machine of cs_exporter itself: Too many open files" in said
        assert "Traceback" not in said
    finally:
        running.end()
