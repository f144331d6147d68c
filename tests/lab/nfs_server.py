"""A real NFS server in a lab host (nfs-ganesha: v3, v4, mountd; with rpcbind), and the ways in which one goes bad.

ganesha, because the kernel's own server cannot be run once per network namespace and frozen like a process.
"""

from __future__ import annotations

import shutil
import signal

from tests.lab.host import LabHost
from tests.lab.processes import Process, freeze_and_wait, kill_and_wait, signal_all
from tests.lab.wait import wait_until

CONFIG, PID_FILE, LOG = "/etc/ganesha/lab.conf", "/run/ganesha/lab.pid", "/var/log/ganesha.log"
PORT, MOUNT_PORT, RPCBIND_PORT = 2049, 20048, 111
START_DEADLINE = 15.0

SETTINGS = """
NFS_CORE_PARAM {{
  Protocols = 3,4; Enable_NLM = false; Enable_RQUOTA = false; mount_path_pseudo = true;
  MNT_Port = {mount_port};
}}
NFSV4 {{ Graceless = true; RecoveryBackend = fs; }}
LOG {{ Default_Log_Level = EVENT; }}
{exports}
"""
EXPORT = """EXPORT {{
  Export_Id = {number}; Path = {path}; Pseudo = {path}; Access_Type = {access}; Squash = No_Root_Squash;
  Protocols = 3,4; Transports = TCP,UDP; SecType = sys; FSAL {{ Name = VFS; }}
}}
"""


class NfsServer:
    """ganesha in one host, exporting directories of the host's own file tree (`/export/...`) under their own paths."""

    def __init__(self, host: LabHost, *exports: str) -> None:
        self.host = host
        self.access = dict.fromkeys(exports or ("/export/primary",), "RW")

    def start(self) -> None:
        """Start rpcbind and the server, and wait until TCP is listened to."""
        for export in self.access:
            self.host.path(export).mkdir(parents=True, exist_ok=True)
        if not self._named("rpcbind"):
            self.host.run(["rpcbind", "-w"], check=True)
        self._configure()
        self.host.run(["ganesha.nfsd", "-f", CONFIG, "-L", LOG, "-p", PID_FILE], check=True)
        wait_until(self.listening, START_DEADLINE, f"the NFS server of {self.host.name} to listen")

    def stop(self) -> None:
        """Kill the server: the machine lives and answers its port with a TCP reset."""
        kill_and_wait(self.processes)
        self.host.path(PID_FILE).unlink(missing_ok=True)

    def restart(self) -> None:
        """Stop and start, with the exports as they are set now."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop it from running (SIGSTOP): the kernel goes on accepting connections, no call is answered."""
        freeze_and_wait(self.processes)

    def thaw(self) -> None:
        """Let it run again."""
        signal_all(self.processes(), signal.SIGCONT)

    def replace(self, export: str) -> None:
        """Put a new directory in the place of the exported one: file handles that clients hold become stale."""
        path = self.host.path(export)
        path.rename(path.with_name(path.name + ".old"))
        path.mkdir()
        shutil.rmtree(path.with_name(path.name + ".old"))
        self.restart()

    def processes(self) -> list[Process]:
        """The server's process, if it runs."""
        return self._named("ganesha.nfsd")

    def listening(self) -> bool:
        """Whether TCP ports of nfs and mountd are listened to."""
        return self.host.listens(PORT) and self.host.listens(MOUNT_PORT)

    def log(self) -> str:
        """What the server has logged so far."""
        path = self.host.path(LOG)
        return path.read_text(errors="replace") if path.exists() else ""

    def _named(self, name: str) -> list[Process]:
        return [process for process in self.host.pids() if process.name == name]

    def _configure(self) -> None:
        blocks = [
            EXPORT.format(number=number, path=path, access=access)
            for number, (path, access) in enumerate(self.access.items(), start=1)
        ]
        self.host.write(CONFIG, SETTINGS.format(mount_port=MOUNT_PORT, exports="".join(blocks)))
