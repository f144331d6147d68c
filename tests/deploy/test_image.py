"""The image is built from the Dockerfile and runs as operators run it: not root, and nothing to write to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.container import Container
from tests.deploy.image import Image, build
from tests.house.source import ROOT
from tests.lab import fair
from tests.lab.lab import USER, Lab
from tests.lab.wait import wait_until

pytestmark = [pytest.mark.lab, pytest.mark.heavy, pytest.mark.timeout(400)]

MEGABYTE = 1_000_000
LARGEST = 140 * MEGABYTE
ANOTHER_USER = 4711
READY = 60
FETCH = "import sys, urllib.request as u; print(u.urlopen('http://127.0.0.1:10595' + sys.argv[1]).read().decode())"
INSTALLED = "from importlib.metadata import distributions as d; print(*sorted(x.name for x in d()))"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The image, built once, and not kept: it is half a gigabyte with what it was made from."""
    folder = tmp_path_factory.mktemp("image")
    yield build(folder)
    shutil.rmtree(folder)


@pytest.fixture
def mounted(tmp_path: Path, lab: Lab) -> Path:
    """What an operator mounts: a configuration that watches a host of the lab, a key, the hosts' keys."""
    folder = tmp_path / "etc"
    folder.mkdir()
    key = folder / "id_ed25519"
    key.write_bytes(lab.client_key_file.read_bytes())
    (folder / "known_hosts").write_bytes(lab.known_hosts_file.read_bytes())
    ssh = {"user": USER, "key_file": key.name, "known_hosts": "known_hosts"}
    host = {"name": "h1", "address": lab.hosts["h1"].address}
    (folder / "cs_exporter.yml").write_text(json.dumps({"ssh": ssh, "hosts": [host]}), encoding="utf-8")
    return folder


@pytest.fixture
def container(tmp_path: Path, image: Image, lab: Lab, mounted: Path) -> Iterator[Container]:
    """The image as it comes, running and healthy."""
    with Container(tmp_path, image, lab.namespace("mgmt"), mounted) as running:
        wait_until(running.healthy, READY, "the container to be healthy")
        yield running


def _watches(container: Container) -> bool:
    return (
        'cs_probe_success{host="h1",probe="time_drift"} 1.0' in container.run("python3", "-c", FETCH, "/metrics").stdout
    )


def test_it_watches_a_host_and_ends_when_told(container: Container) -> None:
    """With nothing mounted but the configuration: a reading by SSH, no complaint in the log, and status 0 in 5 s."""
    wait_until(lambda: _watches(container), READY, "a reading of the host")
    began = fair.seconds()
    container.kill(signal.Signals[container.image.config["StopSignal"]])
    assert container.process.wait(timeout=20) == 0
    assert fair.seconds() - began < 5
    assert "level=info msg=stopping" in container.log()
    assert [] == [line for line in container.log().splitlines() if "level=info" not in line]


def test_it_has_no_rights_and_nothing_to_write_to(container: Container) -> None:
    """Not root, no capability, no file that a program in it could make."""
    status = container.run("python3", "-c", "print(open('/proc/1/status').read())").stdout
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert "10001\t10001\t10001\t10001" == fields["Uid"] == fields["Gid"]
    assert {0} == {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    for place in ("/", "/tmp", "/etc/cs_exporter", "/opt/cs_exporter"):  # noqa: S108 (it must not be writable)
        assert "Read-only file system" in container.run("touch", f"{place}/file").stderr


def test_a_frozen_exporter_is_not_healthy(container: Container) -> None:
    """It is again when it goes on."""
    container.kill(signal.SIGSTOP)
    wait_until(lambda: not container.healthy(), READY, "the check to fail")
    container.kill(signal.SIGCONT)
    wait_until(container.healthy, READY, "the check to succeed")


def test_any_other_user_will_do(tmp_path: Path, image: Image, lab: Lab, mounted: Path) -> None:
    """One that the image's accounts don't know reads a key that only he may read, and logs in with it."""
    for path in mounted.iterdir():
        os.chown(path, ANOTHER_USER, ANOTHER_USER)
        path.chmod(0o400)
    with Container(tmp_path, image, lab.namespace("mgmt"), mounted, ANOTHER_USER) as running:
        wait_until(lambda: _watches(running), READY, "a reading of the host")


def test_without_a_configuration_it_says_so(tmp_path: Path, image: Image, lab: Lab) -> None:
    """One line with the file's name and status 2: the container itself is not what anyone wants to watch."""
    (tmp_path / "etc").mkdir()
    with Container(tmp_path, image, lab.namespace("mgmt"), tmp_path / "etc") as running:
        assert running.process.wait(READY) == 2
    assert running.log().startswith("/etc/cs_exporter/cs_exporter.yml: ")
    assert 1 == running.log().count("\n")


def test_it_holds_what_the_exporter_needs_and_no_more(container: Container) -> None:
    """The exporter's packages, its extras, and theirs; neither pip nor what only the build needed; and it is small."""
    found = container.run("python3", "-c", INSTALLED).stdout.split()
    assert sorted(_needed()) == sorted(map(canonicalize_name, found))
    assert container.image.added < LARGEST


def _needed() -> set[str]:
    """The exporter and all that it requires on a machine like this one: by pyproject.toml, and what is installed here.

    Not by the exporter's own installed metadata, which may be older than this checkout.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = {canonicalize_name(project["name"])}
    own = (*project["dependencies"], *project["optional-dependencies"]["openstack"])
    ahead: list[tuple[str, set[str]]] = [(text, set()) for text in own]
    while ahead:
        text, extras = ahead.pop()
        one = Requirement(text)
        name = canonicalize_name(one.name)
        wanted = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        if wanted and name not in found:
            found.add(name)
            ahead += [(each, one.extras) for each in requires(name) or ()]
    return {*found}
