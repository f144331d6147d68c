"""The clouds.yaml that a platform names: its entries, the address of a keystone, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.config.clouds_file import (
    clouds_problem,
    entry_problem,
    keystone_address,
    read_clouds,
    told_by_environment,
)

GOOD = "clouds: {prod: {auth: {auth_url: 'https://keystone.example:5000/v3'}}, test: {}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD, None),
        ("cloud: {}\n", "is no clouds.yaml; begin it with a line 'clouds:'"),
        ("", "is no clouds.yaml; begin it with a line 'clouds:'"),
        ("clouds: [a]\n", "is no clouds.yaml; begin it with a line 'clouds:'"),
        ("clouds: {a: {b: 1, b: 2}}\n", "clouds.a.b: is given twice, on lines 1 and 1; remove one of them"),
        ("clouds: {a: \xff}\n", "is not UTF-8; save it as UTF-8"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, text: str, expected: str | None) -> None:
    """With the mend; nothing of what stands in it is repeated, for there are passwords."""
    file = tmp_path / "clouds.yaml"
    file.write_text(text, encoding="latin-1")
    assert expected == clouds_problem(file)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """As of every other file."""
    assert "no such file; create it or correct the path" == read_clouds(tmp_path / "clouds.yaml")


def test_an_entry_must_be_there() -> None:
    """The nearest name is suggested, or all."""
    clouds: dict[str, object] = {"prod": {"auth": {"auth_url": "https://keystone.example:5000/v3"}}, "test": {}}
    assert entry_problem(clouds, "prod") is None
    assert "no cloud 'prd' in clouds_file; did you mean 'prod'?" == entry_problem(clouds, "prd")
    assert "is missing; known entries of clouds_file: prod, test" == entry_problem(clouds, None)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (None, "is empty"),
        ("prod", "is empty"),
        ({}, "has no auth.auth_url"),
        ({"auth": None}, "has no auth.auth_url"),
        ({"auth": {"username": "me"}, "region_name": "one"}, "has no auth.auth_url"),
        ({"auth": {"username": "me"}, "auth_url": "https://keystone.example"}, ""),
        ({"profile": "vendor", "auth": {"username": "me"}}, ""),
        ({"auth_type": "none", "endpoint": "https://nova.example"}, ""),
    ],
)
def test_an_entry_must_say_where_the_cloud_is(monkeypatch: pytest.MonkeyPatch, entry: object, expected: str) -> None:
    """As openstacksdk wants it, to which our environment's OS_AUTH_URL is another cloud's."""
    monkeypatch.setenv("OS_AUTH_URL", "http://192.0.2.9/identity")
    problem = entry_problem({"one": entry}, "one")
    assert (problem is None) if not expected else (problem or "").startswith(f"'one' {expected}")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": {"auth_url": "https://keystone.example:5000/v3"}}, "keystone.example"),
        ({"auth": {"auth_url": "https://[2001:db8::5]:5000"}}, "2001:db8::5"),
        ({"auth": {"auth_url": "https://[::1"}}, ""),
        ({"auth": {"auth_url": 5}}, ""),
        ({"profile": "elsewhere"}, "192.0.2.9"),
        (None, "192.0.2.9"),
    ],
)
def test_where_keystone_is(monkeypatch: pytest.MonkeyPatch, entry: object, expected: str) -> None:
    """By the entry, else by the environment; a URL that is none costs the address and nothing else."""
    monkeypatch.setenv("OS_AUTH_URL", "http://192.0.2.9/identity")
    assert expected == keystone_address(entry)


def test_the_environment_may_name_the_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an entry of the clouds.yaml that openstacksdk finds, or by where keystone is."""
    for name in ("OS_CLOUD", "OS_AUTH_URL"):
        monkeypatch.delenv(name, raising=False)
    assert not told_by_environment()
    for name in ("OS_CLOUD", "OS_AUTH_URL"):
        with monkeypatch.context() as one:
            one.setenv(name, "x")
            assert told_by_environment()
