"""/proc/self/mountinfo: every captured host is understood, and nothing but UnparsableError comes out of nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import mountinfo
from cs_exporter.parsers.mountinfo import MountInfo, escape, unescape
from tests.parsers.outcomes import outcome

CAPTURES = sorted((Path(__file__).parents[1] / "captures" / "nfs").glob("*/mountinfo.txt"))
ROOT = "25 1 254:0 / / rw,noatime shared:1 - ext4 /dev/vda rw"


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.parent.name)
def test_captured_hosts(path: Path) -> None:
    """Each captured host has a root file system, and NFS mounts with source, version and address."""
    mounts = mountinfo.visible(mountinfo.parse(path.read_text(encoding="utf-8")))
    nfs = [mount for mount in mounts.values() if mount.fstype.startswith("nfs")]
    assert "/" in mounts
    assert nfs
    assert all(":/" in mount.source and mount.option("vers") and mount.option("addr") for mount in nfs)


def test_every_field_of_a_line() -> None:
    """The fields land where proc(5) says, whatever the number of optional ones."""
    line = "36 35 98:0 /sub /mnt/a rw,noatime shared:2 master:1 unbindable - nfs4 10.0.0.1:/x rw,vers=4.1,hard"
    expected = MountInfo(
        device="98:0",
        root="/sub",
        mountpoint="/mnt/a",
        options=("rw", "noatime"),
        fstype="nfs4",
        source="10.0.0.1:/x",
        super_options=("rw", "vers=4.1", "hard"),
    )
    assert (expected,) == mountinfo.parse(line + "\n")


def test_a_line_without_optional_fields() -> None:
    """The lone hyphen may follow the options at once."""
    (mount,) = mountinfo.parse("16 1 0:15 / / rw,relatime - hostfs root rw,/srv/root")
    assert ("hostfs", "root") == (mount.fstype, mount.source)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (r"/mnt/with\040blank", "/mnt/with blank"),
        (r"/mnt/tab\011and\012newline", "/mnt/tab\tand\nnewline"),
        (r"/mnt/back\134slash", r"/mnt/back\slash"),
        (r"/mnt/back\134040", r"/mnt/back\040"),
        (r"/mnt/\9 is no octal number", r"/mnt/\9 is no octal number"),
    ],
)
def test_octal_escapes(field: str, expected: str) -> None:
    """What the kernel wrote as octal numbers is read once, not twice."""
    assert expected == mountinfo.unescape(field)


def test_the_last_mount_on_a_mountpoint_covers_the_others() -> None:
    """What was mounted later on the same mount point is what processes see."""
    below = "30 25 0:40 / /mnt/a rw - nfs 10.0.0.1:/x rw,vers=3"
    above = "31 30 0:41 / /mnt/a rw - tmpfs tmpfs rw"
    visible = mountinfo.visible(mountinfo.parse(f"{ROOT}\n{below}\n{above}\n"))
    assert "tmpfs" == visible["/mnt/a"].fstype


@pytest.mark.parametrize(
    ("options", "super_options", "expected"),
    [("ro,relatime", "rw,vers=3", True), ("rw", "ro,vers=3", True), ("rw,relatime", "rw,proto=tcp", False)],
)
def test_readonly(*, options: str, super_options: str, expected: bool) -> None:
    """A mount is read-only by its own options or by those of its file system."""
    (mount,) = mountinfo.parse(f"30 25 0:40 / /mnt/a {options} - nfs 10.0.0.1:/x {super_options}")
    assert expected is mount.readonly


def test_an_option_is_found_by_its_whole_name() -> None:
    """`addr=` is not mistaken for `mountaddr=`, and a missing option is None."""
    (mount,) = mountinfo.parse("30 25 0:40 / /mnt/a rw - nfs h:/x rw,mountaddr=10.0.0.9,addr=10.0.0.1")
    assert ("10.0.0.1", None) == (mount.option("addr"), mount.option("vers"))


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "36 35 98:0 / /mnt rw shared:1 nfs h:/x rw",
        "36 35 98:0 / /mnt rw - nfs",
        "a 35 98:0 / /mnt rw - nfs h:/x rw",
        "36 35 98 / /mnt rw - nfs h:/x rw",
    ],
)
def test_what_is_not_mountinfo(line: str) -> None:
    """A line of another form is refused, and quoted."""
    with pytest.raises(UnparsableError, match=line[:20]):
        mountinfo.parse(f"{ROOT}\n{line}\n")


@given(st.text())
def test_any_text(text: str) -> None:
    """Any text gives mounts or UnparsableError."""
    assert isinstance(outcome(mountinfo.parse, text), tuple | UnparsableError)


@given(st.data())
def test_any_damage_to_a_capture(data: st.DataObject) -> None:
    """A real file with a piece cut out or put in gives mounts or UnparsableError."""
    text = CAPTURES[0].read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    damaged = text[:start] + data.draw(st.text()) + text[end:]
    assert isinstance(outcome(mountinfo.parse, damaged), tuple | UnparsableError)


@given(st.text())
def test_a_path_survives_the_kernels_spelling(path: str) -> None:
    """What is escaped as the kernel does it reads as before, and holds no blank that would end the field."""
    assert path == unescape(escape(path))
    assert not {" ", "\t", "\n"} & {*escape(path)}
