"""Looks at the files that a configuration names (keys, known hosts, passwords), so that a wrong path shows at once.

Without it every host would report a denied login minutes later.
"""

from __future__ import annotations

from pathlib import Path

from cs_exporter.transports.ssh.known_hosts import read_known_hosts

_PUBLIC_KEY_BEGINNINGS = (b"ssh-", b"ecdsa-", b"sk-")
_OPENSSH = b"BEGIN OPENSSH PRIVATE KEY"
_OPENSSH_WITHOUT_CIPHER = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"
"""Base64 of the format's magic and the cipher "none" (PROTOCOL.key of OpenSSH)."""

_HEAD = 4096


def key_file_problem(path: Path) -> str | None:
    """What is wrong with a private key's file, and the mend; None where nothing is."""
    head = _head(path)
    if isinstance(head, str):
        return head
    if head.startswith(_PUBLIC_KEY_BEGINNINGS):
        return "is a public key; name the private one, usually the same path without '.pub'"
    if b"PRIVATE KEY-----" not in head:
        return "is not a private key; make one with ssh-keygen -t ed25519"
    if b"ENCRYPTED" in head or (_OPENSSH in head and _OPENSSH_WITHOUT_CIPHER not in head):
        return "has a passphrase, which nobody is there to type; take it off with ssh-keygen -p"
    return None


def known_hosts_problem(path: Path) -> str | None:
    """What is wrong with a known_hosts file, and the mend; None where nothing is."""
    head = _head(path)
    if isinstance(head, str):
        return head
    bad = read_known_hosts(str(path)).problem()
    return f"can't be understood in {bad}; correct or delete it (ssh-keygen -F finds a host's lines)" if bad else None


def text_file_problem(path: Path) -> str | None:
    """What is wrong with a file whose contents can't be judged here, and the mend; None where it can be read."""
    head = _head(path)
    return head if isinstance(head, str) else None


def api_key_problem(path: Path) -> str | None:
    """What is wrong with the file of an API's key or secret, and the mend; None where nothing is."""
    return _first_line_problem(path, "the key")


def password_file_problem(path: Path) -> str | None:
    """What is wrong with the file of an account's password, and the mend; None where nothing is."""
    return _first_line_problem(path, "the password")


def _first_line_problem(path: Path, what: str) -> str | None:
    head = _head(path)
    if isinstance(head, str):
        return head
    return None if head.partition(b"\n")[0].strip() else f"has an empty first line; write {what} there"


def _head(path: Path) -> bytes | str:
    """The beginning of a file, or why there is none."""
    try:
        if path.exists() and not path.is_file():
            return "is not a file; name a file"
        with path.open("rb") as file:
            return file.read(_HEAD)
    except FileNotFoundError:
        return "no such file; create it or correct the path"
    except OSError as error:
        return f"can't be read ({error.strerror}); make it readable for the account that runs cs_exporter"
