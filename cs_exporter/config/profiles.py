"""What the layers of a host come to: its profile, and the mistakes that only show when all of them are merged.

Hosts whose layers come out equal share what was worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from cs_exporter.config.errors import Location, Mistake
from cs_exporter.config.layers import Layer, Values, blamed, hashable, merged
from cs_exporter.model import Connection, DeclaredPort, HostLimits, MysqlTarget, Place, Role, SshTarget
from cs_exporter.probes.ports.table import mistake_in
from cs_exporter.spec import AnySpec, ProbeSettings, longest_run

WAIT_SLACK = 0.5
"""Seconds that a run must have beyond its longest wait, to connect and to judge."""

NO_PLATFORM = "static"
"""The platform of hosts that belong to none."""

_PLACE_FIELDS = tuple(field.name for field in fields(Place))


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything about a host that its layers decide; `mounts` with servers as written."""

    platform: str
    roles: frozenset[Role]
    place: Place
    maintenance: bool
    connection: Connection
    ssh: SshTarget
    mysql: MysqlTarget
    secured: bool | None
    ports: tuple[DeclaredPort, ...]
    mounts: tuple[Mapping[str, Any], ...]
    limits: HostLimits
    settings: Mapping[str, ProbeSettings]


@dataclass
class Profiles:
    """Makes profiles for these probes; `mistakes` collects what is wrong, each once. Times in seconds."""

    specs: Sequence[AnySpec]
    interval: float
    timeout: float
    mistakes: dict[Mistake, None] = field(default_factory=dict)
    _settings: dict[object, Mapping[str, ProbeSettings]] = field(default_factory=dict)

    def attempt(self) -> Profiles:
        """One that shares what was worked out and collects mistakes of its own: what a cloud says may be refused."""
        return Profiles(self.specs, self.interval, self.timeout, {}, self._settings)

    def report(self, location: Location, message: str) -> None:
        """Keep a mistake."""
        self.mistakes[Mistake(location, message)] = None

    def profile(self, layers: Sequence[Layer]) -> Profile | None:
        """The profile of hosts with these layers, the broadest first; None where a mistake prevents it."""
        values = merged(layers)
        roles: frozenset[Role] = frozenset(values.get("roles", ()))
        settings = self._settings_of(values.get("probes", {}), roles, layers)
        ssh = SshTarget(**values.get("ssh", {}))
        connection = values.get("connection", Connection.SSH)
        if connection is Connection.SSH:
            self._check_way_in(ssh)
        ports = self._ports(values.get("ports", ()), layers)
        if settings is None:
            return None
        return Profile(
            platform=values.get("platform", NO_PLATFORM),
            roles=roles,
            place=Place(**{name: values.get(name, "") for name in _PLACE_FIELDS}),
            maintenance=values.get("maintenance", False),
            connection=connection,
            ssh=ssh,
            mysql=MysqlTarget(**values.get("mysql", {})),
            secured=values.get("secured"),
            ports=ports,
            mounts=tuple(values.get("mounts", ())),
            limits=HostLimits(MappingProxyType(values.get("limits", {}))),
            settings=settings,
        )

    def _ports(self, rows: Sequence[Values], layers: Sequence[Layer]) -> tuple[DeclaredPort, ...]:
        ports = tuple(DeclaredPort(**row) for row in rows)
        for problem in filter(None, map(mistake_in, ports)):
            self.report(blamed(layers, ("ports",)), problem)
        return ports

    def _check_way_in(self, ssh: SshTarget) -> None:
        if ssh.key_file is None:
            self.report(
                ("ssh", "key_file"),
                "is missing, and hosts are asked over SSH; name the account's private key, "
                "made with ssh-keygen -t ed25519 -N ''",
            )
        if ssh.verify_host_key and ssh.known_hosts is None:
            self.report(
                ("ssh", "known_hosts"),
                "is missing, and host keys are verified; name a file made with ssh-keyscan, "
                "or in a lab set ssh.verify_host_key: false",
            )

    def _settings_of(
        self, given: Values, roles: frozenset[Role], layers: Sequence[Layer]
    ) -> Mapping[str, ProbeSettings] | None:
        key = (hashable(given), roles)
        if key not in self._settings:
            found = {
                spec.name: self._probe_settings(spec, given.get(spec.name, {}), roles, layers) for spec in self.specs
            }
            complete = {name: settings for name, settings in found.items() if settings is not None}
            if len(complete) < len(found):
                return None
            self._settings[key] = MappingProxyType(complete)
        return self._settings[key]

    def _probe_settings(
        self, spec: AnySpec, given: Values, roles: frozenset[Role], layers: Sequence[Layer]
    ) -> ProbeSettings | None:
        """One probe's settings after merging; a mistake is blamed on the narrowest layer that had a say."""
        path = ("probes", spec.name)
        try:
            settings: ProbeSettings = spec.settings.model_validate(given).for_roles(roles)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                text = detail["msg"].removeprefix("Value error, ")
                self.report(blamed(layers, (*path, *detail["loc"])), text if ";" in text else f"{text}; correct it")
            return None
        if settings.timeout is not None and settings.timeout > settings.interval:
            self.report(
                blamed(layers, (*path, "timeout")),
                f"{settings.timeout:g} s is longer than the interval of {settings.interval:g} s; "
                "a run must end before the next, shorten it or lengthen the interval",
            )
            return None
        run, wait = longest_run(settings, self.timeout, self.interval), settings.longest_wait()
        if settings.enabled and wait + WAIT_SLACK > run:
            self.report(
                blamed(layers, path),
                f"a run of {spec.name} may take {run:g} s and has to wait up to {wait:g} s for an answer; "
                f"give it at least {wait + WAIT_SLACK:g} s (global.timeout or probes.{spec.name}.timeout, and an "
                "interval that holds it), or shorten the limit of that wait",
            )
            return None
        return settings
