"""What exporters do to hosts, counted on the hosts themselves: logins, sessions, collectors, children on a mount.

From /proc and sshd's own log, since an exporter that leaves something behind does not know of it.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.lab.host import LabHost
from tests.lab.processes import Process

LOGIN = re.compile(r"^Accepted publickey for csmon ", re.MULTILINE)
SESSION = re.compile(r"^Starting session: ", re.MULTILINE)
WAITING = ("sh", "timeout", "grep")
TURNED_AWAY = re.compile(r"MaxStartups|drop connection")


def logins(host: LabHost) -> int:
    """How often the polling account has logged in since the host was made."""
    return len(LOGIN.findall(host.sshd.log()))


def turned_away(host: LabHost) -> bool:
    """Whether the host has ever had more logins under way than sshd puts up with."""
    return TURNED_AWAY.search(host.sshd.log()) is not None


def connections(host: LabHost) -> list[Process]:
    """The processes of sshd that serve the polling account's connections, one for each, with a session or without."""
    return [one for one in host.sshd.sessions() if re.match(r"sshd: csmon(?:@|$)", one.command)]


def collectors(host: LabHost) -> list[Process]:
    """The collectors: what sshd itself has started. Their own children are not among them."""
    serving = {one.pid for one in connections(host)}
    return [one for one in host.pids() if one.uid and _parent(one) in serving]


def stuck(host: LabHost, mount_point: str) -> list[Process]:
    """The children of collectors that are in a mount, and not those that wait for them or look for others."""
    return [one for one in host.pids() if mount_point in one.command and one.uid and one.name not in WAITING]


def _parent(process: Process) -> int:
    try:
        return int(Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except OSError:
        return 0
