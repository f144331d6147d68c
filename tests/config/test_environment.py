"""Variables become the nested values of the file; those that cannot be meant are mistakes, others are left alone."""

from __future__ import annotations

import pytest

from cs_exporter.config.environment import EnvironmentSource, read_environment
from cs_exporter.config.sections import Sections, section_names

SECTIONS = ["global", "ssh", "probes", "hosts"]


def test_two_underscores_go_one_level_down() -> None:
    """Values stay text, for the settings to convert; names are those of the file, in small letters."""
    found = read_environment(
        {"CS_EXPORTER_GLOBAL__INTERVAL": "30s", "CS_EXPORTER_PROBES__TIME_DRIFT__ENABLED": "false"}, SECTIONS
    )
    assert {"global": {"interval": "30s"}, "probes": {"time_drift": {"enabled": "false"}}} == found.values
    assert "CS_EXPORTER_GLOBAL__INTERVAL" == found.variables["global", "interval"]
    assert [] == found.errors


def test_lists_and_mappings_are_yaml() -> None:
    """Only they: a text that looks like a number stays text."""
    values = read_environment({"CS_EXPORTER_HOSTS": " [{name: kvm1}]", "CS_EXPORTER_SSH__USER": "1"}, SECTIONS).values
    assert {"hosts": [{"name": "kvm1"}], "ssh": {"user": "1"}} == values


def test_a_longer_variable_refines_a_shorter_one() -> None:
    """Whatever their order in the environment."""
    found = read_environment({"CS_EXPORTER_SSH__PORT": "22", "CS_EXPORTER_SSH": "{user: a, port: 1}"}, SECTIONS)
    assert {"ssh": {"user": "a", "port": "22"}} == found.values


@pytest.mark.parametrize(
    "variable",
    ["CS_EXPORTER_PORT", "CS_EXPORTER_SERVICE_HOST", "CS_EXPORTER_PORT_10595_TCP_ADDR", "PATH", "CS_EXPORTERS__A"],
)
def test_variables_of_others_are_left_alone(variable: str) -> None:
    """An orchestrator sets some for a service called cs-exporter."""
    found = read_environment({variable: "tcp://192.0.2.1:10595"}, SECTIONS)
    assert ({}, {}, []) == (found.values, found.variables, found.errors)


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"CS_EXPORTER_GLOBEL__A": "1"}, "CS_EXPORTER_GLOBEL__A: no section 'globel'; did you mean 'global'?"),
        (
            {"CS_EXPORTER_SSH_PORT": "1"},
            "CS_EXPORTER_SSH_PORT: has one underscore after the section; did you mean CS_EXPORTER_SSH__PORT?",
        ),
        (
            {"CS_EXPORTER_SSH__": "1"},
            "CS_EXPORTER_SSH__: has an empty key; write two underscores between keys, and none at the end",
        ),
        (
            {"CS_EXPORTER_SSH": "a", "CS_EXPORTER_SSH__PORT": "1"},
            "CS_EXPORTER_SSH__PORT: 'ssh' is already set as a whole by another variable; unset one of them",
        ),
        (
            {"CS_EXPORTER_SSH": "{*a : 1}"},
            "CS_EXPORTER_SSH: line 1, column 2: found undefined alias; correct the YAML there",
        ),
    ],
)
def test_what_cannot_be_meant_is_a_mistake(environment: dict[str, str], line: str) -> None:
    """It names the variable and the mend."""
    assert [line] == [str(error) for error in read_environment(environment, SECTIONS).errors]


def test_the_source_gives_overrides_under_the_names_of_the_file() -> None:
    """`global` is a word of Python, so the field has another name."""
    source = EnvironmentSource(Sections, {"global": {"interval": "1s"}})
    assert ({"interval": "1s"}, "global", True) == source.get_field_value(Sections.model_fields["global_"], "global_")
    assert {"global": {"interval": "1s"}} == source()
    assert "global" in section_names()
