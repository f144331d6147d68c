"""The line of authorized_keys: nothing is allowed but what the host's own rows and mode ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.keyline import key_line, tunnelled
from cs_exporter.model import CollectorMode, Connection, Expected, Host, Manner, PortRow, SshTarget

HOST = Host("kvm1", "192.0.2.1")


def row(address: str, port: int, manner: Manner = Manner.CONNECT, *, far: bool = True) -> PortRow:
    """A port that the host is asked to connect to, unless it is not `far`."""
    return PortRow("ms1", address, port, "x", 5, Expected.OPEN, manner, tunnelled=far)


ROWS = (
    row("192.0.2.9", 8080),
    row("2001:db8::9", 443, Manner.SPEAK),
    row("192.0.2.9", 8080),
    row("192.0.2.9", 8250, Manner.PASSIVE),
    row("192.0.2.9", 22, Manner.SSH),
    row("192.0.2.9", 2049, far=False),
)


@pytest.mark.parametrize(
    ("host", "options"),
    [
        (HOST, "restrict"),
        (
            replace(HOST, ssh=SshTarget(mode=CollectorMode.FORCED)),
            'restrict,command="sh /usr/local/lib/cs_exporter-collector"',
        ),
        (
            replace(HOST, ports=ROWS),
            'restrict,port-forwarding,permitopen="192.0.2.9:8080",permitopen="[2001:db8::9]:443"',
        ),
        (replace(HOST, ports=ROWS, connection=Connection.LOCAL), "restrict"),
    ],
)
def test_options(host: Host, options: str) -> None:
    """Each destination once; ports that are never dialled from there are not opened."""
    assert f"{options} PUBLIC-KEY" == key_line(host)


def test_destinations() -> None:
    """What may be dialled through the host, each once."""
    hosts_rows = tunnelled(replace(HOST, ports=ROWS))
    assert [("192.0.2.9", 8080), ("2001:db8::9", 443)] == [(row.address, row.port) for row in hosts_rows]


def test_the_public_key(tmp_path: Path) -> None:
    """It stands beside the private one; where it does not, the line says whose is wanted."""
    private = tmp_path / "id_ed25519"
    host = replace(HOST, ssh=SshTarget(key_file=str(private)))
    assert "restrict PUBLIC-KEY-OF-id_ed25519" == key_line(host)
    private.with_name("id_ed25519.pub").write_text("ssh-ed25519 AAAA cs_exporter\n")
    assert "restrict ssh-ed25519 AAAA cs_exporter" == key_line(host)
