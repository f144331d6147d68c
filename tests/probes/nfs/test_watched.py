"""Which mounts are watched, and whether a mount is the one that was expected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import Mount
from cs_exporter.parsers import mountinfo
from cs_exporter.parsers.mountinfo import MountInfo
from cs_exporter.probes.nfs.watched import MAX_UNLISTED, comes_from, other_address, split_source, unlisted
from tests.probes.nfs.nfs_stand import FIRST, SECOND, capture, pools

AUTOFS = "40 25 0:90 / {} rw - autofs /etc/auto.nfs rw,fd=7,direct"


def nfs(mountpoint: str, device: str = "0:41", source: str = "10.0.0.1:/x", options: str = "rw,addr=10.0.0.1") -> str:
    """A line of mountinfo."""
    return f"30 25 {device} / {mountpoint} rw - nfs4 {source} {options}"


def found(*lines: str, listed: tuple[Mount, ...] = ()) -> list[str]:
    """The mount points of the unlisted mounts."""
    return [mount.mountpoint for mount in unlisted(mountinfo.parse("\n".join(lines)), listed)]


def one(line: str) -> MountInfo:
    """The mount of a line."""
    (mount,) = mountinfo.parse(line)
    return mount


def test_unlisted_mounts_of_a_real_host() -> None:
    """All NFS mounts of a host are found, those that are listed excepted."""
    mounts = mountinfo.parse(capture("healthy", "mountinfo"))
    assert [FIRST, SECOND] == [mount.mountpoint for mount in unlisted(mounts, ())]
    assert [SECOND] == [mount.mountpoint for mount in unlisted(mounts, pools("healthy")[:1])]


def test_an_unlisted_mount_is_named_after_its_source() -> None:
    """Without settings a mount is labelled by what the kernel calls it, and may be read-only."""
    (mount,) = unlisted(mountinfo.parse(nfs("/mnt/iso", source="nas:/iso", options="ro,addr=10.0.0.7")), ())
    assert Mount("/mnt/iso", "nas", "10.0.0.7", "/iso", readonly=True) == mount


def test_one_file_system_is_watched_once() -> None:
    """What containers bind from a mount, listed or not, hangs with it: it needs no look of its own."""
    bound = nfs("/var/lib/containers/a", device="0:41")
    other = nfs("/mnt/b", device="0:42")
    assert ["/mnt/a", "/mnt/b"] == found(nfs("/mnt/a"), bound, other)
    assert ["/mnt/b"] == found(nfs("/mnt/a"), bound, other, listed=(Mount("/mnt/a", "s", "10.0.0.1", "/x"),))


@pytest.mark.parametrize(
    "lines",
    [
        (AUTOFS.format("/home"), nfs("/home/ann")),
        (AUTOFS.format("/home/ann"), nfs("/home/ann")),
        (nfs("/mnt/a"), nfs("/mnt/a/.snapshot/daily", device="0:50")),
    ],
    ids=["below an automounter", "in an automounter's place", "below another NFS mount"],
)
def test_mounts_that_come_and_go_are_left_alone(lines: tuple[str, ...]) -> None:
    """Looking at a mount that would end by itself would keep it for ever; a guest does not do that."""
    assert found(*lines) in ([], ["/mnt/a"])


def test_a_root_file_system_on_nfs_hides_nothing() -> None:
    """Everything is below / on a machine without disks; its other mounts are watched all the same."""
    assert ["/", "/mnt/a"] == found(nfs("/", device="0:40"), nfs("/mnt/a"))


def test_other_file_systems_are_not_watched() -> None:
    """Only NFS can hang in this way, and a tmpfs over an NFS mount hides it."""
    covered = "31 30 0:60 / /mnt/a rw - tmpfs tmpfs rw"
    assert [] == found("25 1 254:0 / / rw - ext4 /dev/vda rw", nfs("/mnt/a"), covered)


def test_unlisted_mounts_are_bounded() -> None:
    """A host with hundreds of mounts is not made to start hundreds of processes per poll."""
    lines = [nfs(f"/mnt/{number}", device=f"0:{number}") for number in range(MAX_UNLISTED * 3)]
    assert MAX_UNLISTED == len(found(*lines))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("10.0.0.1:/export/a", ("10.0.0.1", "/export/a")),
        ("nas:/", ("nas", "/")),
        ("[2001:db8::1]:/a", ("2001:db8::1", "/a")),
        ("gluster1:volume", ("gluster1", "volume")),
        ("/dev/sdb1", ("/dev/sdb1", "")),
    ],
)
def test_sources(source: str, expected: tuple[str, str]) -> None:
    """Server and export of each form that a source may have."""
    assert expected == split_source(source)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (nfs("/mnt/a", source="10.0.0.1:/x"), True),
        (nfs("/mnt/a", source="10.0.0.1:/x/"), True),
        (nfs("/mnt/a", source="storage.example:/x"), True),
        (nfs("/mnt/a", source="10.99.0.5:/x", options="rw,addr=10.99.0.5"), True),
        (nfs("/mnt/a", source="10.0.0.1:/y"), False),
        (nfs("/mnt/a", source="10.0.0.1:/x/below"), False),
        (nfs("/mnt/a", source="10.0.0.1:/"), False),
        ("30 25 0:41 / /mnt/a rw - tmpfs x rw", False),
        ("30 25 8:1 / /mnt/a rw - ext4 /x rw", False),
    ],
)
def test_the_expected_source(line: str, *, expected: bool) -> None:
    """Another export is another mount; another address of a server may well be the same."""
    assert expected is comes_from(one(line), Mount("/mnt/a", "nas1", "10.0.0.1", "/x"))


def test_the_root_of_a_server() -> None:
    """Exported as a whole it has no path, which what is no NFS mount has neither."""
    wanted = Mount("/mnt/a", "nas1", "10.0.0.1", "/")
    assert comes_from(one(nfs("/mnt/a", source="10.0.0.1:/")), wanted)
    assert not comes_from(one("30 25 8:1 / /mnt/a rw - ext4 /dev/sdb1 rw"), wanted)


@pytest.mark.parametrize(
    ("source", "address", "wanted", "expected"),
    [
        ("10.0.0.1:/x", "10.0.0.1", "10.0.0.1", ""),
        ("storage.example:/x", "10.0.0.1", "10.0.0.1", ""),
        ("NAS1:/x", "10.99.0.5", "10.0.0.1", ""),
        ("10.99.0.5:/x", "10.99.0.5", "10.0.0.1", "10.99.0.5"),
        ("storage.example:/x", "10.99.0.5", "10.0.0.1", "10.99.0.5"),
        ("nas-storage:/x", "10.0.0.1", "nas1.example", ""),
        ("[fd00::1]:/x", "fd00::1", "fd00:0:0::1", ""),
        ("[fd00::1]:/x", "fd00::1", "FD00::0001", ""),
        ("10.0.0.1:/x", "::ffff:10.0.0.1", "10.0.0.1", ""),
        ("[fd00::2]:/x", "fd00::2", "fd00::1", "fd00::2"),
    ],
)
def test_another_address(source: str, address: str, wanted: str, expected: str) -> None:
    """Addresses compare by what they are, not by how they are spelt; two names can't be compared."""
    mount = one(nfs("/mnt/a", source=source, options=f"rw,addr={address}"))
    assert expected == other_address(mount, Mount("/mnt/a", "nas1", wanted, "/x"))


def test_fuse_mounts_may_be_expected() -> None:
    """A shared mount point of another kind counts when its source is the expected one."""
    mount = one("30 25 0:41 / /mnt/shared rw - fuse.sshfs 10.0.0.1:/x rw,user_id=0")
    assert comes_from(mount, Mount("/mnt/shared", "nas1", "10.0.0.1", "/x"))


@given(st.text())
def test_any_source(source: str) -> None:
    """Any text has a server and an export, perhaps empty ones."""
    server, export = split_source(source)
    assert len(server) + len(export) <= len(source)
