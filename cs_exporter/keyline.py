"""The line of authorized_keys(5) that lets the exporter into a host, and allows it nothing that it does not need.

Made from what is known of the host: its mode, and the ports that it is asked to connect to.
"""

from __future__ import annotations

from pathlib import Path

from cs_exporter.model import CollectorMode, Connection, Host, Manner, PortRow

COLLECTOR = "/usr/local/lib/cs_exporter-collector"
"""Where the documentation puts the collector on a host that has it as a forced command."""


def tunnelled(host: Host) -> tuple[PortRow, ...]:
    """The ports that the host itself is asked to connect to, each destination once."""
    rows = (row for row in host.ports if row.tunnelled and row.manner in (Manner.CONNECT, Manner.SPEAK))
    return tuple({(row.address, row.port): row for row in rows}.values())


def key_line(host: Host) -> str:
    """The line; without a public key beside the private one, a word stands in its place."""
    options = ["restrict"]
    opens = sorted(map(destination, tunnelled(host)))
    if opens and host.connection is Connection.SSH:
        options.append("port-forwarding")
        options += [f'permitopen="{target}"' for target in opens]
    if host.ssh.mode is CollectorMode.FORCED:
        options.append(f'command="sh {COLLECTOR}"')
    return f"{','.join(options)} {_public_key(host.ssh.key_file)}"


def destination(row: PortRow) -> str:
    """A port as authorized_keys and people write it."""
    return f"[{row.address}]:{row.port}" if ":" in row.address else f"{row.address}:{row.port}"


def _public_key(private: str | None) -> str:
    if private is None:
        return "PUBLIC-KEY"
    try:
        return Path(f"{private}.pub").read_text("utf-8").splitlines()[0].strip()
    except (OSError, UnicodeDecodeError, IndexError):
        return f"PUBLIC-KEY-OF-{Path(private).name}"
