"""What the configuration says of a host's networks: addresses, ports it is expected to have, its database server.

Shapes only; what a host without them looks like is decided where all layers are merged.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from cs_exporter.config.ranges import Pattern, parse_pattern
from cs_exporter.config.types import Integer, Strict, Text, host_address
from cs_exporter.model import Expected, MysqlTls, Traffic


def address_pattern(text: str) -> Pattern:
    """An address with any number of ranges."""
    # An IPv6 address in brackets is no range; it passes as it is, to be refused for what it is.
    return Pattern((text,), ()) if text.startswith("[") and ":" in text else parse_pattern(text)


def good_pattern(text: str) -> str:
    """The same text; raises ValueError where its ends are no addresses."""
    for address in address_pattern(text).ends:
        host_address(address)
    return text


Address = Annotated[str, AfterValidator(good_pattern)]


class AddressFields(Strict):
    """A host's addresses on the networks that it is not polled over."""

    management: Address | None = Field(default=None, description="where management servers and agents speak")
    storage: Address | None = Field(default=None, description="where it reaches NFS")
    overlay: Address | None = Field(default=None, description="its tunnel endpoint (VXLAN, Geneve)")

    def given(self) -> dict[Traffic, str]:
        """Those that are given."""
        return {traffic: text for traffic in Traffic if (text := getattr(self, traffic.value)) is not None}


class MysqlFields(Strict):
    """How to log in to a database server."""

    user: Text | None = Field(default=None, description="account in the database; default: cs_exporter")
    password_file: Text | None = Field(
        default=None, description="file whose first line is the password; relative as ssh.key_file; default: none"
    )
    port: Integer | None = Field(default=None, ge=1, le=65535, description="default: 3306")
    tls: MysqlTls | None = Field(
        default=None, description="off, required (whoever answers is believed) or verified; default: off"
    )
    ca_file: Text | None = Field(
        default=None, description="certificates that sign the servers', for tls: verified; default: the system's"
    )

    @field_validator("tls", mode="before")
    @classmethod
    def _yaml_knows_off_as_false(cls, value: object) -> object:
        """And "on" as true, which says not whether whoever answers is believed."""
        if value is True:
            raise ValueError("on is not enough; write required (whoever answers is believed) or verified")
        return "off" if value is False else value


class PortBlock(Strict):
    """A port that a host is expected to have open, or closed."""

    name: Text = Field(description="of the port table, or with a port a name of your own")
    port: Integer | None = Field(default=None, ge=1, le=65535, description="default: the table's")
    expected: Expected = Field(default=Expected.OPEN, description="open, closed (open is the finding) or unknown")
    tls: bool | None = Field(default=None, description="whether it speaks TLS; default: the table's, else false")
    speaks: bool | None = Field(
        default=None, description="whether it says the first word by itself, as SMTP does; default: the table's"
    )
    impact: Integer | None = Field(
        default=None, ge=1, le=10, description="how bad it is when it fails: from 9 critical, from 6 a warning"
    )


def given_by_name(value: object) -> object:
    """`ports: [nfs]` is short for `ports: [{name: nfs}]`."""
    return {"name": value} if isinstance(value, str) else value
