"""From a platform's block to its pseudo-hosts: where a cloud's own databases and APIs are, and how each is asked.

Which keys a type of cloud has is decided here, so that a key of the other type is one line with its mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from cs_exporter.config.clouds_file import entry_problem, keystone_address, read_clouds, told_by_environment
from cs_exporter.config.errors import Location
from cs_exporter.config.layers import Values, given
from cs_exporter.config.looks import API, SDK, SECTIONS, FileLooks
from cs_exporter.config.network import MysqlFields
from cs_exporter.config.platforms import PlatformBlock
from cs_exporter.config.profiles import Profile
from cs_exporter.model import ApiTarget, CloudKind, CloudTarget, Schema, SdkTarget

ProfileOf = Callable[[Values], Profile | None]
"""The profile of a pseudo-host with this login to its database server."""

SDK_PACKAGE = "openstack"
"""What openstacksdk is imported as."""

_LOGIN = frozenset(MysqlFields.model_fields)
_OF_CLOUDSTACK, _OF_OPENSTACK = frozenset({"name"}), frozenset({"nova", "neutron", "cinder", "heat"})
"""Keys of `database` that only one type has."""


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """A pseudo-host: what it is called behind `endpoint:`, how it is asked at `address`, and its profile."""

    name: str
    address: str
    target: CloudTarget
    profile: Profile


def mistakes_of_type(kind: CloudKind, block: PlatformBlock) -> list[tuple[Location, str]]:
    """What a cloud of that type can't have, or lacks to be asked at all: where in its block, and what is wrong."""
    made = _OpenStack if kind is CloudKind.OPENSTACK else _CloudStack
    return list(_foreign_keys(kind, block)) or list(made.unasked(block))


def endpoints(
    name: str, kind: CloudKind, block: PlatformBlock, files: FileLooks, profile: ProfileOf
) -> tuple[EndpointPlan, ...]:
    """The pseudo-hosts of a cloud whose block fits its type, itself first; none where a mistake prevents one."""
    made = _OpenStack if kind is CloudKind.OPENSTACK else _CloudStack
    planned = tuple(made(("platforms", name), block, files).plans(name, profile))
    return () if None in planned else tuple(plan for plan in planned if plan is not None)


def _foreign_keys(kind: CloudKind, block: PlatformBlock) -> Iterator[tuple[Location, str]]:
    """Keys that are there, and are another type's."""
    other = CloudKind.CLOUDSTACK if kind is CloudKind.OPENSTACK else CloudKind.OPENSTACK
    openstack = kind is CloudKind.OPENSTACK
    for key in ("api",) if openstack else ("cells", "openstack"):
        if getattr(block, key):
            mend = "name an entry of clouds.yaml by openstack: {cloud: NAME}" if openstack else f"set type: {other}"
            yield (key,), f"is a key of clouds of type {other}; remove it, or {mend}"
    if block.database is not None:
        for key in sorted(block.database.model_fields_set & (_OF_CLOUDSTACK if openstack else _OF_OPENSTACK)):
            mend = "remove it, and give nova, neutron, cinder and heat" if openstack else "remove it, and give name"
            yield ("database", key), f"is a key of clouds of type {other}; {mend}"


class _CloudStack:
    """One database, one API."""

    def __init__(self, at: Location, block: PlatformBlock, files: FileLooks) -> None:
        self._at, self._block, self._files = at, block, files

    @staticmethod
    def unasked(block: PlatformBlock) -> Iterator[tuple[Location, str]]:
        """Why it can't be asked."""
        if block.database is None and block.api is None:
            yield (), "has neither a database nor an api; say how the cloud is asked"

    def plans(self, name: str, profile: ProfileOf) -> Iterator[EndpointPlan | None]:
        """Its pseudo-host."""
        block, login = self._block, _login(self._block.database, self._files, (*self._at, "database"))
        made, api = profile(login), None
        if block.api is not None:
            values = given(block.api)
            self._files.look(values, API, (*self._at, "api"))
            if values["key_file"] == values["secret_file"]:
                message = "is the file of the API key too; name that of the secret key"
                self._files.report((*self._at, "api", "secret_file"), message)
            api = ApiTarget(**values)
        target = CloudTarget(CloudKind.CLOUDSTACK, None if block.database is None else block.database.name, api)
        api_host = urlsplit(api.url).hostname if api is not None else None
        yield _plan(name, block.database.address if block.database else api_host or "", target, made)


class _OpenStack:
    """A database server with a schema for each service, servers of cells, and APIs."""

    def __init__(self, at: Location, block: PlatformBlock, files: FileLooks) -> None:
        self._at, self._block, self._files = at, block, files

    @staticmethod
    def unasked(block: PlatformBlock) -> Iterator[tuple[Location, str]]:
        """Why it can't be asked."""
        if block.database is None and block.openstack is None:
            yield (), "has neither a database nor openstack; say how the cloud is asked"
        if block.database is not None and not block.database.schemas():
            yield ("database",), "names no database of nova, neutron, cinder or heat; name at least one"
        elif block.database is not None and not block.database.nova and not block.cells:
            mend = "name nova's databases there, or cells that have servers of their own"
            yield ("database", "nova"), f"is empty, and no hypervisor would be found; {mend}"

    def plans(self, name: str, profile: ProfileOf) -> Iterator[EndpointPlan | None]:
        """The pseudo-hosts of the cloud and of its cells; None for one that a mistake prevents."""
        database = self._block.database
        login = _login(database, self._files, (*self._at, "database"))
        sdk, keystone = self._sdk()
        schemas = () if database is None else database.schemas()
        target = CloudTarget(CloudKind.OPENSTACK, schemas=schemas, sdk=sdk)
        yield _plan(name, keystone if database is None else database.address, target, profile(login))
        for index, cell in enumerate(self._block.cells):
            own = _login(cell, self._files, (*self._at, "cells", index))
            target = CloudTarget(CloudKind.OPENSTACK, schemas=(Schema("nova", cell.database),), cell=cell.name)
            yield _plan(f"{name}.{cell.name}", cell.address, target, profile({**login, **own}))

    def _sdk(self) -> tuple[SdkTarget | None, str]:
        """How its APIs are asked, and the address of its keystone, empty where that is not known."""
        if self._block.openstack is None:
            return None, ""
        at: Location = (*self._at, "openstack")
        if find_spec(SDK_PACKAGE) is None:
            mend = "pip install 'cs-exporter[openstack]', or remove this key"
            self._files.report(at, f"needs openstacksdk, which is not installed; {mend}")
        values = given(self._block.openstack)
        self._files.look(values, SDK, at)
        target = SdkTarget(**values)
        entry: object = None
        if target.clouds_file is not None:
            clouds = read_clouds(Path(target.clouds_file))
            if not isinstance(clouds, str):
                problem = entry_problem(clouds, target.cloud)
                entry = clouds.get(target.cloud or "")
                if problem is not None:
                    self._files.report((*at, "cloud"), problem)
        elif target.cloud is None and not told_by_environment():
            mend = "name an entry of clouds.yaml, or set OS_CLOUD or OS_AUTH_URL and the other variables OS_*"
            self._files.report((*at, "cloud"), f"is missing, and the environment names no cloud; {mend}")
        return target, keystone_address(entry)


def _plan(name: str, address: str, target: CloudTarget, profile: Profile | None) -> EndpointPlan | None:
    return None if profile is None else EndpointPlan(name, address, target, profile)


def _login(fields: MysqlFields | None, files: FileLooks, at: Location) -> Values:
    """How to log in to a database server, as far as it is written there."""
    values = {} if fields is None else given(fields, include=set(_LOGIN))
    files.look(values, SECTIONS["mysql"], at)
    return values
