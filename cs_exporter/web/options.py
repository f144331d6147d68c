"""The --web.* flags, checked once at the start and brought into the form that routes, links and listeners use.

They mean what they mean to users of Prometheus; a mistake in one is a ConfigError that names the flag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cs_exporter.config.errors import ConfigError

DEFAULT_LISTEN_ADDRESS = ":10595"
DEFAULT_TELEMETRY_PATH = "/metrics"

OTHER_PATHS = (
    *("/", "/status.json", "/runbooks", "/probe", "/sd", "/history", "/config"),
    *("/-/healthy", "/-/ready", "/-/reload"),
)
"""Every path but the metrics' own, which must not be one of these."""

_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_ADDRESS = re.compile(r"(?:\[(?P<literal>[^]]+)\]|(?P<name>[^:\[\]]*)):(?P<port>\d{1,5})")
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to listen; `host` is empty for every address of the machine, `port` 0 for a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class WebOptions:
    """The flags, checked. Prefixes begin with a slash and do not end with one, or are empty."""

    listen: tuple[ListenAddress, ...]
    config_file: Path | None
    telemetry_path: str
    route_prefix: str
    link_prefix: str  # what a browser sees: other than route_prefix where a proxy in front rewrites paths


def web_options(
    listen_addresses: Iterable[str] = (DEFAULT_LISTEN_ADDRESS,),
    config_file: Path | None = None,
    telemetry_path: str = DEFAULT_TELEMETRY_PATH,
    external_url: str = "",
    route_prefix: str | None = None,
) -> WebOptions:
    """The flags as given, checked; `route_prefix` None means: the path of the external URL. Raises ConfigError."""
    external_path = _external_path(external_url)
    routes = external_path if route_prefix is None else _prefix("--web.route-prefix", route_prefix)
    if not _PATH.fullmatch(telemetry_path):
        raise _error("--web.telemetry-path", telemetry_path, "is not a path; write it as /metrics")
    if telemetry_path in OTHER_PATHS:
        raise _error("--web.telemetry-path", telemetry_path, "is taken by another page; choose another path")
    return WebOptions(
        tuple(dict.fromkeys(listen_address(text) for text in listen_addresses)),
        config_file,
        telemetry_path,
        routes,
        external_path if external_url else routes,
    )


def listen_address(text: str) -> ListenAddress:
    """`:10595`, `127.0.0.1:10595`, `name:10595` or `[::1]:10595`. Raises ConfigError."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or int(found["port"]) > _LAST_PORT:
        raise _error(
            "--web.listen-address", text, "is not an address; write it as :10595, 192.0.2.1:10595 or [::1]:10595"
        )
    return ListenAddress(found["literal"] or found["name"] or "", int(found["port"]))


def _external_path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("//")
    if url and (parts.query or parts.fragment or parts.scheme not in ("http", "https") or not parts.hostname):
        raise _error("--web.external-url", url, "is not an address of a page; write it as https://name/path")
    return _prefix("--web.external-url", parts.path)


def _prefix(flag: str, path: str) -> str:
    prefix = "/" + path.strip("/") if path.strip("/") else ""
    if prefix and not _PATH.fullmatch(prefix):
        raise _error(flag, path, "is not a plain path; use letters, digits and . _ ~ - between slashes")
    return prefix


def _error(flag: str, value: str, message: str) -> ConfigError:
    return ConfigError(flag, "", f"{value!r} {message}")
