"""Runs a built image as a container: its own user, no capabilities, a root that can't be written, one folder mounted.

By crun, the program that podman and others start containers with, so that nothing here decides what a container is.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.deploy.image import Image, own_mounts
from tests.lab.netns import Namespace
from tests.lab.wait import wait_until

DEADLINE = 60
CONFIGURATION = "/etc/cs_exporter"


class Container:
    """`with Container(...)`: the image runs in a network namespace, with `mounted` at /etc/cs_exporter.

    `user` is a uid, and a gid of the same number, other than the image's own.
    """

    def __init__(self, folder: Path, image: Image, network: Namespace, mounted: Path, user: int | None = None) -> None:
        self.image = image
        self.log_file = folder / "container.log"
        self._folder = folder
        self._pid_file = folder / "pid"
        self._network = network
        self._user = f"{user}:{user}" if user is not None else str(image.config["User"])
        (folder / "config.json").write_text(json.dumps(self._specification(mounted)), encoding="utf-8")

    def __enter__(self) -> Self:
        self._log: IO[bytes] = self.log_file.open("wb")
        argv = self._crun("run", f"--bundle={self._folder}", f"--pid-file={self._pid_file}", self._folder.name)
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(self._crun("delete", "--force", self._folder.name), capture_output=True, check=False)
        self.process.wait(DEADLINE)
        self._log.close()

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the container, as its user, to its end. Raises AssertionError if the container has ended."""
        assert self.process.poll() is None, f"the container ended with status {self.process.returncode}: {self.log()}"
        uid, gid = self._user.split(":")
        # Not crun's exec: it takes the mount namespace's first root for the container's, which own_mounts parts.
        enter = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--root", "--wd", f"-S{uid}", f"-G{gid}"]
        command = self._network.enter([*enter, "--", "/usr/bin/env", "-i", *self.image.config["Env"], *argv])
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)

    @property
    def pid(self) -> int:
        """The container's first process, as it is seen from outside. Raises AssertionError where it does not start."""
        wait_until(self._pid_file.exists, DEADLINE, "the container to start")
        return int(self._pid_file.read_text(encoding="utf-8"))

    def kill(self, number: signal.Signals) -> None:
        """Send the container's first process a signal."""
        os.kill(self.pid, number)

    def healthy(self) -> bool:
        """What the image's own health check says, which is done by its status alone."""
        kind, *argv = self.image.config["Healthcheck"]["Test"]
        assert "CMD" == kind
        return self.run(*argv).returncode == 0

    def log(self) -> str:
        """All that was said so far."""
        return self.log_file.read_text(encoding="utf-8")

    def _crun(self, *arguments: str) -> list[str]:
        command = ["crun", f"--root={self._folder / 'crun'}", "--cgroup-manager=disabled", *arguments]
        return self._network.enter(own_mounts(self._folder, command))

    def _specification(self, mounted: Path) -> dict[str, Any]:
        """What is to run, by the OCI runtime specification, from the image's configuration."""
        config = self.image.config
        uid, gid = map(int, self._user.split(":"))
        folder = {"type": "bind", "source": str(mounted), "options": ["rbind", "ro"]}
        return {
            "ociVersion": "1.0.0",
            "process": {
                "user": {"uid": uid, "gid": gid},
                "args": [*config["Entrypoint"], *config["Cmd"]],
                "env": config["Env"],
                "cwd": config["WorkingDir"],
                "capabilities": {},
                "noNewPrivileges": True,
            },
            "root": {"path": str(self.image.root), "readonly": True},
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "ro"]},
                {"destination": CONFIGURATION, **folder},
            ],
            "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]},
        }
