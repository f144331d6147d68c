"""Builds the project's container image from its Dockerfile with buildah, on a small Debian of its own as the base.

No registry is asked for an image: the base is put together from this machine's own package sources, and pip in the
build is set as pip is on this machine. Root, buildah and mmdebstrap are needed, and no daemon.
"""

from __future__ import annotations

import ast
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.house.source import ROOT

BASE = ("base-files", "coreutils", "dash", "python3", "python3-venv")
BUILD_DEADLINE = 300
PIP_KEYS = ("cert", "default-timeout", "extra-index-url", "find-links", "index-url", "proxy", "timeout", "trusted-host")
OWN_MOUNTS = """
mount --make-rprivate / 2>/dev/null
mount --rbind / "$0" && mount -t tmpfs none "$0/sys/fs/cgroup" && cd / && exec chroot "$0" "$@"
"""


@dataclass(frozen=True)
class Image:
    """A built image: the files of its root, the bytes that it adds to its base, its configuration as Docker has it."""

    root: Path
    added: int
    config: dict[str, Any]


def own_mounts(folder: Path, argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv` where mounts are its own, and end with it; the process is the program itself.

    "/" becomes a mount point, which it is not in a bare chroot, and control groups are hidden: a machine's mixture of
    two versions is more than crun can read.
    """
    point = folder / "here"
    point.mkdir(exist_ok=True)
    return ["unshare", "--mount", "--propagation=unchanged", "sh", "-c", OWN_MOUNTS, str(point), *argv]


def build(folder: Path) -> Image:
    """Build the image in a folder of its own. Raises AssertionError with what the failed command said."""
    base = folder / "base.tar"
    sources = [*Path("/etc/apt").glob("sources.list.d/*.sources"), *Path("/etc/apt").glob("sources.list.d/*.list")]
    sources += [file for file in (Path("/etc/apt/sources.list"),) if file.exists() and file.stat().st_size]
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    _run(["mmdebstrap", "--variant=extract", f"--include={','.join(BASE)}", codename, base, *sources])
    _buildah(folder, "from", "--name=base", "scratch")
    _buildah(folder, "add", "base", base, "/")
    _buildah(folder, "commit", "--rm", "base", "localhost/base")
    root = folder / "root"
    _buildah(
        folder,
        *("build", "--isolation=chroot", "--format=docker", "--pull-never", "--layers=false"),
        *("--build-arg=PYTHON_IMAGE=localhost/base", *_as_pip_is_here(folder)),
        *("--tag=localhost/cs_exporter", f"--output=type=local,dest={root}", ROOT),
    )
    root.chmod(0o755)  # the folder is buildah's own, the image has no say in it
    inspected = _inspect(folder, "localhost/cs_exporter")
    added = _size(root) - base.stat().st_size
    return Image(root, added, inspected["Docker"]["config"])


def _as_pip_is_here(folder: Path) -> list[str]:
    """Options that give pip in the build what pip on this machine has: settings, the files they name, and its cache."""
    pip = [sys.executable, "-m", "pip"]
    cache = Path(_run([*pip, "cache", "dir"]).strip())
    cache.mkdir(parents=True, exist_ok=True)
    settings = {"cache-dir": "/var/cache/pip"}
    mounts = {cache: f"{settings['cache-dir']}:rw"}
    for line in _run([*pip, "config", "list"]).splitlines():
        name, _, value = line.partition("=")
        key, text = name.rpartition(".")[2], str(ast.literal_eval(value))
        if key in PIP_KEYS:
            settings[key] = text
        if key in PIP_KEYS and text.startswith("/") and Path(text).exists():
            mounts[Path(text)] = f"{text}:ro"
    file = folder / "pip.conf"
    file.write_text("[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()), encoding="utf-8")
    return [f"--volume={source}:{target}" for source, target in {file: "/etc/pip.conf:ro", **mounts}.items()]


def _inspect(folder: Path, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_buildah(folder, "inspect", "--type=image", name))
    return answer


def _buildah(folder: Path, *arguments: str | Path) -> str:
    places = [f"--root={folder / 'images'}", f"--runroot={folder / 'running'}", "--storage-driver=vfs"]
    return _run(own_mounts(folder, ["buildah", *places, *map(str, arguments)]))


def _run(argv: Sequence[str | Path]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_DEADLINE, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, argv))}: status {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def _size(folder: Path) -> int:
    """Bytes of all files below a folder, each counted once."""
    seen = map(Path.lstat, folder.rglob("*"))
    return sum({(one.st_dev, one.st_ino): one.st_size for one in seen}.values())
