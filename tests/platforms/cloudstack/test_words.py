"""What both sources of a cloud agree on: planned work, NFS servers, names that occur twice."""

from __future__ import annotations

import pytest

from cs_exporter.model import CloudHost, Place, Role, Traffic
from cs_exporter.platforms.cloudstack import words


def host(name: str, address: str, **more: str) -> CloudHost:
    """A hypervisor; `more`: addresses by traffic."""
    addresses = {Traffic(traffic): given for traffic, given in more.items()}
    return CloudHost(f"{name or 'x'}-0123456789", name, address, frozenset({Role.HYPERVISOR}), addresses=addresses)


def test_planned_work() -> None:
    """What has failed, and what the cloud does by itself, is not planned."""
    assert {"PrepareForMaintenance", "Maintenance"} == words.PLANNED
    assert {"PreparingForMaintenance", "Maintenance", "ReadyToShutDown"} <= words.SERVER_PLANNED


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("nfs://192.0.2.7/export/secondary", ("192.0.2.7", "/export/secondary")),
        ("nfs://nfs.example:2049/export", ("nfs.example", "/export")),
        ("nfs://[2001:db8::7]/export", ("2001:db8::7", "/export")),
        ("NFS://192.0.2.7/e", ("192.0.2.7", "/e")),
        ("nfs:///export", None),
        ("nfs://[/export", None),
        ("https://s3.example/bucket", None),
        ("", None),
    ],
)
def test_nfs_source(url: str, expected: tuple[str, str] | None) -> None:
    """Only NFS, with a server."""
    assert expected == words.nfs_source(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("nfs://192.0.2.7/export", "nfs://192.0.2.7/export"),
        ("cifs://user:secret@192.0.2.7/share?user=a&password=b", "cifs://192.0.2.7/share"),
        ("/share?user=a&password=b", "/share"),
        ("https://key:p@ss@s3.example", "https://s3.example"),
        ("", ""),
    ],
)
def test_without_secrets(url: str, expected: str) -> None:
    """What is shown has neither account nor password."""
    assert expected == words.without_secrets(url)


def test_nfs_servers() -> None:
    """One per address, in its zone if that is the only one; a machine that is there already gets the role."""
    hosts = (host("kvm1", "192.0.2.11", storage="198.51.100.11"), host("kvm2", "192.0.2.12"))
    servers = [
        ("198.51.100.11", "z1"),
        ("kvm2", "z1"),
        ("192.0.2.40", "z1"),
        ("192.0.2.41", "z1"),
        ("192.0.2.41", "z2"),
    ]
    first, second, third, fourth = words.with_storage(hosts, servers)
    assert [{Role.HYPERVISOR, Role.STORAGE}] * 2 == [first.roles, second.roles]
    assert ("nfs:192.0.2.40", "192.0.2.40", Place("z1"), False) == (third.uuid, third.name, third.place, third.asked)
    assert ("nfs:192.0.2.41", Place()) == (fourth.uuid, fourth.place)
    assert {Role.STORAGE} == fourth.roles


def test_names() -> None:
    """Of those that share a name the first keeps it; who has none is called by its address."""
    hosts = (host("kvm1", "192.0.2.11"), host("kvm1", "192.0.2.12"), host("", "192.0.2.13"))
    assert ["kvm1", "kvm1-kvm1-012", "192.0.2.13"] == [each.name for each in words.distinct(hosts)]


def test_settings() -> None:
    """By the names that the probe's settings have."""
    assert {"agent_heartbeat": {"ping_interval": 60.0, "ping_timeout": 2.5}} == words.heartbeat_settings(60.0, 2.5)


def test_a_row_that_says_nothing_is_no_machine() -> None:
    """With neither name nor uuid it could never be known again."""
    assert () == words.distinct([CloudHost("", "", "192.0.2.13", frozenset({Role.HYPERVISOR}))])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("::ffff:192.0.2.3", "192.0.2.3"),
        ("::FFFF:192.0.2.3", "192.0.2.3"),
        ("192.0.2.3", "192.0.2.3"),
        ("2001:db8::ffff:3", "2001:db8::ffff:3"),
        ("::ffff:2001:db8::3", "::ffff:2001:db8::3"),
        ("Kvm1.example", "Kvm1.example"),
        ("", ""),
    ],
)
def test_mapped_addresses(address: str, expected: str) -> None:
    """One machine has one address, however its server wrote it down: a storage server is found by it."""
    assert expected == words.unmapped(address)
    [found] = words.with_storage([host("kvm1", address, storage=address)], [(expected, "z1")] if expected else [])
    assert (expected, expected) == (found.address, found.addresses[Traffic.STORAGE])


def test_machines_without_an_address_are_named() -> None:
    """A few of them."""
    assert () == words.without_address([])
    assert ("addresses of a, b: they have none now",) == words.without_address(["b", "a"])
    assert ("addresses of a, b, c, d, e, ...: they have none now",) == words.without_address("gfedcba")
