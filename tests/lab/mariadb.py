"""A real MariaDB in a lab host: it sees the host's own files, and names clients by the host's /etc/hosts.

So that it counts broken handshakes by address and blocks who makes too many, as servers that resolve names do.
"""

from __future__ import annotations

from pathlib import Path

from tests.lab.mysql import PORT, MysqlServer
from tests.lab.netns import MGMT, TEST

DATA, SOCKET = "/srv/mariadb", "/run/mariadb.sock"
TLS = "/etc/mariadb-tls"
INITIALISE_DEADLINE = 60.0


class MariaDb(MysqlServer):
    """MariaDB of the distribution."""

    grants = ("PROCESS, SLAVE MONITOR ON *.*",)

    @property
    def socket_file(self) -> Path:
        """See MysqlServer."""
        return self.host.path(SOCKET)

    def initialise(self) -> None:
        """See MysqlServer."""
        for kind, file in (("ca", self.authority.file), ("crt", self.certificate), ("key", self.key)):
            self.host.write(f"{TLS}/{kind}", file.read_text(encoding="utf-8"), mode=0o600)
        lan = self.host.lab.network.lan
        with self.host.path("/etc/hosts").open("a", encoding="utf-8") as hosts:
            hosts.write(f"{lan.address(TEST)} exporter-of-the-test\n{lan.address(MGMT)} exporter-of-mgmt\n")
        small = ["--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M"]
        made = ["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={DATA}", "--skip-test-db", *small]
        self.host.run([*made, "--auth-root-authentication-method=normal"], check=True, deadline=INITIALISE_DEADLINE)

    def command(self) -> list[str]:
        """See MysqlServer."""
        settings: dict[str, str | int] = {
            "datadir": DATA,
            "socket": SOCKET,
            "port": PORT,
            "bind_address": "0.0.0.0",  # noqa: S104  # of a lab host
            "innodb_log_file_size": "8M",
            "innodb_buffer_pool_size": "16M",
            "innodb_flush_log_at_trx_commit": 0,
            "ssl_ca": f"{TLS}/ca",
            "ssl_cert": f"{TLS}/crt",
            "ssl_key": f"{TLS}/key",
            **self.options,
        }
        program = [
            "mariadbd",
            "--no-defaults",
            "--user=root",
            *(f"--{name}={value}" for name, value in settings.items()),
        ]
        # Not in the host's pid namespace: then a fork, not the program, would be the process that is known.
        return ["nsenter", "-t", str(self.host.pid), "-m", "-n", "-u", "-r", "-w", "--", *program]
