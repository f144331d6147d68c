"""Faults of the NFS storage: its server, the way to it, its export, and the mounts of the hypervisors.

Only the User-Mode-Linux hypervisors have real NFS clients; the mount that no signal ends is another one's, by FUSE.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cs_exporter.spec import Cause, Severity
from tests.demo.cloud import EXPORT, OLD_HOST, OWN_KERNEL, POOL, Cloud
from tests.demo.fault import HERE, Fault, Page, Row
from tests.demo.ways import cut_at_switch, ended_by, mount_again
from tests.lab import faults
from tests.lab.nfs_server import PORT

MOUNTING = tuple(OWN_KERNEL)
HUNG = tuple(Row(name, "CsNfsMountHung") for name in MOUNTING)
HEARTBEAT = ("CsStorageHeartbeatLate", "CsHostRebootNear", "CsStorageHeartbeatUnread", "CsAgentHeartbeatWriteFailed")
WAITING = tuple(
    Row(name, symptom) for name in MOUNTING for symptom in ("CsNfsRequestsOutstanding", "CsNfsMountSlow", *HEARTBEAT)
)
NO_SERVER = ("CsNfsServerDown", "CsNfsServerSlow", "CsPortDown", "CsPortDownWarning", "CsPortMute")
OF_SERVER = tuple(Row(HERE, symptom) for symptom in NO_SERVER)
STALE = tuple(
    Row(name, symptom)
    for name in MOUNTING
    for symptom in ("CsNfsMountStale", "CsNfsMountHung", "CsNfsMountSlow", "CsNfsDataErrors", *HEARTBEAT)
)
HANGS = '{host="$host",state="hung"} == 1'


@contextmanager
def stale(cloud: Cloud, _host: str) -> Iterator[None]:
    """The export's directory was replaced by another one; mended as an operator would, by mounting anew."""
    cloud.storage.replace(EXPORT)
    try:
        yield
    finally:
        mount_again(cloud)


@contextmanager
def unexported(cloud: Cloud, _host: str) -> Iterator[None]:
    """The server does not know the export any more."""
    with faults.unexported(cloud.storage, EXPORT):
        yield
    mount_again(cloud)


def unmounted(cloud: Cloud, host: str) -> None:
    """Its mount point is an empty directory again, to which the agent must not write."""
    kernel = cloud.kernels[host]
    kernel.unmount(POOL)
    kernel.run(["mount", "-t", "tmpfs", "-o", "ro", "nothing", POOL], check=True)


def remounted(cloud: Cloud, host: str, how: str) -> None:
    """Change an option of the mount."""
    cloud.kernels[host].run(["mount", "-o", f"remount,{how}", POOL], check=True)


NFS = (
    Fault(
        name="nfs-cut",
        tells="the hypervisor's packets to the NFS server vanish",
        hosts=("kvm2", "kvm1"),
        breaks=lambda cloud, host: cut_at_switch(
            cloud, host, f"ip daddr {cloud.host('nfs1').address} tcp dport {PORT}"
        ),
        probe="nfs_mounts",
        rows=(Row(HERE, "CsNfsMountHung"),),
        queries=(f"cs_nfs_mount_state{HANGS}",),
        also=(*(Row(HERE, row.symptom) for row in WAITING), Row("nfs1", "CsPortDownWarning")),
        slack=lambda pace: pace.slowness,
        part="pool of $host",
        besides=(Page(Severity.WARNING, Cause.PORT),),
        because="the server's port, as the hypervisor finds it, is told of the server, and the mount of the hypervisor",
    ),
    Fault(
        name="nfs-frozen",
        tells="the NFS server accepts connections and answers nothing",
        hosts=("nfs1",),
        breaks=lambda cloud, _host: faults.frozen(cloud.storage),
        probe="nfs_mounts",
        rows=(*HUNG, Row(HERE, "CsNfsServerDown")),
        queries=tuple(f'cs_nfs_mount_state{{host="{name}",state="hung"}} == 1' for name in MOUNTING),
        also=(*WAITING, *OF_SERVER),
        slack=lambda pace: pace.slowness,
        part="NFS server",
    ),
    Fault(
        name="nfs-stopped",
        tells="the NFS server is killed: its port refuses",
        hosts=("nfs1",),
        breaks=lambda cloud, _host: faults.stopped(cloud.storage),
        probe="nfs_mounts",
        rows=(*HUNG, Row(HERE, "CsNfsServerDown"), Row(HERE, "CsPortDownWarning")),
        also=(*WAITING, *OF_SERVER),
        slack=lambda pace: pace.slowness,
        part="NFS server",
    ),
    Fault(
        name="nfs-dropped",
        tells="packets to the NFS server's port vanish",
        hosts=("nfs1",),
        breaks=lambda cloud, host: faults.dropped(cloud.host(host), PORT),
        probe="nfs_mounts",
        rows=(*HUNG, Row(HERE, "CsNfsServerDown"), Row(HERE, "CsPortDownWarning")),
        also=(*WAITING, *OF_SERVER),
        slack=lambda pace: pace.slowness,
        part="NFS server",
    ),
    Fault(
        name="nfs-rejected",
        tells="a packet filter refuses connections to the NFS server's port",
        hosts=("nfs1",),
        breaks=lambda cloud, host: faults.rejected(cloud.host(host), PORT),
        probe="nfs_mounts",
        rows=(*HUNG, Row(HERE, "CsNfsServerDown"), Row(HERE, "CsPortDownWarning")),
        also=(*WAITING, *OF_SERVER),
        slack=lambda pace: pace.slowness,
        part="NFS server",
    ),
    Fault(
        name="nfs-stale",
        tells="the exported directory is replaced: its mounts are stale",
        hosts=("nfs1",),
        breaks=stale,
        probe="nfs_mounts",
        rows=tuple(Row(name, "CsNfsMountStale") for name in MOUNTING),
        also=(*STALE, *OF_SERVER),
        slack=lambda pace: pace.slowness,
        part="NFS server",
    ),
    Fault(
        name="nfs-unexported",
        tells="the NFS server no longer exports the pool",
        hosts=("nfs1",),
        breaks=unexported,
        probe="nfs_mounts",
        rows=tuple(Row(name, "CsNfsMountStale") for name in MOUNTING),
        also=(*STALE, *OF_SERVER),
        slack=lambda pace: pace.slowness,
        part="NFS server",
    ),
    Fault(
        name="nfs-export-readonly",
        tells="the NFS server exports the pool read-only",
        hosts=("nfs1",),
        breaks=lambda cloud, _host: faults.read_only_export(cloud.storage, EXPORT),
        probe="storage_heartbeat",
        rows=tuple(
            Row(name, f"Cs{symptom}") for name in MOUNTING for symptom in ("StorageHeartbeatLate", "HostRebootNear")
        ),
        also=(*STALE, *WAITING, *OF_SERVER),
        slack=lambda pace: pace.slowness + pace.patience,
        part="NFS server",
    ),
    Fault(
        name="nfs-readonly",
        tells="the hypervisor's mount of the pool became read-only",
        hosts=MOUNTING,
        breaks=lambda cloud, host: ended_by(lambda: remounted(cloud, host, "ro"), lambda: remounted(cloud, host, "rw")),
        probe="nfs_mounts",
        rows=(Row(HERE, "CsNfsMountReadOnly"),),
        also=tuple(Row(HERE, symptom) for symptom in HEARTBEAT),
        slack=lambda pace: pace.slowness,
        part="pool of $host",
    ),
    Fault(
        name="nfs-unmounted",
        tells="the hypervisor's mount of the pool is gone",
        hosts=MOUNTING,
        breaks=lambda cloud, host: ended_by(lambda: unmounted(cloud, host), lambda: mount_again(cloud, host)),
        probe="nfs_mounts",
        rows=(Row(HERE, "CsNfsMountMissing"),),
        also=tuple(Row(HERE, symptom) for symptom in ("CsStorageHeartbeatGone", *HEARTBEAT)),
        slack=lambda pace: pace.slowness,
        part="pool of $host",
    ),
    Fault(
        name="mount-unkillable",
        tells="a mount hangs so hard that no signal ends who touches it",
        hosts=(OLD_HOST,),
        breaks=lambda cloud, _host: ended_by(cloud.old_mount.hang, cloud.old_mount.free),
        probe="nfs_mounts",
        rows=(Row(HERE, "CsNfsMountHung"),),
        also=(Row(HERE, "CsStorageHeartbeatUnread"),),
        queries=(f"cs_nfs_mount_state{HANGS}",),
    ),
)
