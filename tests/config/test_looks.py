"""Files that a configuration names are looked at once each, and blamed on every key that names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.config import ConfigError, load
from cs_exporter.config.errors import Location
from cs_exporter.config.layers import Values
from cs_exporter.config.looks import FileLooks
from cs_exporter.probes.rabbitmq.rabbitmq import SPEC
from cs_exporter.probes.rabbitmq.settings import RabbitmqSettings
from tests.stub_probe import FLEET


def test_a_file_is_looked_at_once_and_blamed_wherever_it_is_named(tmp_path: Path) -> None:
    """A thousand hosts with one key must not read it a thousand times."""
    looked: list[Path] = []
    reported: list[tuple[Location, str]] = []

    def problem(path: Path) -> str | None:
        looked.append(path)
        return "is bad; mend it"

    files = FileLooks(tmp_path / "etc", lambda location, message: reported.append((location, message)))
    values: list[Values] = [{"key": "../a", "other": 1}, {"key": str(tmp_path / "a")}, {}]
    for number, one in enumerate(values):
        files.look(one, {"key": problem}, ("x", number))
    assert [tmp_path / "a"] == looked
    assert [{"key": str(tmp_path / "a"), "other": 1}, {"key": str(tmp_path / "a")}, {}] == values
    line = f"{tmp_path}/a: is bad; mend it"
    assert [(("x", 0, "key"), line), (("x", 1, "key"), line)] == reported


def rabbitmq(folder: Path, text: str) -> RabbitmqSettings:
    """What a bus is asked with, by a file in that folder. Raises ConfigError."""
    path = folder / "cs_exporter.yml"
    defaults = f"defaults: {{connection: local, probes: {{rabbitmq: {{{text}}}}}}}"
    path.write_text(f"{defaults}\nhosts: [{{name: bus1, roles: [message_bus]}}]\n")
    (plan,) = load(path, (SPEC,), (FLEET,)).plans
    settings = plan.profile.settings[SPEC.name]
    assert isinstance(settings, RabbitmqSettings)
    return settings


def test_files_of_a_probe(tmp_path: Path) -> None:
    """Are looked at when the configuration is loaded, and relative to it, as all others are."""
    (tmp_path / "bus.password").write_text("secret\n")
    settings = rabbitmq(tmp_path, "user: mon, password_file: bus.password")
    assert str(tmp_path / "bus.password") == settings.password_file
    assert (
        str(tmp_path / "bus.password")
        == rabbitmq(tmp_path, f"user: mon, password_file: {tmp_path}/bus.password, ca_file: null").password_file
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("user: mon, password_file: none", "password_file: FOLDER/none: no such file; create it or correct the path"),
        (
            "user: mon, password_file: empty",
            "password_file: FOLDER/empty: has an empty first line; write the password there",
        ),
        ("ca_file: ca.pem", "ca_file: FOLDER/ca.pem: no such file; create it or correct the path"),
    ],
)
def test_slips_with_files_of_a_probe(text: str, line: str, tmp_path: Path) -> None:
    """Each is one line, that names the key."""
    (tmp_path / "empty").touch()
    with pytest.raises(ConfigError) as caught:
        rabbitmq(tmp_path, text)
    expected = f"{tmp_path}/cs_exporter.yml: defaults.probes.rabbitmq.{line.replace('FOLDER', str(tmp_path))}"
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("user: mon", "password_file is missing, and user is given; add it, or remove user"),
        ("password_file: p", "user is missing, and password_file is given; add it, or remove password_file"),
        ("prometheus_port: 0", "with prometheus_port 0 nobody is asked; give user and password_file"),
    ],
)
def test_an_account_that_is_not_whole(text: str, line: str, tmp_path: Path) -> None:
    """The mend is of that slip, and nothing is called a mapping."""
    (tmp_path / "p").write_text("secret\n")
    with pytest.raises(ConfigError) as caught:
        rabbitmq(tmp_path, text)
    assert line in str(caught.value)
    assert "mapping" not in str(caught.value)
    assert 1 == len(str(caught.value).splitlines())
