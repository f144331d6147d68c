"""Files that are missing, unreadable or of the wrong kind are told apart before the first login."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import asyncssh
import pytest

from cs_exporter.config.files import api_key_problem, key_file_problem, known_hosts_problem, password_file_problem

NOBODY = 65534


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key."""
    path = tmp_path / "id"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(path))
    return path


@pytest.mark.parametrize("format_name", ["openssh", "pkcs1-pem", "pkcs8-pem"])
def test_private_keys_of_all_usual_formats_are_good(tmp_path: Path, format_name: str) -> None:
    """RSA keys of older set-ups are PEM."""
    path = tmp_path / "id"
    asyncssh.generate_private_key("ssh-rsa", key_size=2048).write_private_key(str(path), format_name)
    assert key_file_problem(path) is None


@pytest.mark.parametrize("format_name", ["openssh", "pkcs1-pem", "pkcs8-pem"])
def test_a_key_with_a_passphrase_is_refused(tmp_path: Path, format_name: str) -> None:
    """A daemon has nobody to ask."""
    path = tmp_path / "id"
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    key.write_private_key(str(path), format_name, passphrase="x")  # noqa: S106  # a test's own
    assert "has a passphrase, which nobody is there to type; take it off with ssh-keygen -p" == key_file_problem(path)


def test_a_public_key_is_told_from_a_private_one(key: Path) -> None:
    """The commonest slip."""
    asyncssh.read_private_key(str(key)).write_public_key(f"{key}.pub")
    assert "is a public key; name the private one, usually the same path without '.pub'" == key_file_problem(
        key.with_suffix(".pub")
    )


def test_any_other_file_is_no_key(tmp_path: Path) -> None:
    """An empty one included."""
    path = tmp_path / "id"
    path.touch()
    assert "is not a private key; make one with ssh-keygen -t ed25519" == key_file_problem(path)


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    """For both kinds of file; a pipe would block for ever."""
    os.mkfifo(tmp_path / "pipe")
    for problem in (key_file_problem, known_hosts_problem):
        assert "no such file; create it or correct the path" == problem(tmp_path / "none")
        assert "is not a file; name a file" == problem(tmp_path)
        assert "is not a file; name a file" == problem(tmp_path / "pipe")
        assert problem(tmp_path / ("x" * 300)) is not None


@pytest.mark.parametrize(("problem", "what"), [(api_key_problem, "the key"), (password_file_problem, "the password")])
def test_a_secret_that_has_yet_to_be_written_is_named(
    tmp_path: Path, problem: Callable[[Path], str | None], what: str
) -> None:
    """The first line is the secret; a file that was only made would be a denied login, minutes later."""
    for text, good in (("", False), ("\nsecret\n", False), (" \n", False), ("secret", True), ("secret\n\n", True)):
        (tmp_path / "file").write_text(text)
        expected = None if good else f"has an empty first line; write {what} there"
        assert expected == problem(tmp_path / "file"), text
    assert "no such file; create it or correct the path" == problem(tmp_path / "none")


def test_an_empty_known_hosts_file_is_no_mistake(tmp_path: Path) -> None:
    """Hosts may be added to it later."""
    (tmp_path / "known_hosts").touch()
    assert known_hosts_problem(tmp_path / "known_hosts") is None


def test_a_bad_line_of_known_hosts_is_named(tmp_path: Path) -> None:
    """By its number; lines that are comments, empty, or of a kind of key that is unknown here are none."""
    path = tmp_path / "known_hosts"
    path.write_text("# hosts\n\nkvm1 ssh-new AAAA\nkvm2\n@revokd kvm3 ssh-ed25519 AAAA\n|1|AA kvm4 ssh-ed25519\n")
    assert (
        "can't be understood in line 4 (invalid known hosts entry), line 5 (invalid known hosts marker);"
        " correct or delete it (ssh-keygen -F finds a host's lines)"
    ) == known_hosts_problem(path)


def test_a_file_of_another_account_is_unreadable(key: Path) -> None:
    """Also where a directory above it is closed."""
    key.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        found = key_file_problem(key), known_hosts_problem(key)
    finally:
        os.seteuid(user)
    key.chmod(stat.S_IRUSR)
    line = "can't be read (Permission denied); make it readable for the account that runs cs_exporter"
    assert (line, line) == found
