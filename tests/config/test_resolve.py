"""Layers lie over each other in their order; equal hosts share a profile; a mistake is blamed on who made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml
from pydantic import SecretStr

from cs_exporter.config import ConfigError, load
from cs_exporter.config.errors import path_text
from cs_exporter.config.profiles import Profile
from cs_exporter.config.resolve import HostPlan, Resolver
from cs_exporter.config.sections import compose
from cs_exporter.model import CollectorMode, Connection, Role
from tests.stub_probe import CLOCK, FLEET

SHAPE = compose((CLOCK,), (FLEET,))


def plans(text: str, directory: Path = Path("/nowhere")) -> tuple[list[HostPlan | None], list[str]]:
    """The plans of a file's text, and the mistakes as lines without the file."""
    sections = SHAPE(**yaml.safe_load(text))
    resolver = Resolver(sections, (CLOCK,), directory)
    found = [resolver.plan(index, block) for index, block in enumerate(sections.hosts)]
    return found, [f"{path_text(mistake.location)}: {mistake.message}" for mistake in resolver.mistakes]


def profile(text: str) -> Profile:
    """The profile of the last host of a text without mistakes."""
    found, mistakes = plans(text)
    assert [] == mistakes
    assert found[-1] is not None
    return found[-1].profile


LAYERS = """
ssh: {user: everyone, verify_host_key: false}
defaults:
  {connection: local, cloud_zone: z, cloud_pod: of-defaults, roles: [hypervisor], ssh: {user: of-defaults, port: 1}}
groups:
  first: {cloud_pod: of-first, cloud_cluster: of-first, ssh: {port: 2, mode: forced}, limits: {CsClockLost: 1}}
  second: {cloud_pod: of-second, roles: [storage, database], ssh: {port: 3}, limits: {CsClockSkewed: 2}}
hosts: [{name: a, groups: [first, second], ssh: {user: own}, maintenance: true, limits: {CsClockLost: 9}}]
"""


def test_the_narrowest_layer_counts() -> None:
    """Defaults, then groups in the host's order, then the host; ssh and limits key by key, roles as a whole."""
    found = profile(LAYERS)
    place = found.place
    assert ("z", "of-second", "of-first") == (place.cloud_zone, place.cloud_pod, place.cloud_cluster)
    assert ("own", 3, CollectorMode.FORCED) == (found.ssh.user, found.ssh.port, found.ssh.mode)
    assert {Role.STORAGE, Role.DATABASE} == found.roles
    assert {"CsClockLost": 9.0, "CsClockSkewed": 2.0} == dict(found.limits.symptoms)
    assert (True, Connection.LOCAL) == (found.maintenance, found.connection)


def test_the_order_of_groups_is_the_hosts_own() -> None:
    """Not that of the file."""
    found = profile(LAYERS.replace("[first, second]", "[second, first]"))
    assert ("of-first", 2) == (found.place.cloud_pod, found.ssh.port)


def test_what_a_layer_does_not_say_or_sets_to_null_is_the_broader_ones() -> None:
    """An empty line in a template must not undo the defaults."""
    found = profile(LAYERS.replace("maintenance: true", "cloud_zone: null, roles: null"))
    assert ("z", frozenset({Role.STORAGE, Role.DATABASE})) == (found.place.cloud_zone, found.roles)


def test_mounts_are_merged_by_mount_point_and_an_empty_list_ends_them() -> None:
    """A group adds its own to those of the defaults."""
    text = """
defaults: {connection: local, mounts: [{mountpoint: /a, server: s1, export: /e}]}
groups:
  more: {mounts: [{mountpoint: /b, server: s1, export: /e}, {mountpoint: /a/, server: s2, export: /e}]}
  none: {mounts: []}
hosts: [{name: a, groups: [GROUPS]}]
"""
    found = profile(text.replace("GROUPS", "more"))
    assert [("/a", "s2"), ("/b", "s1")] == [(mount["mountpoint"], mount["server"]) for mount in found.mounts]
    assert () == profile(text.replace("GROUPS", "none")).mounts
    found = profile(text.replace("GROUPS", "none, more"))
    assert ["/b", "/a"] == [mount["mountpoint"] for mount in found.mounts]


def test_probe_settings_are_merged_key_by_key_over_the_probes_section() -> None:
    """And validated as a whole, with the probe's own defaults for the rest."""
    found = profile("""
probes: {clock: {bad: 60, interval: 1m, password: hush, servers: [a, b]}}
defaults: {connection: local, probes: {clock: {interval: 2m}}}
groups: {slow: {probes: {clock: {worst: 50s}}}}
hosts: [{name: a, groups: [slow], probes: {clock: {servers: [c]}}}]
""").settings["clock"]
    expected: dict[str, Any] = {"bad": 60.0, "interval": 120.0, "worst": 50.0, "servers": ("c",)}
    assert expected == found.model_dump(include=set(expected))
    assert SecretStr("hush") == found.model_dump()["password"]


def test_equal_hosts_share_one_profile_and_equal_settings_one_object() -> None:
    """Ten thousand hosts must not cost ten thousand copies."""
    found, _ = plans("""
defaults: {connection: local}
groups: {fast: {probes: {clock: {interval: 15s}}}}
hosts:
  - {name: a, groups: [fast]}
  - {name: b, groups: [fast]}
  - {name: c, probes: {clock: {interval: 15s}}, maintenance: true}
  - {name: d, probes: {clock: {password: x, interval: 15s}}}
  - {name: e, probes: {clock: {password: y, interval: 15s}}}
""")
    a, b, c, d, e = (plan.profile for plan in found if plan is not None)
    assert a is b
    assert a.settings is c.settings
    assert d.settings != e.settings


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ("probes: {clock: {worst: 50}}", "hosts[0].probes.clock"),
        ("maintenance: true", "groups.slow.probes.clock"),
    ],
)
def test_settings_that_do_not_fit_are_blamed_on_the_narrowest_layer(overrides: str, field: str) -> None:
    """That is where the operator looks first."""
    found, mistakes = plans(f"""
probes: {{clock: {{bad: 5}}}}
defaults: {{connection: local}}
groups: {{slow: {{probes: {{clock: {{worst: 40}}}}}}}}
hosts: [{{name: a, groups: [slow], {overrides}}}]
""")
    worst = "50" if field.startswith("hosts") else "40"
    assert ([None], [f"{field}: worst is {worst} s and bad 5 s; make worst the smaller one"]) == (found, mistakes)


def test_a_timeout_may_be_as_long_as_the_interval() -> None:
    """And no longer; the file's default interval counts too."""
    head = "defaults: {connection: local}\nhosts: [{name: a, probes: {clock: "
    assert ([], ["hosts[0].probes.clock.timeout"]) == (
        plans(f"{head}{{timeout: 30s}}}}}}]")[1],
        [line.partition(": ")[0] for line in plans(f"{head}{{timeout: 31s}}}}}}]")[1]],
    )


def test_paths_are_taken_from_the_files_directory_and_checked_once(tmp_path: Path) -> None:
    """Wherever the daemon was started; `..` is tidied away."""
    (tmp_path / "known_hosts").touch()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(tmp_path / "id"))
    text = "ssh: {key_file: ../id, known_hosts: FILE}\nhosts: [{name: a}, {name: b}]"
    line = f"ssh.known_hosts: {tmp_path}/etc/known_hosts: no such file; create it or correct the path"
    assert [line] == plans(text.replace("FILE", "known_hosts"), tmp_path / "etc")[1]
    found, mistakes = plans(text.replace("FILE", "../known_hosts"), tmp_path / "etc")
    assert [] == mistakes
    assert found[0] is not None
    ssh = found[0].profile.ssh
    assert (f"{tmp_path}/id", f"{tmp_path}/known_hosts") == (ssh.key_file, ssh.known_hosts)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", ["ssh.key_file", "ssh.known_hosts"]),
        ("ssh: {verify_host_key: false}", ["ssh.key_file"]),
        ("defaults: {ssh: {verify_host_key: false}}", ["ssh.key_file"]),
        ("defaults: {connection: local}", []),
    ],
)
def test_ssh_needs_a_key_and_a_known_hosts_file_unless_that_is_given_up(text: str, missing: list[str]) -> None:
    """Said once for all hosts; a host that is asked locally needs neither."""
    hosts = "hosts: [{name: a}, {name: b}, {name: c, connection: local}]"
    assert missing == [line.partition(": is missing, and ")[0] for line in plans(f"{text}\n{hosts}")[1]]


def test_nested_values_of_a_layer_are_not_changed_by_the_layers_above() -> None:
    """A second host of the same group must not inherit from the first."""
    found, _ = plans("""
defaults: {connection: local, limits: {CsClockLost: 1}}
hosts: [{name: a, limits: {CsClockLost: 2, CsClockSkewed: 3}}, {name: b}]
""")
    assert found[1] is not None
    assert {"CsClockLost": 1.0} == dict(found[1].profile.limits.symptoms)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("global: {timeout: 3s}", "a run of time_drift may take 3 s and has to wait up to 4 s"),
        ("probes: {nfs_mounts: {statfs_limit: 12}}", "a run of nfs_mounts may take 10 s and has to wait up to 12 s"),
        ("global: {interval: 4s}\nprobes: {nfs_mounts: {interval: 4s}}", "a run of nfs_mounts may take 3.6 s"),
    ],
)
def test_a_run_must_have_time_for_its_verdict(tmp_path: Path, section: str, expected: str) -> None:
    """A hung mount that is told as a timed-out run would have no values exactly when they matter."""
    file = tmp_path / "cs_exporter.yml"
    file.write_text(f"{section}\nhosts: [{{name: here, connection: local}}]\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert expected in str(caught.value)


def test_a_disabled_probe_waits_for_nothing(tmp_path: Path) -> None:
    """Whoever takes it out shall not have to make room for it."""
    file = tmp_path / "cs_exporter.yml"
    file.write_text(
        "probes: {nfs_mounts: {statfs_limit: 12, enabled: false}}\nhosts: [{name: here, connection: local}]\n"
    )
    (plan,) = load(file).plans
    assert not plan.profile.settings["nfs_mounts"].enabled
