"""Takes the captures of tests/captures/nfs anew: `python -m tests.lab.take_nfs_captures [STATE ...]`, as root.

What /proc says of NFS in each state of a mount, from a real kernel client against a real server, so that parsers and
probes are tested against what hosts say and not against what somebody thought they say.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from cs_exporter.parsers import mountstats
from tests.lab import faults
from tests.lab.host import HostSpec
from tests.lab.lab import Lab
from tests.lab.nfs_server import PORT, NfsServer
from tests.lab.uml import boot
from tests.lab.wait import wait_until

FOLDER = Path(__file__).parents[1] / "captures" / "nfs"
FIRST = ("/export/primary", "/mnt/5f2c7e64-6c2f-3b9a-8d0e-0c9b1f7a1d11")
SECOND = ("/export/primary2", "/mnt/b1d9a2f0-3c57-3e0c-9f43-7a6d2e8c4b90")
POOLS = (FIRST, SECOND)

# As CloudStack's kvmheartbeat.sh mounts a pool that it finds missing.
HEARTBEAT = "sync,soft,proto=tcp,acregmin=0,acregmax=0,acdirmin=0,acdirmax=0,noac"

# The client sends a request again after 60 seconds (timeo=600), and counts it only then.
FAULT_DEADLINE = 200.0


class Stand:
    """A host with two pools mounted, the first by version 3, the second by 4.2, and their server."""

    def __init__(self, lab: Lab) -> None:
        self.server = NfsServer(lab.hosts["srv"], *(export for export, _ in POOLS))
        self.server.start()
        (self.host,) = boot(lab, "kvm1")

    def mount(self, pool: tuple[str, str], version: str, options: str = "nodev,nosuid,noexec") -> None:
        """Mount a pool."""
        self.host.mount_nfs(self.server.host.address, *pool, version, options)

    def mount_both(self, options: str = "nodev,nosuid,noexec") -> None:
        """Mount both pools as libvirt does, with further options."""
        self.mount(FIRST, "3", options)
        self.mount(SECOND, "4.2", options)

    def use(self) -> None:
        """Do what a hypervisor does with what is mounted: heartbeats, a disk image, the size."""
        script = f"""
        for mount in $(awk '$3 ~ /^nfs/ && $4 ~ /^rw/ {{print $2}}' /proc/mounts); do
            mkdir -p $mount/KVMHA; date +%s >$mount/KVMHA/hb-{self.host.address}
            head -c 4000000 /dev/zero >$mount/disk; sync $mount/disk; cat $mount/disk >/dev/null; ls -l $mount
        done
        """
        self.host.run(script, check=True)
        for job in self.ask_sizes():
            self.host.finish(job)

    def ask_sizes(self) -> list[int]:
        """Start a statfs on every mount, and let it hang if it will."""
        return [self.host.start(f"stat -f {mountpoint}", "csmon") for _, mountpoint in self.mounted()]

    def mounted(self) -> list[tuple[str, str]]:
        """The pools that are mounted."""
        mounts = self.host.run("cat /proc/mounts", check=True).stdout
        return [pool for pool in POOLS if f" {pool[1]} " in mounts]

    def counts(self) -> Mapping[str, mountstats.Transport]:
        """The counts of each mount's first connection."""
        text = self.host.run("cat /proc/self/mountstats", check=True).stdout
        return {mount.mountpoint: mount.transports[0] for mount in mountstats.parse(text)}

    def unmount_all(self) -> None:
        """Take all mounts away."""
        for _, mountpoint in self.mounted():
            self.host.unmount(mountpoint)


def sent_again(stand: Stand) -> bool:
    """The client has sent something twice and has no answer."""
    return stand.counts()[FIRST[1]].sends > stand.counts()[FIRST[1]].receives + 1


def connected_often(stand: Stand) -> bool:
    """The client has tried to connect again and again."""
    return all(transport.connects > 3 for transport in stand.counts().values())


@contextmanager
def broken(
    stand: Stand, fault: AbstractContextManager[None], seen: Callable[[Stand], bool] | None = None
) -> Iterator[None]:
    """Both pools mounted and in use, then the fault, until `seen` in the client's counts."""
    stand.mount_both()
    stand.use()
    with fault:
        stand.ask_sizes()
        if seen is not None:
            wait_until(lambda: seen(stand), FAULT_DEADLINE, "the client to notice")
        yield


@contextmanager
def stale(stand: Stand) -> Iterator[None]:
    """The first export's directory is another one than the one that was mounted."""
    stand.mount_both()
    stand.use()
    stand.server.replace(FIRST[0])
    statfs = f"stat -f {FIRST[1]}"
    wait_until(lambda: "Stale" in stand.host.run(statfs).stderr, FAULT_DEADLINE, "the handle to be stale")
    yield


@contextmanager
def mounted(stand: Stand, first: str, second: str = "nodev,nosuid,noexec", version: str = "3") -> Iterator[None]:
    """Mounted with these options and in use; without any for the first, that one is missing."""
    if first:
        stand.mount(FIRST, version, first)
    stand.mount(SECOND, "4.2", second)
    stand.use()
    yield


STATES: Mapping[str, Callable[[Stand], AbstractContextManager[None]]] = {
    "healthy": lambda stand: mounted(stand, "nodev,nosuid,noexec"),
    "nconnect": lambda stand: mounted(stand, "nodev,nosuid,noexec,nconnect=4", "nodev,nosuid,noexec,nconnect=4"),
    "readonly": lambda stand: mounted(stand, "ro,nodev,nosuid,noexec"),
    "missing": lambda stand: mounted(stand, ""),
    "soft-noac": lambda stand: mounted(stand, HEARTBEAT, version=""),
    "hung": lambda stand: broken(stand, faults.frozen(stand.server), sent_again),
    "dropped": lambda stand: broken(stand, faults.dropped(stand.server.host, PORT), sent_again),
    "refused": lambda stand: broken(stand, faults.stopped(stand.server), connected_often),
    "stale": stale,
}


def take(stand: Stand, state: str) -> None:
    """Bring that state about, write down what the host says, and mend it."""
    with ExitStack() as stack:
        stack.callback(stand.unmount_all)
        stack.enter_context(STATES[state](stand))
        (FOLDER / state).mkdir(parents=True, exist_ok=True)
        for name in ("mountinfo", "mountstats"):
            text = stand.host.run(f"cat /proc/self/{name}", check=True).stdout
            (FOLDER / state / f"{name}.txt").write_text(text, encoding="utf-8")


def main() -> None:
    """Take the states named on the command line, or all."""
    for state in sys.argv[1:] or STATES:
        with Lab((HostSpec("srv"),)) as lab:
            take(Stand(lab), state)


if __name__ == "__main__":
    main()
