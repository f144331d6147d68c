"""/proc/self/mountstats: every captured host is understood, and nothing but UnparsableError comes out of nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import mountstats
from cs_exporter.parsers.mountstats import MountStats, Operation, Transport
from tests.parsers.outcomes import outcome

FOLDER = Path(__file__).parents[1] / "captures" / "nfs"
CAPTURES = sorted(FOLDER.glob("*/mountstats.txt"))
DEVICE = "device 10.0.0.1:/x mounted on /mnt/a with fstype nfs statvers=1.1\n"


def mounts(state: str) -> dict[str, MountStats]:
    """The NFS mounts of a captured host, by mount point."""
    text = (FOLDER / state / "mountstats.txt").read_text(encoding="utf-8")
    return {mount.mountpoint: mount for mount in mountstats.parse(text)}


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.parent.name)
def test_captured_hosts(path: Path) -> None:
    """Each NFS mount of a captured host has its options, age, transports and operations; other mounts are left out."""
    found = mountstats.parse(path.read_text(encoding="utf-8"))
    assert found
    for mount in found:
        assert mount.fstype in {"nfs", "nfs4"}
        assert mount.age is not None
        assert {"hard", "soft"} & {*mount.options}
        assert mount.transports
        assert {"READ", "WRITE", "GETATTR"} <= {*mount.operations}


def test_every_number_of_a_mount() -> None:
    """Numbers land in the fields that the kernel's source gives them."""
    mount = mounts("vm-hung")["/mnt/nfssoft"]
    assert ("10.99.0.102:/srv/nfs", "nfs", "1.1", 153) == (mount.source, mount.fstype, mount.stats_version, mount.age)
    assert (7, 0) == (mount.bytes_read, mount.bytes_written)
    (transport,) = mount.transports
    assert Transport("tcp", port=848, binds=1, connects=2, idle=44, sends=109, receives=102, bad_xids=0) == transport
    expected = Operation(
        requests=2,
        transmissions=3,
        timeouts=1,
        bytes_sent=252,
        bytes_received=0,
        queue_ms=5029,
        rtt_ms=0,
        execute_ms=19990,
        errors=2,
    )
    assert expected == mount.operations["FSSTAT"]


def test_several_connections() -> None:
    """A mount with nconnect=4 has four transports, each with its own counts."""
    transports = mounts("vm-hung")["/mnt/nfs41n"].transports
    assert [9, 2, 3, 22] == [transport.connects for transport in transports]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "tcp 826 1 2 0 245 9 8 1 11 0 2 0 0",
            Transport("tcp", port=826, binds=1, connects=2, idle=245, sends=9, receives=8, bad_xids=1),
        ),
        ("udp 0 1 2153 2152 1 2153 0 4 5 6", Transport("udp", binds=1, sends=2153, receives=2152, bad_xids=1)),
        (
            "rdma 0 1 2 3 4 500 499 1 5 6 7 8 9 10 11 12 13 14 15 16",
            Transport("rdma", binds=1, connects=2, connect_time=3, idle=4, sends=500, receives=499, bad_xids=1),
        ),
        (
            "local 1 2 3 4 5 6 7 8 9 10 11 12",
            Transport("local", binds=1, connects=2, connect_time=3, idle=4, sends=5, receives=6, bad_xids=7),
        ),
        (
            "tcp 826 1 2 0 245 9 8 1 11 0",
            Transport("tcp", port=826, binds=1, connects=2, idle=245, sends=9, receives=8, bad_xids=1),
        ),
    ],
    ids=["tcp", "udp", "rdma", "local", "tcp of statvers=1.0"],
)
def test_layouts_of_transports(line: str, expected: Transport) -> None:
    """Each kind of transport has its own order of numbers; newer kernels append some."""
    (mount,) = mountstats.parse(f"{DEVICE}\txprt:\t{line}\n")
    assert (expected,) == mount.transports


def test_a_transport_of_tomorrow_is_left_out() -> None:
    """An unknown kind of transport costs its own counts only."""
    (mount,) = mountstats.parse(f"{DEVICE}\tage:\t5\n\txprt:\tquic 1 2 3\n")
    assert ((), 5) == (mount.transports, mount.age)


def test_operations_without_errors() -> None:
    """Kernels before 5.3 give eight numbers: errors are then unknown, not zero."""
    (mount,) = mountstats.parse(f"{DEVICE}\tper-op statistics\n\t        READ: 5 5 0 880 560 0 5 6\n")
    assert Operation(5, 5, 0, 880, 560, 0, 5, 6, errors=None) == mount.operations["READ"]


def test_lines_left_out() -> None:
    """A text that a host has filtered gives the same mounts with less in them."""
    (mount,) = mountstats.parse(DEVICE)
    assert ((), None, ()) == (mount.options, mount.age, mount.transports)


def test_escaped_names() -> None:
    """Blanks in sources and mount points are octal numbers there too."""
    text = "no device mounted on /a with fstype tmpfs\ndevice h:/a\\040b mounted on /mnt/a\\040b with fstype nfs4\n"
    (mount,) = mountstats.parse(text)
    assert ("h:/a b", "/mnt/a b") == (mount.source, mount.mountpoint)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense\n",
        "device h:/x mounted at /mnt with fstype nfs\n",
        f"{DEVICE}\txprt:\ttcp 1 2 3\n",
        f"{DEVICE}\txprt:\tudp 0 1 two 3 4\n",
        f"{DEVICE}\tage:\tyoung\n",
        f"{DEVICE}\tbytes:\t1 2 3\n",
        f"{DEVICE}\tper-op statistics\n\tREAD: 1 2 3\n",
        f"{DEVICE}\tper-op statistics\n\t: 1 2 3 4 5 6 7 8\n",
        f"{DEVICE}\tage:\t{'9' * 5000}\n",
    ],
)
def test_what_is_not_mountstats(text: str) -> None:
    """Lines of another form are refused."""
    with pytest.raises(UnparsableError):
        mountstats.parse(text)


@given(st.text())
def test_any_text(text: str) -> None:
    """Any text gives mounts or UnparsableError, also inside of a mount."""
    for whole in (text, f"{DEVICE}\t{text}", f"{DEVICE}\tper-op statistics\n\t{text}", f"{DEVICE}\txprt:\ttcp {text}"):
        assert isinstance(outcome(mountstats.parse, whole), tuple | UnparsableError)


@given(st.data())
def test_any_damage_to_a_capture(data: st.DataObject) -> None:
    """A real file with a piece cut out or put in gives mounts or UnparsableError."""
    text = CAPTURES[0].read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    damaged = text[:start] + data.draw(st.text()) + text[end:]
    assert isinstance(outcome(mountstats.parse, damaged), tuple | UnparsableError)
