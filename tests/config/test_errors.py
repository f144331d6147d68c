"""Mistakes are one line each, the most telling first, bounded in number, and name what was really written."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from cs_exporter.config.errors import (
    MAX_LINES,
    ConfigError,
    Location,
    Mistake,
    Origin,
    mistakes_in,
    path_text,
    shown_value,
    suggestion,
)


class Inner(BaseModel):
    """A section."""

    model_config = ConfigDict(extra="forbid")

    port: int = Field(default=1, ge=1, lt=10)
    colour: Literal["red", "green"] = "red"
    token: SecretStr | None = None
    part: str = ""


class Outer(BaseModel):
    """A file."""

    model_config = ConfigDict(extra="forbid")

    name: str
    inner: Inner = Inner()
    many: dict[str, Annotated[Inner, "noted"] | None] = {}
    parts: tuple[int, ...] = ()
    code: str = Field(default="a", pattern="^[a-z]+$")


def lines(content: object) -> list[str]:
    """What is wrong with a content."""
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(content)
    return str(Origin("f").error(mistakes_in(error.value, Outer))).splitlines()


@pytest.mark.parametrize(
    ("location", "text"),
    [
        ((), ""),
        (("hosts", 3, "roles", 0), "hosts[3].roles[0]"),
        (("groups", "rack 1", "ssh"), 'groups."rack 1".ssh'),
        (("a\nb",), '"a\\nb"'),
    ],
)
def test_a_location_is_written_as_a_path(location: Location, text: str) -> None:
    """As an operator would write it, on one line."""
    assert text == path_text(location)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        (12, "12"),
        ("a\nb", "'a\\nb'"),
        (["x"], "a list"),
        ({"x": 1}, "a mapping"),
        ("x" * 100, f"'{'x' * 56}..."),
    ],
)
def test_a_value_is_shown_as_it_was_written(value: object, text: str) -> None:
    """Short, on one line, and not as Python writes it."""
    assert text == shown_value(value)


def test_the_nearest_word_is_suggested_or_all_are_named() -> None:
    """Capitals do not count."""
    assert "did you mean 'CsClock'?" == suggestion("csclok", ["CsClock", "CsMount"])
    assert "known roles: a, b" == suggestion("zzz", ["a", "b"], "roles")
    assert "none is defined; add it or remove this" == suggestion("zzz", [])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"name": "a", "inners": {}}, ["f: inners: unknown key; did you mean 'inner'?"]),
        ({"name": "a", "part": [1]}, ["f: part: unknown key; did you mean 'parts'?"]),
        ({"name": "a", "part": 1}, ["f: part: unknown key; did you mean 'inner.part'?"]),
        ({"nmae": "x"}, ["f: nmae: unknown key; did you mean 'name'?"]),
        (
            {"zzz": "x"},
            ["f: zzz: unknown key; known here: name, inner, many, parts, code", "f: name: is missing; add it"],
        ),
        ({"name": "a", "port": 3}, ["f: port: unknown key; did you mean 'inner.port'?"]),
        ({"name": "a", "inner": {"port": 10}}, ["f: inner.port: must be less than 10, not 10; correct it"]),
        ({"name": "a", "inner": {"port": 0}}, ["f: inner.port: must be at least 1, not 0; correct it"]),
        (
            {"name": "a", "inner": {"colour": "gren"}},
            ["f: inner.colour: unknown value 'gren'; did you mean 'green'?"],
        ),
        (
            {"name": "a", "many": {"x": {"prt": 3}}},
            ["f: many.x.prt: unknown key; did you mean 'port'?"],
        ),
        (
            {"name": "a", "code": "A1"},
            ["f: code: string should match pattern '^[a-z]+$', not 'A1'; correct it"],
        ),
        (
            {"name": "a", "inner": {"token": 424242}},
            ["f: inner.token: must be text, not what is given; put it in quotes if it is meant as text"],
        ),
    ],
)
def test_what_pydantic_finds_is_said_in_the_operators_words(content: object, expected: list[str]) -> None:
    """A misspelt key is one mistake though another is missing by it; a secret is not repeated."""
    assert expected == lines(content)


def test_the_variable_that_gave_a_value_is_named_instead_of_the_file() -> None:
    """The longest one, for a part of what it gave."""
    origin = Origin("f", {("ssh",): "SSH", ("ssh", "port"): "SSH__PORT"})
    found = origin.error([Mistake(place, "wrong; mend") for place in (("ssh", "port"), ("ssh", "user"), ("hosts", 0))])
    assert [
        "SSH__PORT: ssh.port: wrong; mend",
        "SSH: ssh.user: wrong; mend",
        "f: hosts[0]: wrong; mend",
    ] == str(found).splitlines()


def test_no_mistake_makes_no_error() -> None:
    """An error without a line would stop the daemon without a reason."""
    with pytest.raises(ValueError, match="no mistake"):
        Origin("f").error([])


def test_more_mistakes_than_a_screen_holds_are_counted() -> None:
    """The first are shown."""
    error = Origin("f").error(Mistake(("hosts", index), "wrong; mend") for index in range(100))
    assert MAX_LINES + 1 == len(str(error).splitlines())
    assert str(error).endswith("\nf: and 80 more; correct these first")


def test_exactly_one_screen_is_shown_whole() -> None:
    """The bound itself is not beyond it."""
    error = Origin("f").error(Mistake(("hosts", index), "wrong; mend") for index in range(MAX_LINES))
    assert MAX_LINES == len(str(error).splitlines())


def test_a_line_stays_a_line() -> None:
    """Whatever stands in the names."""
    assert "a\\nb: c\\x1b: d" == str(ConfigError("a\nb", "c\x1b", "d"))
