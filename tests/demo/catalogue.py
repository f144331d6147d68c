"""Every fault of the small cloud: what `make demo-break` can do, and what the end to end tests go through.

What they are is in the modules `faults_*`, by topic; here is their order, that of the documentation's table.
"""

from __future__ import annotations

from tests.demo.fault import HERE, Fault, Row
from tests.lab import faults

FAULTS = (
    Fault(
        name="nfs-frozen",
        tells="the NFS server accepts connections and answers nothing",
        hosts=("nfs1",),
        breaks=lambda cloud, _host: faults.frozen(cloud.storage),
        probe="nfs_mounts",
        rows=(Row("kvm1", "CsNfsMountHung"), Row("kvm2", "CsNfsMountHung"), Row(HERE, "CsNfsServerDown")),
        queries=('cs_nfs_mount_state{host="kvm1",state="hung"} == 1',),
    ),
    Fault(
        name="ssh-frozen",
        tells="sshd accepts connections and says nothing",
        hosts=("kvm4", "kvm3", "kvm5", "kvm6"),
        breaks=lambda cloud, host: faults.frozen(cloud.host(host).sshd),
        probe="time_drift",
        queries=('cs_probe_failing{host="$host",probe="time_drift",reason="mute"} == 1',),
        blind=(HERE,),
    ),
)
"""In the order of the documentation's table."""

NICKNAMES = {"nfs": "nfs-frozen", "ssh": "ssh-frozen"}
"""What may be typed for short -> the fault's name."""
