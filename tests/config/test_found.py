"""What a cloud says of a host lies under what is written and over the rest; what of it can't be used costs that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import asyncssh
import pytest

from cs_exporter.config import Config, load
from cs_exporter.config.found import Fleet, fleet
from cs_exporter.config.profiles import Profile
from cs_exporter.model import Census, CloudHost, CloudMount, Connection, Place, Role
from tests.stub_probe import CLOCK, FLEET, ClockSettings

KVM, NFS = frozenset({Role.HYPERVISOR}), frozenset({Role.STORAGE})
CLOUD = "platforms: {dc1: {type: cloudstack, database: {address: db1}, hosts: {ssh: {user: guest}}}}\n"
OTHER = (
    "platforms: {b: {type: cloudstack, database: {address: db2}}, dc1: {type: cloudstack, database: {address: a}}}\n"
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """One with a key."""
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(tmp_path / "id"))
    return tmp_path


def config(directory: Path, text: str) -> Config:
    """The configuration of a text, with a key for all hosts and the stub probe."""
    path = directory / "cs_exporter.yml"
    path.write_text(f"ssh: {{key_file: id, verify_host_key: false}}\n{text}")
    return load(path, (CLOCK,), (FLEET,))


def of(directory: Path, text: str, *hosts: CloudHost) -> tuple[Fleet, list[str]]:
    """The fleet with these hosts of dc1, and what was told."""
    told: list[str] = []
    return fleet(config(directory, text), {"dc1": Census(hosts)}, told.append), told


def profile(directory: Path, text: str, host: CloudHost) -> Profile:
    """The profile of the only host, of which all could be used."""
    found, told = of(directory, text, host)
    (plan,) = found.plans
    assert [] == told
    return plan.profile


def row(**fields: Any) -> CloudHost:  # noqa: ANN401  # any field of a cloud's host
    """A hypervisor of the cloud."""
    return CloudHost(**{"uuid": "u1", "name": "kvm1", "address": "192.0.2.1", "roles": KVM, **fields})


def test_a_host_that_is_found_has_what_its_cloud_says_over_what_all_have(directory: Path) -> None:
    """Roles, place, mounts and TLS from the cloud; the account from the platform; the rest as everywhere."""
    text = CLOUD + "defaults: {cloud_zone: z0, cloud_pod: p0, roles: [storage], limits: {CsClockLost: 3}}"
    mounts = (CloudMount("/mnt/a", "192.0.2.9", "/export"),)
    found = profile(directory, text, row(place=Place("z1", "", "c1", "KVM"), mounts=mounts, secured=True))
    expected = Place("z1", "p0", "c1", "KVM")
    assert ("dc1", KVM, expected, True) == (found.platform, found.roles, found.place, found.secured)
    assert ("guest", {"CsClockLost": 3.0}) == (found.ssh.user, dict(found.limits.symptoms))
    assert [("/mnt/a", "192.0.2.9", "/export")] == [
        (mount["mountpoint"], mount["server"], mount["export"]) for mount in found.mounts
    ]
    assert Connection.SSH is found.connection


def test_what_is_written_for_it_wins(directory: Path) -> None:
    """The block and its groups; the rest still comes from the cloud."""
    text = CLOUD + (
        "groups: {g: {cloud_pod: mine, mounts: []}}\n"
        "hosts: [{name: own, address: 192.0.2.1, groups: [g], ssh: {user: me}, roles: [hypervisor, storage]}]"
    )
    host = row(place=Place("z1", "p1"), mounts=(CloudMount("/mnt/a", "n", "/e"),), addresses={})
    found, _ = of(directory, text, host)
    (plan,) = found.plans
    assert ["own"] == [member.name for member in plan.members]
    assert (Place("z1", "mine"), "me", KVM | NFS, ()) == (
        plan.profile.place,
        plan.profile.ssh.user,
        plan.profile.roles,
        plan.profile.mounts,
    )
    assert {"u1": "own"} == dict(found.names["dc1"])


@pytest.mark.parametrize(
    ("block", "address"),
    [("{name: kvm1}", "192.0.2.1"), ("{name: kvm1, address: 198.51.100.1}", "198.51.100.1")],
)
def test_its_address_is_the_clouds_unless_one_is_written(directory: Path, block: str, address: str) -> None:
    """A block that only names it says nothing of where it is."""
    found, _ = of(directory, f"{CLOUD}hosts: [{block}]", row())
    assert [address] == [member.address for plan in found.plans for member in plan.members]


@pytest.mark.parametrize(("written", "cloud"), [(True, False), (False, True), (True, True)])
def test_maintenance_is_either_ones_word(directory: Path, written: bool, cloud: bool) -> None:  # noqa: FBT001
    """Neither of the two knows of what the other plans."""
    text = f"{CLOUD}hosts: [{{name: kvm1, maintenance: {str(written).lower()}}}]"
    assert profile(directory, text, row(maintenance=cloud)).maintenance
    assert not profile(directory, f"{CLOUD}hosts: [{{name: kvm1}}]", row()).maintenance


@pytest.mark.parametrize(
    ("block", "host", "expected"),
    [
        ("", row(asked=False), Connection.NONE),
        ("{name: kvm1}", row(asked=False), Connection.NONE),
        ("{name: kvm1, connection: ssh}", row(asked=False), Connection.SSH),
        ("{name: kvm1, connection: none}", row(), Connection.NONE),
        ("", row(asked=False, roles=NFS), Connection.NONE),
        ("{name: kvm1}", row(asked=False, roles=NFS), Connection.SSH),
        ("{name: kvm1}", row(asked=False, roles=KVM | NFS), Connection.SSH),
    ],
)
def test_who_is_logged_in_to(directory: Path, block: str, host: CloudHost, expected: Connection) -> None:
    """As the cloud says, unless it is written; and a storage server that is written down is meant to be asked."""
    assert expected is profile(directory, f"{CLOUD}hosts: [{block}]", host).connection


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 45.0),
        ("probes: {clock: {interval: 20s}}", 20.0),
        ("defaults: {probes: {clock: {interval: 20s}}}", 20.0),
        ("hosts: [{name: kvm1, probes: {clock: {interval: 20s}}}]", 20.0),
        ("probes: {clock: {worst: 5s}}", 45.0),
    ],
)
def test_the_clouds_settings_count_where_nobody_wrote_another(directory: Path, text: str, expected: float) -> None:
    """Key by key, wherever it is written."""
    found = profile(directory, f"{CLOUD}{text}", row(settings={"clock": {"interval": 45.0}}))
    assert expected == found.settings["clock"].interval


@pytest.mark.parametrize("settings", [{"clock": {"worst": 50.0}}, {"clock": {"tock": 1.0}}])
def test_settings_of_the_cloud_that_do_not_fit_are_left_out_and_told(
    directory: Path, settings: dict[str, dict[str, float]]
) -> None:
    """In one line for all hosts that have them."""
    hosts = [row(uuid=f"u{i}", name=f"kvm{i}", address=f"192.0.2.{i}", settings=settings) for i in range(5)]
    found, told = of(directory, CLOUD, *hosts)
    assert ([2.0] * 5, 1) == ([plan.profile.settings["clock"].model_dump()["worst"] for plan in found.plans], len(told))
    assert told[0].startswith(
        "kvm0, kvm1, kvm2 and 2 more: the cloud's own settings are not used: platforms.dc1.probes"
    )


def test_a_host_for_which_the_clouds_word_does_not_fit_at_all_is_as_it_is_written(directory: Path) -> None:
    """The others are what they are."""
    text = (
        "platforms: {dc1: {type: cloudstack, database: {address: db1}, hosts: {probes: {clock: {bad: 2500ms}}}}}\n"
        "hosts: [{name: kvm1, probes: {clock: {worst: 3s}}}, {name: kvm2}]"
    )
    found, told = of(directory, text, row(), row(uuid="u2", name="kvm2", address="192.0.2.2"))
    assert ["kvm1", "kvm2"] == [member.name for plan in found.plans for member in plan.members]
    assert [3.0, 2.0] == [plan.profile.settings["clock"].model_dump()["worst"] for plan in found.plans]
    line = "kvm1: what the cloud says of it is not used: hosts[0].probes.clock: worst is 3 s and bad 2.5 s"
    assert 1 == len(told)
    assert told[0].startswith(line)


class Picky(ClockSettings):
    """Settings that fit no storage server."""

    def for_roles(self, roles: frozenset[Role]) -> Self:
        """As they are, or none at all."""
        return type(self).model_validate({"bad": -1}) if Role.STORAGE in roles else self


def test_a_host_that_nothing_fits_is_left_out(directory: Path) -> None:
    """And nobody speaks of it by a name that no host has."""
    path = directory / "cs_exporter.yml"
    path.write_text("defaults: {connection: local}\nplatforms: {cloudstack: {database: {address: db1}}}")
    told: list[str] = []
    hosts = (row(), row(uuid="u2", name="nfs1", address="192.0.2.2", roles=NFS))
    loaded = load(path, (replace(CLOCK, settings=Picky),), (FLEET,))
    found = fleet(loaded, {"cloudstack": Census(hosts)}, told.append)
    assert ({"u1": "kvm1"}, 1) == (dict(found.names["cloudstack"]), len(found.plans))
    assert ["nfs1: is left out: probes: "] == [line[:27] for line in told]


def test_a_mount_that_is_not_understood_is_told(directory: Path) -> None:
    """The others are there; whatever the table of pools holds."""
    mounts = (CloudMount("here", "n", "/e"), CloudMount("/a", "n:0:", "/e"), CloudMount("/b", "nfs1", "/e"))
    found, told = of(directory, CLOUD, row(mounts=mounts))
    assert ["/b"] == [mount["mountpoint"] for mount in found.plans[0].profile.mounts]
    assert [
        "kvm1: its mount of n:/e at 'here' is not understood",
        "kvm1: its mount of n:0::/e at '/a' is not understood",
    ] == told


def test_a_host_without_an_address_is_nobody_to_log_in_to(directory: Path) -> None:
    """It has a state in the cloud all the same."""
    found, told = of(directory, CLOUD, row(address=""))
    assert ["kvm1: the cloud gives no address, so nobody is asked there"] == told
    assert [("", Connection.NONE)] == [(plan.members[0].address, plan.profile.connection) for plan in found.plans]


def test_written_hosts_stay_in_their_order_and_found_ones_follow(directory: Path) -> None:
    """Also those of a range of which some are found."""
    text = f"{CLOUD}hosts: [{{name: 'kvm[1-4]'}}, {{name: nfs1}}]"
    hosts = [row(uuid=f"u{i}", name=f"kvm{i}", address=f"192.0.2.{i}") for i in (9, 3)]
    found, _ = of(directory, text, *hosts)
    assert [["kvm1", "kvm2"], ["kvm3"], ["kvm4"], ["nfs1"], ["kvm9"]] == [
        [member.name for member in plan.members] for plan in found.plans
    ]
    assert {"u9": "kvm9", "u3": "kvm3"} == dict(found.names["dc1"])


def test_equal_hosts_share_a_profile(directory: Path) -> None:
    """Ten thousand found hosts must not cost ten thousand copies."""
    settings = {"clock": {"interval": 45.0}}
    hosts = [row(uuid=f"u{i}", name=f"kvm{i}", address=f"192.0.2.{i}", settings=settings) for i in range(3)]
    found, _ = of(
        directory, CLOUD, *hosts, row(uuid="u9", name="kvm9", address="192.0.2.9", settings=settings, maintenance=True)
    )
    first, second, third, last = (plan.profile for plan in found.plans)
    assert first is second is third
    assert first.settings is last.settings


def test_written_hosts_belong_to_the_only_platform_or_say_whose_they_are(directory: Path) -> None:
    """A database written by hand belongs to the one cloud there is; of two, nobody can know."""
    texts = (
        f"{CLOUD}hosts: [{{name: a}}]",
        f"{OTHER}hosts: [{{name: a}}]",
        f"{OTHER}groups: {{g: {{platform: b}}}}\nhosts: [{{name: a, groups: [g]}}]",
        "hosts: [{name: a}]",
    )
    assert ["dc1", "static", "b", "static"] == [of(directory, text)[0].plans[0].profile.platform for text in texts]


def test_a_written_host_that_is_found_belongs_where_it_is_found(directory: Path) -> None:
    """And where both clouds have one of that name, to the first."""
    loaded = config(directory, f"{OTHER}hosts: [{{name: kvm1}}]")
    found = fleet(loaded, {"dc1": Census((row(),)), "b": Census((row(uuid="v1", address="192.0.2.7"),))}, print)
    assert [("kvm1", "b"), ("kvm1@dc1", "dc1")] == [
        (plan.members[0].name, plan.profile.platform) for plan in found.plans
    ]
    (only,) = fleet(loaded, {"dc1": Census((row(),))}, print).plans
    assert ("kvm1", "dc1") == (only.members[0].name, only.profile.platform)


def test_the_census_of_an_unknown_platform_is_nobodys(directory: Path) -> None:
    """One that a reload took away may still answer."""
    found = fleet(config(directory, CLOUD), {"gone": Census((row(),))}, print)
    assert ((), {"dc1": {}}) == (found.plans, {name: dict(names) for name, names in found.names.items()})


def test_names_that_are_ignored_are_nobody(directory: Path) -> None:
    """Whichever of its patterns one has; another cloud's are not meant, nor is who is only written."""
    text = CLOUD.replace("hosts: {ssh", "ignore: ['pod-*', 'rbd[12]'], hosts: {ssh") + "hosts: [{name: rbd1}]"
    names = ("kvm1", "pod-7f9c", "apod-7", "rbd1", "rbd3", "Pod-1")
    found, told = of(directory, text, *(row(uuid=name, name=name, address="") for name in names))
    watched = ["Pod-1", "apod-7", "kvm1", "rbd3"]
    assert (watched, sorted([*watched, "rbd1"])) == (
        sorted(found.names["dc1"]),
        sorted(member.name for plan in found.plans for member in plan.members),
    )
    assert not any("pod-7f9c" in line for line in told)


@pytest.mark.parametrize("roles", [frozenset({Role.CONTROLLER}), frozenset()])
def test_a_name_of_which_only_the_cloud_tells_is_asked_where_it_is_written(
    directory: Path, roles: frozenset[Role]
) -> None:
    """Of a server of volumes by its own name, or by one of the backend, the cloud knows no difference."""
    host = row(name="block1", uuid="block1", address="", asked=False, roles=roles)
    found = [of(directory, f"{CLOUD}hosts: [{block}]", host)[0] for block in ("", "{name: block1}")]
    expected = [[("", Connection.NONE)], [("block1", Connection.SSH)]]
    assert expected == [[(one.members[0].address, one.profile.connection) for one in fleet.plans] for fleet in found]
