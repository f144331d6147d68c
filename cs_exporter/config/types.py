"""The building blocks of the configuration's shape: names, addresses, numbers, and mappings that refuse unknown keys.

Every message says what is wrong and how to mend it, since it is the whole of what a user sees.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_DIGITS_AND_DOTS = re.compile(r"[0-9.]+")
_NFS_VERSION = re.compile(r"[34]|4\.[0-2]")


def empty_where_null(value: object) -> object:
    """A section whose every line is commented out is null in YAML; it means an empty one."""
    return {} if value is None else value


def host_name(text: str) -> str:
    """A host's name; raises ValueError."""
    if _NAME.fullmatch(text) is None:
        raise ValueError(
            f"{text[:300]!r} is not a host name; use only letters, digits, '.', '-' and '_' (at most 253), "
            "beginning with a letter or digit"
        )
    return text


def group_name(text: str) -> str:
    """A group's name, which stands in paths and in names of variables; raises ValueError."""
    return word(text, "a group's name")


def word(text: str, what: str) -> str:
    """A text that needs no quotes anywhere; raises ValueError, which says what it should be."""
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"{text[:300]!r} is not {what}; use only letters, digits, '.', '-' and '_'")
    return text


def host_address(text: str) -> str:
    """An IPv4 or IPv6 address or a resolvable name, without a port, in its usual spelling; raises ValueError."""
    bare = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    try:
        if ":" in bare:
            ipaddress.IPv6Address(bare)
        elif _DIGITS_AND_DOTS.fullmatch(bare):
            ipaddress.IPv4Address(bare)
        else:
            host_name(bare)
    except ValueError:
        raise ValueError(
            f"{text[:300]!r} is not an address; write an IPv4 or IPv6 address or a name, without a port"
        ) from None
    if bare != text:
        raise ValueError(f"{text!r} has brackets; write the IPv6 address without them")
    return spelt_as_usual(text)


def spelt_as_usual(address: str) -> str:
    """An IPv6 address can be written in many ways; in one only it is found again, and compares with the kernel's."""
    if ":" not in address:
        return address
    value = ipaddress.IPv6Address(address)
    return f"::ffff:{value.ipv4_mapped}" if value.ipv4_mapped else str(value)


def _printable(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; give a value or remove the key")
    if not text.isprintable():
        raise ValueError(f"{text!r} has a control character; remove it")
    return text


def _absolute(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"{text!r} is not absolute; begin it with '/'")
    return text.rstrip("/") or "/"


def _not_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false; correct it")  # noqa: TRY004  # pydantic's protocol
    return value


def _version(value: object) -> object:
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(text, str) and _NFS_VERSION.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a version of NFS; write 3, 4, 4.0, 4.1 or 4.2")
    return text


Text = Annotated[str, AfterValidator(_printable)]
Integer = Annotated[int, BeforeValidator(_not_boolean)]
Number = Annotated[float, BeforeValidator(_not_boolean), Field(allow_inf_nan=False)]
AbsolutePath = Annotated[str, AfterValidator(_printable), AfterValidator(_absolute)]
NfsVersion = Annotated[str, BeforeValidator(_version, json_schema_input_type=str | float)]


class Strict(BaseModel):
    """A mapping of the file: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
