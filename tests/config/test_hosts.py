"""A host's block: which hosts it stands for, and what its fields may be; the bad ones are in the captures."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cs_exporter.config.hosts import HostBlock, HostFields, Member, MountBlock
from cs_exporter.config.types import empty_where_null, host_address


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("fd00:0:0::1", "fd00::1"),
        ("FD00::0001", "fd00::1"),
        ("fd00:0:0:0:0:0:0:1", "fd00::1"),
        ("FE80::1%eth0", "fe80::1%eth0"),
        ("::FFFF:c000:0201", "::ffff:192.0.2.1"),
    ],
)
def test_an_address_has_one_spelling(written: str, usual: str) -> None:
    """Wherever it stands: the kernel writes it in the usual one."""
    assert usual == host_address(written)
    assert usual == MountBlock.model_validate({"mountpoint": "/a", "server": written, "export": "/e"}).server
    assert [Member("kvm1", usual)] == HostBlock(name="kvm1", address=written).members()


def test_a_block_without_an_address_is_reached_by_its_name() -> None:
    """With a range, each by its own."""
    assert [Member("kvm1", "kvm1"), Member("kvm2", "kvm2")] == HostBlock(name="kvm[1-2]").members()


def test_two_ranges_run_together() -> None:
    """First with first, and with an address family whose text has colons."""
    block = HostBlock(name="kvm[08-10]", address="2001:db8::[1-3]")
    assert [
        Member("kvm08", "2001:db8::1"),
        Member("kvm09", "2001:db8::2"),
        Member("kvm10", "2001:db8::3"),
    ] == block.members()


def test_ranges_of_different_length_are_refused() -> None:
    """Nobody could say who has which address."""
    with pytest.raises(ValueError, match=r"makes 3 and the name makes 2; give both ranges the same length"):
        HostBlock(name="kvm[1-2]", address="192.0.2.[1-3]").members()


@pytest.mark.parametrize(
    ("given_version", "version"), [(3, "3"), (4, "4"), (4.1, "4.1"), ("4.2", "4.2"), (4.0, "4.0"), (None, None)]
)
def test_a_version_may_be_written_as_a_number(given_version: object, version: str | None) -> None:
    """YAML makes one of 4.1."""
    mount = {"mountpoint": "/a", "server": "nfs1", "export": "/e", "version": given_version}
    assert version == MountBlock.model_validate(mount).version


def test_a_slash_at_the_end_of_a_path_does_not_count() -> None:
    """The kernel shows none; the root keeps its own."""
    mount = MountBlock(mountpoint="/mnt/a/", server="nfs1", export="/")
    assert ("/mnt/a", "/") == (mount.mountpoint, mount.export)


def test_what_is_not_said_is_none() -> None:
    """So that the next broader layer decides; a section that is null says nothing."""
    assert {} == HostFields.model_validate({"ssh": None, "roles": None}).model_dump(exclude_none=True)
    assert ({}, 0) == (empty_where_null(None), empty_where_null(0))


def test_unknown_keys_are_refused() -> None:
    """A misspelt key would otherwise do nothing."""
    with pytest.raises(ValidationError, match="extra_forbidden"):
        HostBlock.model_validate({"name": "kvm1", "adress": "192.0.2.1"})
