"""The rows of the troubleshooting matrix about NFS mounts: those that hang, went stale or missing, or are read-only.

Apart from the sheet only because of their length; in the commands, words in capitals stand for the alert's labels.
"""

from __future__ import annotations

from types import MappingProxyType

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_TRUE = Limit(Op.EQUALS, 1, step=1)

SYMPTOMS = (
    Symptom(
        name="CsNfsMountHung",
        sees="An NFS mount of the host does not answer.",
        metric="cs_nfs_mount_state",
        labels={"state": "hung"},
        limit=_TRUE,
        runs=3,
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Every process that touches the mount waits without end: guests on it stand still, the agent's storage "
        "and heartbeat tasks block, and CloudStack gives the host up or reboots it.",
        look=(
            "cat /proc/self/mountstats | grep -A9 ' MOUNTPOINT '",
            "ps -eo pid,stat,wchan:32,etimes,args | awk '$2 ~ /D/'",
            "ss -tinH dst SERVER",
            "rpcinfo -T tcp SERVER nfs",
        ),
        fix="See whether the server answers (CsNfsServerDown) and whether other hosts hang on it. If only this one "
        "does, mend its path to the server: link, route, packet filter, MTU. A hard mount goes on by itself once the "
        "server answers; do not restart the agent before, it would hang as well.",
    ),
    Symptom(
        name="CsNfsMountStale",
        sees="The server no longer knows the directory that the host has mounted.",
        metric="cs_nfs_mount_state",
        labels={"state": "stale"},
        limit=_TRUE,
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="The export was replaced, restored or moved to another file system on the server, or is no longer "
        "allowed to this host: every access fails with ESTALE, and it will not heal by itself.",
        look=(
            "timeout -s KILL 5 stat -f MOUNTPOINT",
            "showmount -e SERVER",
            "grep ' MOUNTPOINT ' /proc/self/mountinfo",
        ),
        fix="On the server, allow EXPORT to this host again (exportfs -v), or put the original file system (or its "
        "fsid) back under it. If that is not possible: move or stop the guests, then umount -f MOUNTPOINT and "
        "mount it again.",
    ),
    Symptom(
        name="CsNfsMountMissing",
        sees="A mount that the host should have is not there, or something else is mounted in its place.",
        metric="cs_nfs_mount_state",
        labels={"state": "missing"},
        limit=_TRUE,
        runs=3,
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Guests that need it can't start here, and what is written to the mount point fills the host's own disk.",
        look=("grep ' MOUNTPOINT ' /proc/self/mountinfo", "journalctl -b -g 'mount|nfs' -n 50", "showmount -e SERVER"),
        fix="Where the log says access denied by server, allow EXPORT to this host there first (exportfs -v). Mount "
        "SERVER:EXPORT on MOUNTPOINT again; for CloudStack primary storage, let the agent do it: virsh pool-list "
        "--all, then put the host into maintenance and back. If it is gone on purpose, take it out of the settings.",
    ),
    Symptom(
        name="CsNfsMountReadOnly",
        sees="A mount that should be writable is mounted read-only.",
        metric="cs_nfs_mount_state",
        labels={"state": "readonly"},
        limit=_TRUE,
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Guests get write errors and CloudStack's storage heartbeat can't be written, after which it gives the "
        "host up.",
        look=("grep ' MOUNTPOINT ' /proc/self/mountinfo", "showmount -e SERVER", "journalctl -k -g nfs -n 50"),
        fix="See why it was mounted so (mount options of the pool, fstab), then mount -o remount,rw MOUNTPOINT. If it "
        "is meant to be read-only, say readonly: true in its settings.",
    ),
    Symptom(
        name="CsNfsMountSlow",
        sees="An NFS mount takes long to answer the simplest question.",
        metric="cs_nfs_mount_state",
        labels={"state": "slow"},
        worse=MappingProxyType({"state": "hung|stale"}),
        limit=_TRUE,
        runs=4,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="boolean",
        means="The server is overloaded, its disks or the path to it are sick; guests see slow disks, and a hang is "
        "often next.",
        look=("nfsiostat 5 3 MOUNTPOINT", "ss -tinH dst SERVER", "ping -c 20 -i 0.2 SERVER"),
        fix="Compare cs_nfs_mount_rtt_seconds with other hosts: slow everywhere is the server (load, disks, a "
        "rebuild), slow here is the path (errors and retransmissions in ss and ip -s link).",
    ),
    Symptom(
        name="CsNfsMountUnjudged",
        sees="Nobody can say whether an NFS mount answers.",
        metric="cs_nfs_mount_unjudged",
        limit=_TRUE,
        runs=5,
        cause=Cause.STORAGE,
        severity=Severity.INFO,
        unit="boolean",
        means="The polling account may not enter a directory above the mount point, or the host has no stat command; "
        "and so little is read and written that the kernel's counts tell nothing either. A hang is not noticed.",
        look=("timeout -s KILL 5 namei -m MOUNTPOINT", "cs-exporter probe nfs_mounts HOST, on the exporter's machine"),
        fix="Let the account pass through the directories above (chmod o+x, or setfacl -m u:ACCOUNT:x); it needs to "
        "read nothing in them.",
    ),
    Symptom(
        name="CsNfsRequestsOutstanding",
        sees="Requests to the NFS server wait, and not one answer comes.",
        metric="cs_nfs_mount_requests_outstanding",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=3,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="requests",
        means="The connection stands but the server does not serve: it is frozen, or answers are lost on their way.",
        look=("grep -A9 ' MOUNTPOINT ' /proc/self/mountstats", "ss -tinH dst SERVER", "rpcinfo -T tcp SERVER nfs"),
        fix="On the server, see whether nfsd runs and what its threads wait for (disks, a full pool, a frozen "
        "cluster). An answer that gets lost has to do with size: compare path MTU and packet loss.",
    ),
    Symptom(
        name="CsNfsDataErrors",
        sees="Reads or writes on an NFS mount end in errors.",
        metric="cs_nfs_mount_error_ratio",
        limit=Limit(Op.ABOVE, 0, step=0.01),
        runs=3,
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        unit="ratio",
        means="The server answers and refuses: the export became read-only or full, a quota is used up, its disks "
        "fail. Guests get I/O errors, and the storage heartbeat may not be written. No mount option shows this.",
        look=(
            "timeout -s KILL 5 df MOUNTPOINT",
            "journalctl -k -g nfs -n 50",
            "grep -A60 ' MOUNTPOINT ' /proc/self/mountstats",
        ),
        fix="On the server: free space or raise the quota, export it writable again (exportfs -v), look at its disks. "
        "Then see to guests that have remounted their own disks read-only.",
    ),
    Symptom(
        name="CsNfsHeartbeatRemount",
        sees="A mount has the options soft,noac, which CloudStack's heartbeat script gives it.",
        metric="cs_nfs_mount_heartbeat_remount",
        limit=_TRUE,
        runs=1,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="boolean",
        means="The storage was once gone: kvmheartbeat.sh killed the guests that used it and mounted it anew. It is "
        "slow, and gives guests I/O errors at the next interruption.",
        look=("grep ' MOUNTPOINT ' /proc/self/mountinfo", "journalctl -t heartbeat", "virsh list --all"),
        fix="Put the host into maintenance, umount MOUNTPOINT, and let the agent mount it again with the pool's "
        "own options.",
    ),
    Symptom(
        name="CsNfsVersionMismatch",
        sees="A mount uses another version of NFS than its settings say.",
        metric="cs_nfs_mount_version_mismatch",
        limit=_TRUE,
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="boolean",
        means="Client and server agreed on another version, often after an upgrade of one of them: locking, failover "
        "and performance then differ from host to host.",
        look=("grep ' MOUNTPOINT ' /proc/self/mountinfo", "rpcinfo -p SERVER", "nfsstat -m"),
        fix="Give the version explicitly (vers= in the pool's nfsmountopts or in fstab) and mount anew, or correct the "
        "version in the settings.",
    ),
)
