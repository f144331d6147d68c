"""What the configuration says of clouds: their databases, their APIs, and what their hosts have.

Shapes only; which keys belong to which type is decided in endpoints.py, and which hosts a cloud has while it runs.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from cs_exporter.config.hosts import HostFields
from cs_exporter.config.network import MysqlFields
from cs_exporter.config.profiles import NO_PLATFORM
from cs_exporter.config.types import Strict, Text, empty_where_null, host_address, word
from cs_exporter.model import CloudKind, Schema

API_PATH = "/client/api"
"""Where CloudStack's API is, for a URL that names only the server."""

_SCHEMA = re.compile(r"[\w$-]{1,64}")
"""MySQL's identifiers: those that need no quotes, and the hyphen, which some names have."""

_OF_NO_CELL = frozenset({"nova_cell0", "nova_api"})
"""Databases of nova in which no service reports."""


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


def schema_name(text: str) -> str:
    """The name of a database of a service; empty: there is none. Raises ValueError."""
    if text and _SCHEMA.fullmatch(text) is None:
        raise ValueError(f"{text[:300]!r} is not a database's name; give its name, or '' where there is none")
    return text


def cell_schema(text: str) -> str:
    """The name of a database of one of nova's cells; raises ValueError."""
    if text in _OF_NO_CELL:
        raise ValueError(f"{text!r} is no cell's database: no service reports there; remove it, or name a cell's")
    return schema_name(text)


def _one_is_a_list(value: object) -> object:
    """`nova: nova` is short for `nova: [nova]`."""
    return [value] if isinstance(value, str) else value


def _not_nothing(value: object) -> object:
    if value is None:
        raise ValueError("has no value; write '' where there is none, or remove the key")
    return value


SchemaName = Annotated[str, BeforeValidator(_not_nothing), AfterValidator(schema_name)]


class DatabaseFields(MysqlFields):
    """The cloud's database, and how to log in where that differs from the mysql section."""

    address: Annotated[str, AfterValidator(host_address)] = Field(description="of the database server")
    name: Text = Field(default="cloud", description="CloudStack: the database's name there")
    nova: Annotated[tuple[Text, ...], BeforeValidator(_one_is_a_list)] = Field(
        default=("nova",), description="OpenStack: nova's databases there, one for each of its cells; not nova_cell0"
    )
    neutron: SchemaName = Field(default="neutron", description="OpenStack: neutron's database there; '' for none")
    cinder: SchemaName = Field(default="cinder", description="OpenStack: cinder's database there; '' for none")
    heat: SchemaName = Field(default="", description="OpenStack: heat's database there; default: it is not asked")

    @field_validator("nova")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} is listed twice; remove one of them")
            cell_schema(name)
        return names

    def schemas(self) -> tuple[Schema, ...]:
        """Those of an OpenStack cloud."""
        single = ((service, getattr(self, service)) for service in ("neutron", "cinder", "heat"))
        return (*(Schema("nova", name) for name in self.nova), *(Schema(*one) for one in single if one[1]))


class ApiFields(Strict):
    """CloudStack's API, and the keys of an account."""

    url: Annotated[str, AfterValidator(api_url)] = Field(description="such as https://ms1.example:8443/client/api")
    key_file: Text = Field(description="file whose first line is the account's API key; relative as ssh.key_file")
    secret_file: Text = Field(description="file whose first line is its secret key; relative as ssh.key_file")
    verify: bool = Field(default=True, description="false believes whoever answers: for labs")
    ca_file: Text | None = Field(
        default=None, description="certificates that sign the server's; relative as ssh.key_file; default: the system's"
    )


class SdkFields(Strict):
    """OpenStack's APIs, by openstacksdk: which entry of a clouds.yaml."""

    cloud: Text | None = Field(
        default=None, description="an entry of clouds.yaml; default: OS_CLOUD, or the other variables OS_* alone"
    )
    clouds_file: Text | None = Field(
        default=None, description="the clouds.yaml; relative as ssh.key_file; default: where openstacksdk looks for it"
    )


class CellFields(MysqlFields):
    """A cell of nova with a database server of its own, and how to log in where that differs from the database's."""

    name: Annotated[str, AfterValidator(lambda text: word(text, "a cell's name"))] = Field(description="of your own")
    address: Annotated[str, AfterValidator(host_address)] = Field(description="of the cell's database server")
    database: Annotated[Text, AfterValidator(cell_schema)] = Field(
        default="nova", alias="schema", description="nova's database there"
    )


class PlatformBlock(Strict):
    """A cloud. Its hosts are found there, and need not be written under hosts."""

    type: CloudKind | None = Field(default=None, description="default: the platform's name, where that is a type")
    database: DatabaseFields | None = Field(default=None, description="its database, where that may be read")
    cells: tuple[CellFields, ...] = Field(
        default=(), description="OpenStack: cells of nova whose database is on another server than the rest"
    )
    api: ApiFields | None = Field(
        default=None, description="CloudStack's API; asked where the database is not, or can't be"
    )
    openstack: SdkFields | None = Field(
        default=None,
        description="OpenStack's APIs; asked where the database is not, can't be, or does not tell",
    )
    ignore: tuple[Text, ...] = Field(
        default=(), description="names in the cloud that are not watched, as a shell's patterns: rbd-*"
    )
    hosts: Annotated[HostFields, BeforeValidator(empty_where_null)] = Field(
        default_factory=HostFields, description="what its hosts have; over defaults, under what the cloud itself says"
    )
