"""The shape of the configuration file, composed from the register: each probe's settings are a section of `probes`.

The static classes say what every file has; `compose` narrows what depends on the probes and their symptoms.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationInfo, create_model, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cs_exporter.config.environment import EnvironmentSource, read_environment
from cs_exporter.config.errors import suggestion
from cs_exporter.config.hosts import HostBlock, HostFields, SshFields, WrittenFields
from cs_exporter.config.network import MysqlFields
from cs_exporter.config.platforms import PlatformBlock, platform_name
from cs_exporter.config.types import Integer, Number, Strict, empty_where_null, group_name
from cs_exporter.spec import AnyDerived, AnySpec, Op, Seconds, Symptom

DEFAULT_TIMEOUT = 10.0

GroupName = Annotated[str, AfterValidator(group_name)]
PlatformName = Annotated[str, AfterValidator(platform_name)]


class GlobalSection(Strict):
    """What concerns all probes."""

    interval: Seconds = Field(
        default=15.0, gt=0, le=3600, description="the base interval; every probe's is a whole multiple of it"
    )
    timeout: Seconds = Field(
        default_factory=lambda values: min(DEFAULT_TIMEOUT, values.get("interval", DEFAULT_TIMEOUT)),
        gt=0,
        description="of one run of a probe that has no timeout of its own; default: 10s, at most the interval",
    )
    series_limit: Integer = Field(
        default=1000, ge=1, description="most series one host may have; what is more is left out"
    )

    @field_validator("timeout")
    @classmethod
    def _timeout_within_interval(cls, timeout: float, info: ValidationInfo) -> float:
        interval = info.data.get("interval", timeout)
        if timeout > interval:
            raise ValueError(
                f"{timeout:g} s is longer than global.interval of {interval:g} s; shorten it or lengthen the interval"
            )
        return timeout


class SshSection(SshFields):
    """How to log in to all hosts, and how gently connections are made."""

    max_handshakes: Integer = Field(default=64, ge=1, le=1000, description="logins under way at the same time")
    handshakes_per_second: Number = Field(default=50.0, gt=0, le=1000, description="logins begun per second")
    retry_max: Seconds = Field(
        default=30.0, ge=1, description="longest pause between attempts to connect; it begins at 1s and doubles"
    )


class Sections(BaseSettings):
    """A whole configuration. The environment overrides what the class is called with: the file's content."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", case_sensitive=True)

    global_: GlobalSection = Field(
        default_factory=GlobalSection, alias="global", description="what concerns all probes"
    )
    ssh: SshSection = Field(default_factory=SshSection, description="how to log in to the hosts")
    mysql: MysqlFields = Field(
        default_factory=MysqlFields, description="how to log in to the database servers of hosts with the role database"
    )
    platforms: dict[str, PlatformBlock] = Field(
        default_factory=dict, description="by name: clouds whose hosts are found by asking them"
    )
    defaults: WrittenFields = Field(
        default_factory=WrittenFields, description="what every host has unless told otherwise"
    )
    groups: dict[str, WrittenFields] = Field(
        default_factory=dict, description="by name: what the hosts of a group have"
    )
    hosts: tuple[HostBlock, ...] = Field(default=(), description="the machines that are polled")
    probes: Strict = Field(default_factory=Strict, description="one section per probe")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where values come from, the strongest first."""
        overrides = read_environment(os.environ, section_names())
        return EnvironmentSource(settings_cls, overrides.values), init_settings

    @field_validator("global_", "ssh", "mysql", "platforms", "defaults", "groups", "probes", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object) -> object:
        return empty_where_null(value)


def section_names() -> list[str]:
    """The top-level keys of the file."""
    return [field.alias or name for name, field in Sections.model_fields.items()]


def compose(specs: Sequence[AnySpec], derived: Sequence[AnyDerived] = ()) -> type[Sections]:
    """The shape of a configuration for these probes and the symptoms of all these sheets."""
    sheets: tuple[AnySpec | AnyDerived, ...] = (*specs, *derived)
    symptom = _symptom_name(tuple(chain.from_iterable(sheet.symptoms for sheet in sheets)))
    probes = create_model("Probes", __base__=Strict, __doc__="One section per probe.", **_probe_sections(specs))
    overrides = _nullable(create_model("ProbeOverrides", __base__=Strict, **_probe_overrides(specs)))
    narrowed: dict[str, Any] = {
        "limits": (dict[symptom, Number] | None, _like(HostFields, "limits", default=None)),  # type: ignore[valid-type]  # made at run time
        "probes": (overrides | None, _like(HostFields, "probes", default=None)),
    }
    group = create_model("Group", __base__=WrittenFields, __doc__=WrittenFields.__doc__, **narrowed)
    host = create_model("Host", __base__=HostBlock, __doc__=HostBlock.__doc__, **narrowed)
    group_or_null, platform = _nullable(group), _platform(narrowed)
    whole: dict[str, Any] = {
        "platforms": (dict[PlatformName, platform], _like(Sections, "platforms", default_factory=dict)),  # type: ignore[valid-type]  # made at run time
        "defaults": (group, _like(Sections, "defaults", default_factory=group)),
        "groups": (dict[GroupName, group_or_null], _like(Sections, "groups", default_factory=dict)),  # type: ignore[valid-type]  # made at run time
        "hosts": (tuple[host, ...], _like(Sections, "hosts", default=())),
        "probes": (probes, _like(Sections, "probes", default_factory=probes)),
    }
    return create_model("Configuration", __base__=Sections, __doc__="The configuration of cs_exporter.", **whole)


def _platform(narrowed: dict[str, Any]) -> Any:  # noqa: ANN401  # a type made at run time
    hosts = create_model("PlatformHosts", __base__=HostFields, __doc__=HostFields.__doc__, **narrowed)
    return _nullable(
        create_model(
            "Platform",
            __base__=PlatformBlock,
            __doc__=PlatformBlock.__doc__,
            hosts=(_nullable(hosts), _like(PlatformBlock, "hosts", default_factory=hosts)),
        )
    )


def _probe_sections(specs: Sequence[AnySpec]) -> dict[str, Any]:
    return {
        spec.name: (_nullable(spec.settings), Field(default_factory=spec.settings, description=spec.question))
        for spec in specs
    }


def _probe_overrides(specs: Sequence[AnySpec]) -> dict[str, Any]:
    """Each probe's settings with nothing required and nothing compared.

    Whether two settings fit together shows only when all layers are merged.
    """
    found: dict[str, Any] = {}
    for spec in specs:
        fields: dict[str, Any] = {
            name: (_annotation(field), _like(spec.settings, name, default_factory=_nothing))
            for name, field in spec.settings.model_fields.items()
        }
        override = _nullable(create_model(f"{spec.settings.__name__}Override", __base__=Strict, **fields))
        found[spec.name] = (override | None, Field(default=None, description=spec.question))
    return found


def _annotation(field: FieldInfo) -> Any:  # noqa: ANN401  # a type made at run time
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _nothing() -> None:
    """What an override does not say."""


def _nullable(model: type[BaseModel]) -> Any:  # noqa: ANN401  # a type made at run time
    return Annotated[model, BeforeValidator(empty_where_null)]


def _like(model: type[BaseModel], name: str, **default: Any) -> Any:  # noqa: ANN401  # as pydantic's Field
    """A field with the description of the static class's."""
    return Field(description=model.model_fields[name].description, **default)


def _symptom_name(symptoms: Sequence[Symptom]) -> Any:  # noqa: ANN401  # a type made at run time
    known = sorted(symptom.name for symptom in symptoms if symptom.limit.op is not Op.EQUALS)
    yes_or_no = {symptom.name for symptom in symptoms} - {*known}

    def check(name: str) -> str:
        if name in yes_or_no:
            raise ValueError(f"{name} is yes or no and has no limit; remove it, or disable its probe for the host")
        if name not in known:
            raise ValueError(f"no symptom {name!r}; {suggestion(name, known, 'symptoms')}")
        return name

    return Annotated[str, AfterValidator(check), Field(json_schema_extra={"enum": list(known)})]
