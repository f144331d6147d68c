"""The project builds from its lock into a wheel that runs by itself, and a source package that can be built again.

Both are built without isolation: the build backend is locked with everything else, nothing is fetched.
"""

from __future__ import annotations

import site
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.house.source import ROOT

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
BUILD = "import sys; from hatchling import build; print(build.{kind}(sys.argv[1]))"


def _build(kind: str, source: Path, into: Path) -> Path:
    """Call the build backend as pip would (PEP 517), in `source`; the file it made."""
    command = [sys.executable, "-c", BUILD.format(kind=kind), str(into)]
    done = subprocess.run(command, cwd=source, check=True, capture_output=True, text=True)
    return into / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source package of this tree, and the wheel made from the source package."""
    folder = tmp_path_factory.mktemp("packages")
    source = _build("build_sdist", ROOT, folder)
    subprocess.run(["tar", "-xf", source, "-C", folder], check=True)
    return source, _build("build_wheel", folder / source.name.removesuffix(".tar.gz"), folder)


@pytest.mark.heavy
def test_the_wheel_holds_the_whole_package(packages: tuple[Path, Path]) -> None:
    """Every file under cs_exporter is shipped, the collector's shell text with it, and nothing beside them."""
    files = (path for path in (ROOT / "cs_exporter").rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    with zipfile.ZipFile(packages[1]) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
        text = "".join(wheel.read(name).decode() for name in wheel.namelist() if name.endswith("/METADATA"))
    assert {path.relative_to(ROOT).as_posix() for path in files} == inside
    assert "Requires-Python: >=3.11" in text


@pytest.mark.heavy
def test_the_source_package_can_be_tested(packages: tuple[Path, Path]) -> None:
    """Whoever packages this for a distribution finds tests, locks and licence in it."""
    with tarfile.open(packages[0]) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"Makefile", "LICENSE", "CHANGELOG.md", "requirements.lock", ".ci/test", "tests/test_packaging.py"}
    assert wanted <= inside


@pytest.mark.heavy
def test_the_wheel_runs_by_itself(packages: tuple[Path, Path], tmp_path: Path) -> None:
    """Installed without the checkout, with only the locked packages beside it, its command answers."""
    venv.create(tmp_path, with_pip=True, symlinks=True)
    python = tmp_path / "bin/python"
    quiet = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--no-index"]
    subprocess.run([*quiet, str(packages[1])], check=True, cwd=tmp_path)
    beside = next(tmp_path.glob("lib/python3*/site-packages")) / "locked.pth"
    beside.write_text("\n".join(path for path in site.getsitepackages() if path.endswith("site-packages")))
    said = subprocess.run(
        [str(tmp_path / "bin/cs-exporter"), "--version"], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert VERSION in said.stdout
