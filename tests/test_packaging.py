"""The project builds from its lock into a wheel and a source package, and each of them runs where nothing else is.

Both are built without isolation: the build backend is locked with everything else, nothing is fetched for it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import venv
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import asyncssh
import pytest

from tests.house.source import FOLDERS, ROOT
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(300)]

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
BUILD = "import sys; from hatchling import build; print(build.{kind}(sys.argv[1]))"
TOP = ("Dockerfile", ".dockerignore", "LICENSE", "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
LOCKS = ("pyproject.toml", "requirements.lock", "requirements-dev.lock")


@dataclass(frozen=True)
class Packages:
    """The source package of this tree, the wheel made from it, and the wheel made from the tree itself."""

    source: Path
    wheel: Path
    wheel_of_tree: Path


@dataclass(frozen=True)
class Clean:
    """A virtual environment with what the lock names and nothing else; `folder` is for its files."""

    folder: Path

    def run(self, *argv: str) -> str:
        """Run one of its programs to its end, and give what it said. Raises CalledProcessError."""
        program = self.folder / "venv/bin" / argv[0]
        done = subprocess.run([program, *argv[1:]], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout

    def install(self, *arguments: str | Path) -> None:
        """Install with pip. Raises CalledProcessError."""
        pip = ["python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        self.run(*pip, *map(str, arguments))


def _build(kind: str, source: Path, into: Path) -> Path:
    """Call the build backend as pip would (PEP 517), in `source`; the file it made."""
    into.mkdir(exist_ok=True)
    command = [sys.executable, "-c", BUILD.format(kind=kind), str(into)]
    done = subprocess.run(command, cwd=source, check=True, capture_output=True, text=True)
    return into / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """All three, built once."""
    folder = tmp_path_factory.mktemp("packages")
    source = _build("build_sdist", ROOT, folder)
    subprocess.run(["tar", "-xf", source, "-C", folder], check=True)
    unpacked = folder / source.name.removesuffix(".tar.gz")
    return Packages(
        source, _build("build_wheel", unpacked, folder / "wheel"), _build("build_wheel", ROOT, folder / "of_tree")
    )


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """The locked packages by their hashes, as `make run` and the image install them, and the example beside them."""
    made = Clean(tmp_path_factory.mktemp("clean"))
    venv.create(made.folder / "venv", with_pip=True, symlinks=True)
    made.install("--require-hashes", "--only-binary", ":all:", "-r", ROOT / "requirements.lock")
    shutil.copy(ROOT / "docs/cs_exporter.example.yml", made.folder / "cs_exporter.yml")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(made.folder / "id_ed25519")
    (made.folder / "known_hosts").write_bytes(b"* " + key.export_public_key())
    for name in ("mysql_password", "api_key", "api_secret"):
        (made.folder / name).write_text("secret")
    (made.folder / "clouds.yaml").write_text("clouds: {prod: {}}")
    (made.folder / "clouds.yaml").write_text("clouds: {prod: {auth: {auth_url: 'https://keystone.example:5000/v3'}}}")
    return made


def _files(wheel: Path) -> dict[str, str]:
    """The files of a wheel, and what is in each."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def test_the_wheel_holds_the_whole_package(packages: Packages) -> None:
    """Every file under cs_exporter, the collector's shell text and the mark of typed packages too; the licence."""
    files = (path for path in (ROOT / "cs_exporter").rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    inside = set(_files(packages.wheel))
    beside = {name for name in inside if ".dist-info/" in name}
    assert {path.relative_to(ROOT).as_posix() for path in files} == inside - beside
    assert "cs_exporter/py.typed" in inside
    assert f"cs_exporter-{VERSION}.dist-info/licenses/LICENSE" in beside


def test_both_ways_make_the_same_wheel(packages: Packages) -> None:
    """Whoever builds from the source package gets, byte by byte, what a checkout gives."""
    assert _files(packages.wheel_of_tree) == _files(packages.wheel)


def test_the_wheel_says_what_it_is(packages: Packages) -> None:
    """Version, Python, licence, and the README as a page that is known to be Markdown."""
    with zipfile.ZipFile(packages.wheel) as archive:
        text = archive.read(f"cs_exporter-{VERSION}.dist-info/METADATA").decode()
    said = Parser().parsestr(text)
    assert ("cs-exporter", VERSION, ">=3.11") == (said["Name"], said["Version"], said["Requires-Python"])
    assert ("Apache-2.0", "text/markdown") == (said["License-Expression"], said["Description-Content-Type"])
    assert (ROOT / "README.md").read_text() == said.get_payload()


def test_the_source_package_holds_the_project(packages: Packages) -> None:
    """Whoever packages this for a distribution finds tests, unit, image, pages, locks and licence in it."""
    with tarfile.open(packages.source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    folders = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file())
    wanted = {path.relative_to(ROOT).as_posix() for path in folders if path.parent.name != "__pycache__"}
    assert set() == {*wanted, *TOP, *LOCKS} - inside


@pytest.mark.parametrize("kind", ["wheel", "source"])
def test_it_runs_where_nothing_else_is(packages: Packages, clean: Clean, kind: str) -> None:
    """Installed without an index beside the locked packages: complete, it checks the example, watches, is scraped."""
    clean.install("--force-reinstall", "--no-deps", "--no-index", "--no-build-isolation", getattr(packages, kind))
    assert "No broken requirements found." in clean.run("python", "-m", "pip", "check")
    assert f"cs-exporter {VERSION}\n" == clean.run("cs-exporter", "--version")
    assert "cs_exporter.yml: OK: " in clean.run("cs-exporter", "check-config", "cs_exporter.yml")
    assert f'version="{VERSION}"' in _scraped(clean)


def _scraped(clean: Clean) -> str:
    """The page of metrics of a daemon that was started, asked once, and ended by SIGTERM with status 0."""
    log = clean.folder / "log"
    with log.open("wb") as output:
        command = [str(clean.folder / "venv/bin/cs-exporter"), "--web.listen-address=127.0.0.1:0"]
        process = subprocess.Popen(command, cwd=clean.folder, stdout=output, stderr=output)
    try:
        address = wait_until(lambda: re.search(r"url=(http://127\.0\.0\.1:\d+/)", log.read_text()), 60, "its address")
        assert address
        with urllib.request.urlopen(f"{address[1]}metrics", timeout=30) as answer:  # noqa: S310 (our own server)
            text: str = answer.read().decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    return text
