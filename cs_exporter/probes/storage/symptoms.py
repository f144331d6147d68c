"""The rows of the troubleshooting matrix about CloudStack's storage heartbeat and the reboot that it may force.

Apart from the sheet only because of their length; words in capitals stand for the alert's labels.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

# Looking for the files of a mount that hangs would hang the pager's own shell: another one does, with a limit.
_FILE = "timeout -s KILL 5 sh -c 'cat MOUNTPOINT/KVMHA/hb-*'; date +%s"
_LOG = "journalctl -t heartbeat -n 20; grep -i heartbeat /var/log/cloudstack/agent/agent.log | tail"
_PROPERTIES = "grep -E '^(reboot.host|kvm.heartbeat|heartbeat)' /etc/cloudstack/agent/agent.properties"

SYMPTOMS = (
    Symptom(
        name="CsHostRebootNear",
        sees="The CloudStack agent is about to reboot its host, with all guests on it.",
        metric="cs_host_seconds_to_reboot",
        # By default 110 s after a good write, and one is due every 60 s: below 30 at least two tries have failed.
        limit=Limit(Op.BELOW, 30, step=1),
        runs=1,
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        unit="seconds",
        means="Its heartbeat file on a primary pool has not been written, and agent.properties arms the forced reboot "
        "(CloudStack's default). Below zero the agent still waits for a write that hangs, or has stopped itself: then "
        "nothing reboots, and nothing writes either.",
        look=("cat /proc/self/mountstats | grep -A9 ' /mnt/'", _LOG, "systemctl status cloudstack-agent", _PROPERTIES),
        fix="Make the pool's NFS server answer (CsNfsMountHung, CsNfsServerDown). Where it can't be in time and the "
        "guests are to live: systemctl stop cloudstack-agent, which stops the clock of the reboot; start it again "
        "once the pool answers. To disarm it for good: reboot.host.and.alert.management.on.heartbeat.timeout=false.",
    ),
    Symptom(
        name="CsStorageHeartbeatLate",
        sees="The host has not written its storage heartbeat to a primary pool.",
        metric="cs_storage_heartbeat_age_seconds",
        # Healthy ages go up to 60 s and what writing to all pools takes; neighbours call the host dead above 60.
        limit=Limit(Op.ABOVE, 75, step=1),
        runs=1,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="seconds",
        means="The pool hangs or refuses the write, the agent stands still on another pool that hangs, or it does not "
        "run. Neighbours that look at the file take the host for dead, and its guests may be started elsewhere.",
        look=(_FILE, _LOG, "systemctl status cloudstack-agent", "grep ' MOUNTPOINT ' /proc/self/mountinfo"),
        fix="If a mount hangs, mend that first: pools are written one after the other, and one that hangs starves the "
        "others. If all mounts answer, look at the agent: start it, or see in its log what the write failed with "
        "(a read-only or full export, a quota).",
    ),
    Symptom(
        name="CsStorageHeartbeatAhead",
        sees="The host's storage heartbeat lies in the future of its own clock.",
        metric="cs_storage_heartbeat_ahead_seconds",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.INFO,
        unit="seconds",
        means="The host's clock was set back after the write, or another host writes under its address. Until the "
        "clock has passed the stamp, neighbours take the host for alive though it may be dead.",
        look=(_FILE, "chronyc tracking", "journalctl -u 'chrony*' -u 'ntp*' -u systemd-timesyncd -n 50"),
        fix="It ends with the next write, within a minute. If it does not, look for a second host with the same "
        "private address, and whether the agent runs.",
    ),
    Symptom(
        name="CsStorageHeartbeatUnread",
        sees="Nobody can read the host's storage heartbeat on a mount.",
        metric="cs_storage_heartbeat_unread",
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=5,
        cause=Cause.STORAGE,
        severity=Severity.INFO,
        unit="boolean",
        means="The mount hangs (then CsNfsMountHung holds too), or the polling account may not enter a directory above "
        "the file. A write that was known before goes on ageing; one that never was is not counted.",
        look=(
            "timeout -s KILL 5 namei -m MOUNTPOINT/KVMHA",
            "cs-exporter probe storage_heartbeat HOST, on the exporter's machine",
        ),
        fix="Let the account pass through the directories and read the file: chmod o+rx MOUNTPOINT/KVMHA on a pool "
        "that squashes nobody, else on the server.",
    ),
    Symptom(
        name="CsStorageHeartbeatGone",
        sees="The host had a storage heartbeat on a mount, and has none there any more.",
        metric="cs_storage_heartbeat_gone",
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=5,
        cause=Cause.STORAGE,
        severity=Severity.INFO,
        unit="boolean",
        means="The pool was unmounted, as for its maintenance or its removal: an agent that still has the pool mounts "
        "it again and writes. No age and no reboot is counted from it until the file is read again.",
        look=("grep ' MOUNTPOINT ' /proc/self/mountinfo", "timeout -s KILL 5 ls -l MOUNTPOINT/KVMHA", _LOG),
        fix="Nothing during planned maintenance. If the pool should be in use, cancel its maintenance, or start the "
        "agent; neighbours that have it mounted may take the host for dead. If it was removed for good, remove the "
        "mount from the host, and from the configuration where it is listed there.",
    ),
)
