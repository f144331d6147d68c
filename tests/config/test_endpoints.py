"""The pseudo-hosts that a platform's block makes, how each is asked, and what of it is another type's."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from cs_exporter.config import Config, ConfigError, load, shown
from cs_exporter.config import endpoints as subject
from cs_exporter.config.endpoints import EndpointPlan
from cs_exporter.model import CloudKind, CloudTarget, MysqlTarget, MysqlTls, Schema, SdkTarget
from cs_exporter.probes import DERIVED, PROBES
from tests.stub_probe import CLOCK, FLEET

DOCS = Path(__file__).parents[2] / "docs" / "configuration.md"
CLOUDS = "clouds: {prod: {auth: {auth_url: 'https://keystone.example:5000/v3'}}}\n"


def config(folder: Path, platforms: str) -> Config:
    """The configuration with these platforms, and a clouds.yaml and a password beside it."""
    (folder / "clouds.yaml").write_text(CLOUDS)
    (folder / "password").write_text("secret\n")
    path = folder / "cs_exporter.yml"
    mysql = "mysql: {user: watcher, password_file: password}"
    path.write_text(f"defaults: {{connection: local}}\n{mysql}\nplatforms:\n  {platforms}\n")
    return load(path, (CLOCK,), (FLEET,))


def planned(folder: Path, platforms: str) -> list[EndpointPlan]:
    """The pseudo-hosts of the only platform."""
    (platform,) = config(folder, platforms).platforms
    return [*platform.endpoints]


def test_one_server_with_all_schemas_is_one_pseudo_host(tmp_path: Path) -> None:
    """Logged in to as everywhere else, unless it says otherwise."""
    (found,) = planned(tmp_path, "openstack: {database: {address: db1, nova: [nova, nova_cell2], user: guest}}")
    schemas = (Schema("nova", "nova"), Schema("nova", "nova_cell2"), Schema("neutron", "neutron"))
    target = CloudTarget(CloudKind.OPENSTACK, schemas=(*schemas, Schema("cinder", "cinder")))
    assert ("openstack", "db1", target) == (found.name, found.address, found.target)
    assert MysqlTarget("guest", str(tmp_path / "password")) == found.profile.mysql


def test_a_cell_with_a_server_of_its_own_is_another_one(tmp_path: Path) -> None:
    """Of the same platform; logged in to as the cloud's own server, unless it says otherwise."""
    login = "user: guest, port: 3307, tls: required"
    cells = "{name: east, address: db2}, {name: west, address: db3, schema: nova_west, user: other}"
    found = planned(tmp_path, f"dc1: {{type: openstack, database: {{address: db1, {login}}}, cells: [{cells}]}}")
    assert ["dc1", "dc1.east", "dc1.west"] == [one.name for one in found]
    assert ["db1", "db2", "db3"] == [one.address for one in found]
    assert {"dc1"} == {one.profile.platform for one in found}
    west = CloudTarget(CloudKind.OPENSTACK, schemas=(Schema("nova", "nova_west"),), cell="west")
    assert west == found[2].target
    password = str(tmp_path / "password")
    assert MysqlTarget("other", password, 3307, MysqlTls.REQUIRED) == found[2].profile.mysql
    assert MysqlTarget("guest", password, 3307, MysqlTls.REQUIRED) == found[1].profile.mysql


def test_the_apis_alone_are_at_their_keystone(tmp_path: Path) -> None:
    """By the entry of the clouds.yaml, which itself is read at each login."""
    (found,) = planned(tmp_path, "openstack: {openstack: {cloud: prod, clouds_file: clouds.yaml}}")
    sdk = SdkTarget("prod", str(tmp_path / "clouds.yaml"))
    assert ("keystone.example", CloudTarget(CloudKind.OPENSTACK, sdk=sdk)) == (found.address, found.target)


def test_the_environment_may_say_how_the_apis_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for any other client of OpenStack."""
    monkeypatch.setenv("OS_AUTH_URL", "http://192.0.2.9:5000")
    (found,) = planned(tmp_path, "openstack: {openstack: {}}")
    assert ("192.0.2.9", CloudTarget(CloudKind.OPENSTACK, sdk=SdkTarget())) == (found.address, found.target)


def test_without_openstacksdk_its_absence_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra: who only reads databases needs none of it."""
    assert find_spec(subject.SDK_PACKAGE) is not None
    monkeypatch.setattr(subject, "SDK_PACKAGE", "no_such_package")
    assert [CloudKind.OPENSTACK] == [
        one.target.kind for one in planned(tmp_path, "openstack: {database: {address: a}}")
    ]
    with pytest.raises(ConfigError) as caught:
        planned(tmp_path, "openstack: {openstack: {cloud: prod, clouds_file: clouds.yaml}}")
    mend = "pip install 'cs-exporter[openstack]', or remove this key"
    message = f"needs openstacksdk, which is not installed; {mend}"
    assert f"{tmp_path}/cs_exporter.yml: platforms.openstack.openstack: {message}" == str(caught.value)


def test_both_kinds_stand_side_by_side(tmp_path: Path) -> None:
    """Each asked in its own way."""
    both = "cloudstack: {database: {address: db1}}\n  openstack: {database: {address: db2, cinder: ''}}"
    found = [one.target for platform in config(tmp_path, both).platforms for one in platform.endpoints]
    schemas = (Schema("nova", "nova"), Schema("neutron", "neutron"))
    expected = [CloudTarget(CloudKind.CLOUDSTACK, "cloud"), CloudTarget(CloudKind.OPENSTACK, schemas=schemas)]
    assert expected == found


def test_a_cloud_is_shown_by_the_keys_of_the_file(tmp_path: Path) -> None:
    """Where its passwords are stays hidden; which clouds.yaml an entry is of has to be seen."""
    given: dict[str, Any] = {
        "database": {"address": "db1", "nova": ["nova", "cell2"], "cinder": "", "password_file": "password"},
        "cells": [{"name": "east", "address": "db2", "schema": "nova_east", "password_file": "password"}],
        "openstack": {"cloud": "prod", "clouds_file": "clouds.yaml"},
    }
    text = shown(config(tmp_path, f"openstack: {json.dumps(given)}"))
    hidden = {"password_file": "<secret>"}
    expected = {
        "database": {**given["database"], **hidden},
        "cells": [{**given["cells"][0], **hidden}],
        "openstack": {"cloud": "prod", "clouds_file": "clouds.yaml"},
    }
    assert expected == yaml.safe_load(text)["platforms"]["openstack"]


def test_the_docs_say_a_clouds_own_times_where_they_are_no_others(tmp_path: Path) -> None:
    """Two clouds may be configured unlike, and each has cells; so their example, with another cloud beside its own."""
    blocks = (part.partition("```")[0] for part in DOCS.read_text(encoding="utf-8").split("```yaml\n")[1:])
    (example,) = (yaml.safe_load(block) for block in blocks if "nova_down_time" in block)
    other = {"type": "openstack", "database": {"address": "db9"}, "cells": [{"name": "a", "address": "db8"}]}
    (tmp_path / "clouds.yaml").write_text(CLOUDS)
    (tmp_path / "mysql_password").write_text("secret\n")
    path = tmp_path / "cs_exporter.yml"
    example |= {"ssh": {}, "defaults": {"connection": "local"}}
    example["platforms"]["other"] = other
    path.write_text(yaml.safe_dump(example))
    planned = [one for platform in load(path, PROBES, DERIVED).platforms for one in platform.endpoints]
    found = {one.name: one.profile.settings["openstack_agents"].model_dump()["nova_down_time"] for one in planned}
    assert {"openstack": 120.0, "openstack.east": 120.0, "other": 60.0, "other.a": 60.0} == found
