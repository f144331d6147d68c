"""What is wrong with primary storage that comes as block devices, and what to do about it.

One path down is a ticket, for another one still serves; none left is a page.
"""

from __future__ import annotations

from cs_exporter.spec import Cause, Limit, Op, Severity, Symptom

_MULTIPATH = (
    "multipath -ll MAP, on HOST",
    "journalctl -u multipathd -n 50, on HOST",
    "ls -l /sys/block/*/slaves; grep . /sys/block/sd*/device/state, on HOST",
)

SYMPTOMS = (
    Symptom(
        name="CsIscsiSessionDown",
        sees="A session to an iSCSI target is not logged in.",
        metric="cs_iscsi_sessions_down",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="sessions",
        means="The portal does not answer, its path is broken, or the target has thrown the host out. Without another "
        "path the devices behind it hang for node.session.timeo.replacement_timeout (120 s), then give errors.",
        look=(
            "iscsiadm -m session -P 1, on HOST",
            "journalctl -u iscsid -n 50, on HOST",
        ),
        fix="Mend the way to the portal, or the target's access list; the session logs in again by itself.",
    ),
    Symptom(
        name="CsMultipathPathDown",
        sees="A multipath map has paths that are down.",
        metric="cs_multipath_paths_down",
        limit=Limit(Op.ABOVE, 0, step=1),
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.WARNING,
        unit="paths",
        means="The device still answers over its other paths; the next fault takes it from all machines on the host.",
        look=_MULTIPATH,
        fix="Mend the path: cable, switch, HBA, portal. If it was taken away on purpose, remove the device: "
        "echo 1 >/sys/block/sdX/device/delete.",
    ),
    Symptom(
        name="CsMultipathLost",
        sees="No path of a multipath map is left.",
        metric="cs_multipath_lost",
        limit=Limit(Op.EQUALS, 1, step=1),
        runs=2,
        cause=Cause.STORAGE,
        severity=Severity.CRITICAL,
        unit="boolean",
        means="Whatever writes to the device waits (queue_if_no_path) or gets errors: the machines on it stand still, "
        "and the agent may hang with them.",
        look=_MULTIPATH,
        fix="Mend the storage network or the array first. A host whose processes hang in state D comes back only when "
        "a path does, or with a reboot.",
    ),
)
