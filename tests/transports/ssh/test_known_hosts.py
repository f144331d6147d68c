"""Every good line of a known_hosts file is known, whatever stands beside it, by name, address and port."""

from __future__ import annotations

from pathlib import Path

import asyncssh
import pytest

from cs_exporter.transports.ssh import known_hosts
from cs_exporter.transports.ssh.known_hosts import BadLine, KnownHosts, read_known_hosts

KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
BAD = {
    "kvm1": "invalid known hosts entry",
    "@revokd kvm1 ssh-ed25519 AAAA": "invalid known hosts marker",
    f"|1|AA {KEY}": "invalid known hosts hash entry",
    f"|2|AAAA|AAAA {KEY}": "invalid known hosts hash type",
    "\ufffd\0": "invalid known hosts entry",
}


@pytest.mark.parametrize(("line", "why"), BAD.items())
def test_a_bad_line(line: str, why: str) -> None:
    """Is told by its number, and the lines around it are known."""
    known = KnownHosts(f"kvm1 {KEY}\n{line}\n10.0.0.1 {KEY}\n")
    assert (BadLine(2, why),) == known.bad
    assert f"line 2 ({why})" == known.problem()
    host_keys, _, _ = known.trusted("kvm1", "kvm1.example", "10.0.0.1", 22)
    assert 2 == len(host_keys)


def test_many_bad_lines_are_counted() -> None:
    """An operator reads a line, not a page."""
    assert KnownHosts("a\n" * 10).problem().endswith("line 3 (invalid known hosts entry) and 7 more")


@pytest.mark.parametrize(
    ("line", "port", "expected"),
    [
        ("kvm1", 22, 1),
        ("kvm1", 2222, 1),
        ("[kvm1]:2222", 2222, 1),
        ("[kvm1]:2222", 22, 0),
        ("kvm1.example", 22, 1),
        ("192.0.2.1", 22, 1),
        ("192.0.2.*", 22, 1),
        ("kvm2", 22, 0),
    ],
)
def test_by_whatever_name_a_host_is_known(line: str, port: int, expected: int) -> None:
    """The inventory's name, the address there, the number behind it; a port where it is not 22."""
    known = KnownHosts(f"{line} {KEY}\n@revoked {line} {KEY}\n@cert-authority {line} {KEY}\n")
    found = known.trusted("kvm1", "kvm1.example", "192.0.2.1", port)
    assert [expected] * 3 == [len(keys) for keys in found]
    assert found is known.found("kvm1", "kvm1.example", "192.0.2.1", port)


def test_what_was_found_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses that change for ever fill no memory."""
    monkeypatch.setattr(known_hosts, "MOST_FOUND", 3)
    known = KnownHosts(f"kvm1 {KEY}")
    for number in range(10):
        known.trusted("kvm1", "kvm1", f"192.0.2.{number}", 22)
    assert len(known._found) <= 3


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    """One strange byte takes only its line away."""
    file = tmp_path / "known_hosts"
    file.write_bytes(b"\xff\xfe\n" + f"kvm1 {KEY}\n".encode())
    known = read_known_hosts(str(file))
    assert [1] == [bad.number for bad in known.bad]
    assert 1 == len(known.trusted("kvm1", "a", "192.0.2.1", 22)[0])
