"""What the unit's README adds by hand is as good as the unit: known to systemd, and to the configuration."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from cs_exporter.config import load
from tests.deploy.machine import UNIT
from tests.deploy.test_unit import NAME, analyze
from tests.lab.openstack_api import OpenStackApiServer
from tests.lab.ssh_keys import new_key

TEXT = (UNIT.parent / "README.md").read_text(encoding="utf-8")
FOLDER = "/etc/cs_exporter"


def blocks(kind: str) -> list[str]:
    """Its code of that kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def handed() -> dict[str, str]:
    """Credential -> the original that systemd makes it of, of the unit and of what is added."""
    return dict(re.findall(r"^LoadCredential=([^:]+):(\S+)$", UNIT.read_text() + blocks("ini")[0], re.MULTILINE))


@pytest.mark.debian
def test_what_is_added_is_without_mistake(tmp_path: Path) -> None:
    """As systemd puts it together: the unit, and behind it what `systemctl edit` wrote."""
    (added,) = blocks("ini")
    (tmp_path / NAME).write_text(
        f"{UNIT.read_text()}\n{added}".replace("/opt/cs_exporter/bin/cs-exporter", "/bin/true")
    )
    done = analyze("verify", "--man=no", str(tmp_path / NAME))
    assert "" == done.stdout + done.stderr


def test_every_secret_is_at_its_originals_place() -> None:
    """The same path is right for the service and for root's check-config; a cloud's and RabbitMQ's are among them."""
    assert {f"{FOLDER}/credentials/{name}": name for name in handed()} == {
        path: name for name, path in handed().items()
    }
    assert {"id_ed25519", "mysql_password", "cloud_password", "clouds.yaml", "rabbitmq_password"} <= {*handed()}


def test_the_configuration_is_one(tmp_path: Path) -> None:
    """With the files that it names, all of which systemd hands over."""
    content = {}
    for block in blocks("yaml"):
        content.update(yaml.safe_load(block.replace(FOLDER, str(tmp_path))))
    named = set(re.findall(r"credentials/([\w.]+)", "".join(blocks("yaml"))))
    assert {"clouds.yaml", "rabbitmq_password"} <= named <= {*handed()}
    (tmp_path / "credentials").mkdir()
    for name in named:
        (tmp_path / "credentials" / name).write_text("secret\n")
    (tmp_path / "credentials/id_ed25519").write_text(new_key("k").private)
    (tmp_path / "known_hosts").touch()
    cloud = OpenStackApiServer(tmp_path / "credentials")
    cloud.port = 5000
    cloud.write_clouds()
    (tmp_path / "credentials/clouds.yaml").write_text(cloud.clouds_file.read_text().replace('"lab"', '"prod"'))
    (tmp_path / "cs_exporter.yml").write_text(yaml.safe_dump(content))
    config = load(tmp_path / "cs_exporter.yml")
    assert {"openstack": "openstack"} == config.sources
