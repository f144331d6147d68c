"""The file of --web.config.file, in the format of Prometheus' exporter-toolkit: TLS, passwords, headers.

Read at the start and again at each reload; what this server cannot do is an error, never silently less protection.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from cs_exporter.config.errors import ConfigError, Mistake, Origin, mistakes_in
from cs_exporter.config.yaml import parse_yaml

_HIGHEST_COST = 16
"""bcrypt doubles its work with each step of the cost; 16 takes seconds per login."""
_HASH = re.compile(r"\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}")

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_CLIENT_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


def _header_value(text: str) -> str:
    if not text.isprintable() or not text.isascii():
        raise ValueError("has a character that no header can carry; remove it")
    return text


def _bcrypt_hash(text: SecretStr) -> SecretStr:
    found = _HASH.fullmatch(text.get_secret_value())
    if found is None:
        raise ValueError("is not a bcrypt hash; make one with: htpasswd -nBC 10 ''")
    if int(found[1]) > _HIGHEST_COST:
        raise ValueError(f"has a cost above {_HIGHEST_COST}, which takes minutes per login; make one with cost 10")
    return text


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TlsServerConfig(_Section):
    """`tls_server_config`; files are relative to the file that names them."""

    cert_file: str = Field(min_length=1)
    key_file: str = Field(min_length=1)
    client_auth_type: Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"] = "NoClientCert"
    client_ca_file: str = ""
    min_version: Literal["TLS12", "TLS13"] = "TLS12"
    max_version: Literal["TLS12", "TLS13"] = "TLS13"


class HttpServerConfig(_Section):
    """`http_server_config`; http2 is taken without effect, since clients agree on HTTP/1.1 by themselves."""

    http2: bool = True
    headers: dict[
        Literal[
            "Content-Security-Policy",
            "Strict-Transport-Security",
            "X-Content-Type-Options",
            "X-Frame-Options",
            "X-XSS-Protection",
        ],
        Annotated[str, AfterValidator(_header_value)],
    ] = Field(default_factory=dict)


class WebConfig(_Section):
    """The whole file."""

    tls_server_config: TlsServerConfig | None = None
    http_server_config: HttpServerConfig = HttpServerConfig()
    basic_auth_users: dict[str, Annotated[SecretStr, AfterValidator(_bcrypt_hash)]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Security:
    """What the file asks for, ready for use. Without a file: plain HTTP, everyone let in."""

    tls: ssl.SSLContext | None = None
    users: Mapping[str, bytes] = field(default_factory=dict)  # name -> bcrypt hash
    headers: Mapping[str, str] = field(default_factory=dict)


def load_security(path: Path | None) -> Security:
    """Read the file and the certificates it names. Raises ConfigError."""
    if path is None:
        return Security()
    config = _read(path)
    tls = config.tls_server_config
    return Security(
        None if tls is None else _context(tls, path),
        {user: hashed.get_secret_value().encode() for user, hashed in config.basic_auth_users.items()},
        {name: value for name, value in config.http_server_config.headers.items() if value},
    )


def _read(path: Path) -> WebConfig:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigError(str(path), "", f"can't be read ({error.strerror}); name a readable file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "", f"is not UTF-8 at byte {error.start + 1}; save it as UTF-8") from None
    content = parse_yaml(text, str(path))
    try:
        config = WebConfig.model_validate({} if content is None else content)
    except ValidationError as error:
        raise Origin(str(path)).error(mistakes_in(error, WebConfig)) from None
    mistakes = list(_contradictions(config))
    if mistakes:
        raise Origin(str(path)).error(mistakes)
    return config


def _contradictions(config: WebConfig) -> Iterator[Mistake]:
    """What is well-formed and still can't be meant."""
    tls = config.tls_server_config
    if tls is not None:
        asks = tls.client_auth_type != "NoClientCert"
        if asks and not tls.client_ca_file:
            where = ("tls_server_config", "client_ca_file")
            yield Mistake(where, f"is missing; {tls.client_auth_type} needs it to verify clients")
        if tls.client_ca_file and not asks:
            where = ("tls_server_config", "client_auth_type")
            yield Mistake(where, "asks no client for a certificate; remove client_ca_file, or choose another type")
        if _VERSIONS[tls.min_version] > _VERSIONS[tls.max_version]:
            yield Mistake(("tls_server_config", "max_version"), "is below min_version; raise it")
    for user in config.basic_auth_users:
        if not user or ":" in user:
            yield Mistake(("basic_auth_users", user), "can't be a user's name; it is empty or has a colon in it")


def _context(tls: TlsServerConfig, path: Path) -> ssl.SSLContext:
    def file(name: Literal["cert_file", "key_file", "client_ca_file"]) -> Path:
        found = path.parent / str(getattr(tls, name))
        try:
            found.open("rb").close()
        except OSError as error:
            message = f"{found} can't be read ({error.strerror}); name a readable file"
            raise ConfigError(str(path), f"tls_server_config.{name}", message) from None
        return found

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = _VERSIONS[tls.min_version], _VERSIONS[tls.max_version]
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a password of its own, an encrypted key would make OpenSSL ask for one on the terminal.
        context.load_cert_chain(file("cert_file"), file("key_file"), password="")
    except ssl.SSLError as error:
        message = f"can't be used ({_said(error)}); cert_file and key_file must be PEM, a pair, and without a password"
        raise ConfigError(str(path), "tls_server_config", message) from None
    if tls.client_ca_file:
        try:
            context.load_verify_locations(file("client_ca_file"))
        except ssl.SSLError as error:
            message = f"can't be used ({_said(error)}); it must hold PEM certificates"
            raise ConfigError(str(path), "tls_server_config.client_ca_file", message) from None
        context.verify_mode = _CLIENT_AUTH[tls.client_auth_type]
    return context


def _said(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).lower().replace("_", " ")
