"""What the configuration says of clouds: their database, their API, and what their hosts have.

Shapes only; which hosts a cloud has is found out while cs_exporter runs.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cs_exporter.config.hosts import HostFields
from cs_exporter.config.network import MysqlFields
from cs_exporter.config.profiles import NO_PLATFORM
from cs_exporter.config.types import Strict, Text, empty_where_null, host_address, word
from cs_exporter.model import CloudKind

API_PATH = "/client/api"
"""Where CloudStack's API is, for a URL that names only the server."""


def platform_name(text: str) -> str:
    """A platform's name, which stands in names of hosts; raises ValueError."""
    if text == NO_PLATFORM:
        raise ValueError(f"{text!r} is what hosts of no platform are shown under; choose another name")
    return word(text, "a platform's name")


def api_url(text: str) -> str:
    """The URL of an API; raises ValueError."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in ("http", "https"):
        raise ValueError(f"{text[:300]!r} is not a URL; write it as https://ms1.example:8443{API_PATH}")
    host_address(host)
    if parts.username is not None or parts.query or parts.fragment:
        server = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
        path = parts.path if parts.path.strip("/") else API_PATH
        raise ValueError(f"has more than server and path; write it as {parts.scheme}://{server}{path}")
    return text if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}{API_PATH}"


class DatabaseFields(MysqlFields):
    """The cloud's database, and how to log in where that differs from the mysql section."""

    address: Annotated[str, AfterValidator(host_address)] = Field(description="of the database server")
    name: Text = Field(default="cloud", description="the database's name there")


class ApiFields(Strict):
    """The cloud's API, and the keys of an account."""

    url: Annotated[str, AfterValidator(api_url)] = Field(description="such as https://ms1.example:8443/client/api")
    key_file: Text = Field(description="file whose first line is the account's API key; relative as ssh.key_file")
    secret_file: Text = Field(description="file whose first line is its secret key; relative as ssh.key_file")
    verify: bool = Field(default=True, description="false believes whoever answers: for labs")
    ca_file: Text | None = Field(
        default=None, description="certificates that sign the server's; relative as ssh.key_file; default: the system's"
    )


class PlatformBlock(Strict):
    """A cloud. Its hosts are found there, and need not be written under hosts."""

    type: CloudKind | None = Field(default=None, description="default: the platform's name, where that is a type")
    database: DatabaseFields | None = Field(default=None, description="its database, where that may be read")
    api: ApiFields | None = Field(default=None, description="its API; asked where the database is not, or can't be")
    hosts: Annotated[HostFields, BeforeValidator(empty_where_null)] = Field(
        default_factory=HostFields, description="what its hosts have; over defaults, under what the cloud itself says"
    )

    @model_validator(mode="after")
    def _asked_somehow(self) -> PlatformBlock:
        if self.database is None and self.api is None:
            raise ValueError("has neither a database nor an api; say how the cloud is asked")
        return self
