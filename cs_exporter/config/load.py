"""Loads the configuration, and shows it: as a schema, as one line, as what is in force.

File and environment come in as one set of values, so that a mistake is told the same way wherever it stands.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretBytes, SecretStr, ValidationError

from cs_exporter.config.environment import read_environment
from cs_exporter.config.errors import ConfigError, Mistake, Origin, mistakes_in, suggestion
from cs_exporter.config.hosts import HostBlock
from cs_exporter.config.profiles import Profiles
from cs_exporter.config.resolve import HostPlan, PlatformPlan, Resolver
from cs_exporter.config.sections import GlobalSection, Sections, SshSection, compose, section_names
from cs_exporter.config.types import host_name
from cs_exporter.config.yaml import read_yaml
from cs_exporter.model import Inventory, MysqlTarget, SshTarget
from cs_exporter.probes import DERIVED, PROBES
from cs_exporter.spec import AnyDerived, AnySpec

BUILT_IN = "built-in configuration"
"""What stands for the file where there is none."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DUMPER: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_SECRET = "<secret>"  # noqa: S105  # what is shown instead of one
_HIDDEN_KEYS = frozenset({"key_file", "password_file", "secret_file"})
"""Keys whose values are no secrets themselves but say where one is."""


@dataclass(frozen=True)
class Config:
    """A valid configuration. `source` is the file's name; `plans` are its hosts, all layers laid over each other.

    `platforms` are the clouds whose hosts are found by asking them; `profiles` makes theirs.
    """

    source: str
    sections: Sections
    plans: tuple[HostPlan, ...]
    platforms: tuple[PlatformPlan, ...] = ()
    profiles: Profiles = field(default_factory=lambda: Profiles((), 1.0, 1.0), repr=False, compare=False)

    @property
    def sources(self) -> Mapping[str, str]:
        """Who is asked which hosts a cloud has: each pseudo-host's name behind `endpoint:` -> its platform."""
        return {endpoint.name: platform.name for platform in self.platforms for endpoint in platform.endpoints}

    @property
    def global_(self) -> GlobalSection:
        """What concerns all probes."""
        return self.sections.global_

    @property
    def ssh(self) -> SshSection:
        """How connections are made; how to log in to a host stands on the host."""
        return self.sections.ssh


def load(path: Path | None, probes: Sequence[AnySpec] = PROBES, derived: Sequence[AnyDerived] = DERIVED) -> Config:
    """The configuration in the file and the environment; without a file, this machine is watched, without SSH.

    Raises ConfigError with every mistake found.
    """
    values = _without_file() if path is None else read_yaml(path)
    overrides = read_environment(os.environ, section_names())
    if overrides.errors:
        first, *others = overrides.errors
        raise ConfigError(first.file, first.field, first.message, others)
    origin = Origin(BUILT_IN if path is None else str(path), overrides.variables)
    sections, blocks, mistakes = _validated(compose(probes, derived), values, origin)
    resolver = Resolver(sections, probes, Path.cwd() if path is None else path.absolute().parent)
    plans = [resolver.plan(index, block) for index, block in blocks.items()]
    platforms = [resolver.platform(name, block) for name, block in sections.platforms.items()]
    mistakes.extend(resolver.mistakes)
    if not sections.hosts and not sections.platforms and not mistakes:
        mistakes.append(
            Mistake(("hosts",), "no host is given; add at least one, such as '- name: kvm1.example', or a platform")
        )
    if mistakes:
        raise origin.error(mistakes)
    return Config(
        origin.file,
        sections,
        tuple(plan for plan in plans if plan is not None),
        tuple(platform for platform in platforms if platform is not None),
        resolver.profiles,
    )


def schema(probes: Sequence[AnySpec] = PROBES, derived: Sequence[AnyDerived] = DERIVED) -> dict[str, Any]:
    """The JSON schema of the file, for editors."""
    return {"$schema": _DIALECT, **compose(probes, derived).model_json_schema()}


def summary(config: Config, inventory: Inventory) -> str:
    """One line for whoever has checked a configuration."""
    enabled = [
        name for name in type(config.sections.probes).model_fields if getattr(config.sections.probes, name).enabled
    ]
    hosts = sum(host.cloud is None for host in inventory)
    counted = [_counted(hosts, "host")]
    if config.platforms:
        counted.append(f"{_counted(len(config.platforms), 'platform')} (asked when it runs)")
    return f"{config.source}: OK: {', '.join([*counted, _counted(len(enabled), 'probe')])}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def shown(config: Config) -> str:
    """What is in force as YAML: the sections complete, groups and hosts as they were given, secrets hidden."""
    sections = config.sections
    given = sections.model_dump(
        include={"platforms", "defaults", "groups", "hosts"}, exclude_unset=True, exclude_none=True, by_alias=True
    )
    whole = {
        "global": sections.global_.model_dump(),
        "ssh": {**asdict(SshTarget()), **sections.ssh.model_dump(exclude_none=True)},
        "mysql": {**asdict(MysqlTarget()), **sections.mysql.model_dump(exclude_none=True)},
        **given,
        "probes": sections.probes.model_dump(),
    }
    return yaml.dump(_plain(whole), Dumper=_DUMPER, sort_keys=False, allow_unicode=True)


def _without_file() -> dict[str, Any]:
    """The set-up of a first try: this machine alone."""
    name = socket.gethostname()
    try:
        host_name(name)
    except ValueError:
        name = "localhost"
    return {"hosts": [{"name": name, "connection": "local"}]}


def _validated(
    model: type[Sections], values: dict[str, Any], origin: Origin
) -> tuple[Sections, dict[int, HostBlock], list[Mistake]]:
    """The sections, the blocks by their place in the file, and the mistakes of blocks that had to be left out.

    A mistake in one block must not hide those in others. Raises ConfigError where more than blocks is wrong.
    """
    # What begins with an underscore would be taken for an instruction by pydantic-settings.
    odd = [key for key in values if key.startswith("_")]
    if odd:
        raise origin.error(
            Mistake((key,), f"unknown key; {suggestion(key.lstrip('_'), section_names())}") for key in odd
        )
    try:
        sections = model(**values)
    except ValidationError as error:
        mistakes = mistakes_in(error, model)
    else:
        return sections, dict(enumerate(sections.hosts)), []
    bad = {mistake.location[:2] for mistake in mistakes}
    if ("hosts",) in origin.variables or any(len(place) < 2 or place[0] != "hosts" for place in bad):  # noqa: PLR2004
        raise origin.error(mistakes)
    kept = {index: block for index, block in enumerate(values["hosts"]) if ("hosts", index) not in bad}
    sections = model(**{**values, "hosts": list(kept.values())})
    return sections, dict(zip(kept, sections.hosts, strict=True)), mistakes


def _plain(value: object) -> object:
    """A value as plain YAML types, with secrets hidden."""
    if isinstance(value, SecretStr | SecretBytes):
        return _SECRET
    if isinstance(value, Mapping):
        return {
            str(key): _SECRET if key in _HIDDEN_KEYS and inner is not None else _plain(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | frozenset | set):
        return [_plain(inner) for inner in value]
    return value if value is None or type(value) in (bool, int, float) else str(value)
