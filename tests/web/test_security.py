"""The file of --web.config.file: what exporter-toolkit users write works, and what can't be done is one line."""

from __future__ import annotations

import ssl
from pathlib import Path

import bcrypt
import pytest

from cs_exporter.config.errors import ConfigError
from cs_exporter.web.security import Security, load_security
from tests.web.support import certificate

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key"


def written(folder: Path, text: str) -> Path:
    """A file beside a certificate `server` and one of another key, `other`."""
    certificate(folder, "server")
    certificate(folder, "other")
    certificate(folder, "locked", password=b"secret")
    (folder / "empty").touch()
    file = folder / "web.yml"
    file.write_text(text)
    return file


def test_no_file_is_plain_http_for_everyone() -> None:
    """As Prometheus' own exporters start."""
    assert Security() == load_security(None)


@pytest.mark.parametrize("text", ["", "# nothing\n", "basic_auth_users: {}\n", "http_server_config: {http2: false}\n"])
def test_a_file_may_ask_for_nothing(tmp_path: Path, text: str) -> None:
    """An empty section is a section that is not used yet."""
    assert Security() == load_security(written(tmp_path, text))


def test_users_and_headers_are_taken(tmp_path: Path) -> None:
    """A header without a value is not sent."""
    headers = "http_server_config: {headers: {X-Frame-Options: deny, X-XSS-Protection: ''}}"
    security = load_security(written(tmp_path, f"basic_auth_users: {{anna: {HASH}}}\n{headers}\n"))
    assert Security(None, {"anna": HASH.encode()}, {"X-Frame-Options": "deny"}) == security


@pytest.mark.parametrize(
    ("more", "verifies", "lowest", "highest"),
    [
        ("", ssl.CERT_NONE, "TLSv1_2", "TLSv1_3"),
        (", min_version: TLS13", ssl.CERT_NONE, "TLSv1_3", "TLSv1_3"),
        (", max_version: TLS12", ssl.CERT_NONE, "TLSv1_2", "TLSv1_2"),
        (
            ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: other.crt",
            ssl.CERT_REQUIRED,
            "TLSv1_2",
            "TLSv1_3",
        ),
        (
            ", client_auth_type: VerifyClientCertIfGiven, client_ca_file: other.crt",
            ssl.CERT_OPTIONAL,
            "TLSv1_2",
            "TLSv1_3",
        ),
    ],
)
def test_tls_is_made_as_the_file_says(
    tmp_path: Path, more: str, verifies: ssl.VerifyMode, lowest: str, highest: str
) -> None:
    """Files are found beside the file that names them; nothing below TLS 1.2 is spoken."""
    tls = load_security(written(tmp_path, f"{TLS}{more}}}")).tls
    assert tls is not None
    assert (verifies, lowest, highest) == (tls.verify_mode, tls.minimum_version.name, tls.maximum_version.name)


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("[]", "", "must be a mapping"),
        ("basic_auth_user: {}", "basic_auth_user", "unknown key; did you mean 'basic_auth_users'?"),
        (f"{TLS}, cipher_suites: []}}", "tls_server_config.cipher_suites", "unknown key"),
        (
            f"{TLS}, client_auth_type: RequireAnyClientCert}}",
            "tls_server_config.client_auth_type",
            "RequireAnyClientCert",
        ),
        (f"{TLS}, min_version: TLS10}}", "tls_server_config.min_version", "TLS10"),
        (f"{TLS}, min_version: TLS13, max_version: TLS12}}", "tls_server_config.max_version", "is below min_version"),
        ("tls_server_config: {cert_file: server.crt}", "tls_server_config.key_file", "is missing; add it"),
        (f"{TLS.replace('server.crt', 'none.crt')}}}", "tls_server_config.cert_file", "No such file or directory"),
        (f"{TLS.replace('server.key', 'other.key')}}}", "tls_server_config", "must be PEM, a pair"),
        (f"{TLS.replace('server.key', 'locked.key')}}}", "tls_server_config", "without a password"),
        (f"{TLS.replace('server.crt', 'empty')}}}", "tls_server_config", "must be PEM, a pair"),
        (
            f"{TLS}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: empty}}",
            "tls_server_config.client_ca_file",
            "must hold PEM certificates",
        ),
        (
            f"{TLS}, client_auth_type: RequireAndVerifyClientCert}}",
            "tls_server_config.client_ca_file",
            "is missing; RequireAndVerifyClientCert needs it",
        ),
        (f"{TLS}, client_ca_file: other.crt}}", "tls_server_config.client_auth_type", "remove client_ca_file"),
        ("basic_auth_users: {anna: secret}", "basic_auth_users.anna", "is not a bcrypt hash; make one with"),
        (
            f"basic_auth_users: {{anna: {HASH.replace('$04$', '$31$')}}}",
            "basic_auth_users.anna",
            "make one with cost 10",
        ),
        (f"basic_auth_users: {{'a:b': {HASH}}}", 'basic_auth_users."a:b"', "can't be a user's name"),
        (f"basic_auth_users: {{anna: {HASH}, anna: {HASH}}}", "basic_auth_users.anna", "is given twice"),
        ('http_server_config: {headers: {X-Frame-Options: "a\\r\\nb"}}', "X-Frame-Options", "no header can carry"),
        ("http_server_config: {headers: {Set-Cookie: a}}", "http_server_config.headers", "Set-Cookie"),
        ("{", "line", "correct the YAML there"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, text: str, field: str, message: str) -> None:
    """File, field and mend; never silently less protection, and never a question on the terminal."""
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        load_security(file)
    line = str(refused.value)
    assert (str(file), 1) == (refused.value.file, len(line.splitlines()))
    assert field in refused.value.field
    assert message in refused.value.message


@pytest.mark.parametrize("password", ["pa55word", "5555", "[5555]"])
def test_no_message_shows_a_password(tmp_path: Path, password: str) -> None:
    """One that was written where a hash belongs, in quotes or not, stays out of logs and terminals."""
    with pytest.raises(ConfigError) as refused:
        load_security(written(tmp_path, f"basic_auth_users: {{anna: {password}}}"))
    assert ("basic_auth_users.anna", False) == (refused.value.field, "55" in refused.value.message)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, a folder, or not text."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for file, message in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory"), (binary, "is not UTF-8")):
        with pytest.raises(ConfigError, match=message) as refused:
            load_security(file)
        assert str(file) == refused.value.file
