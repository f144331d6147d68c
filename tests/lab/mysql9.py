"""A real MySQL (9 or newer) on a lab host's network, from a folder that `.ci/install-mysql` fills.

Debian's stable releases have no MySQL: this one is a newer release's, run with that release's own loader and libraries,
so that nothing of the machine has to be changed, and no chroot is needed.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

from tests.lab.control import PROJECT, LabError
from tests.lab.mysql import PORT, MysqlServer
from tests.lab.netns import run

FOLDER = PROJECT / ".venv/mysql"
SERVER = FOLDER / "usr/sbin/mysqld"
TEMPLATE = FOLDER / "data"


class Mysql9(MysqlServer):
    """MySQL's own server. Accounts have its default plug-in, caching_sha2_password."""

    grants = ("PROCESS, REPLICATION CLIENT ON *.*",)

    @property
    def socket_file(self) -> Path:
        """See MysqlServer."""
        return self.folder / "socket"

    def initialise(self) -> None:
        """See MysqlServer. What takes seconds is done once for all servers of this machine, and copied."""
        if not TEMPLATE.exists():
            self._make_template()
        shutil.copytree(TEMPLATE, self.folder / "data")

    def _make_template(self) -> None:
        made = Path(tempfile.mkdtemp(prefix="data-", dir=FOLDER)) / "data"
        run([*self._program(made), "--initialize-insecure", "--innodb-redo-log-capacity=8M"])
        (made / "auto.cnf").unlink()  # the one file that tells a server from its copies
        with contextlib.suppress(OSError):  # another test run was quicker
            made.rename(TEMPLATE)
        shutil.rmtree(made.parent)

    def command(self) -> list[str]:
        """See MysqlServer."""
        settings: dict[str, str | int] = {
            "socket": str(self.socket_file),
            "pid_file": str(self.folder / "pid"),
            "port": PORT,
            "bind_address": self.address,
            "mysqlx": "OFF",
            "secure_file_priv": "NULL",
            "innodb_redo_log_capacity": "8M",
            "innodb_buffer_pool_size": "16M",
            "innodb_flush_log_at_trx_commit": 0,
            "skip_name_resolve": "ON",
            "ssl_ca": str(self.authority.file),
            "ssl_cert": str(self.certificate),
            "ssl_key": str(self.key),
            **self.options,
        }
        return self.host.namespace.enter(
            [*self._program(self.folder / "data"), *(f"--{name}={value}" for name, value in settings.items())]
        )

    def _program(self, data: Path) -> list[str]:
        loader = next(FOLDER.glob("usr/lib*/ld-linux*.so.?"), None)
        if loader is None or not SERVER.exists():
            raise LabError("MySQL's own server is missing: .ci/install-mysql")
        # Packages that were built for several architectures have their libraries in a folder of that name.
        libraries = ":".join(str(path) for path in (*FOLDER.glob("usr/lib/*-linux-gnu*"), FOLDER / "usr/lib"))
        return [
            *(str(loader), "--library-path", libraries, str(SERVER)),
            *("--no-defaults", "--user=root", f"--basedir={FOLDER}/usr", f"--datadir={data}"),
            f"--lc-messages-dir={FOLDER}/usr/share/mysql",
        ]
