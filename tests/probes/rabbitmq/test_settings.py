"""Settings of the probe: what belongs together, and who can be asked with what is given."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cs_exporter.probes.rabbitmq.settings import RabbitmqSettings

FILE = "/etc/cs_exporter/rabbitmq.password"


def test_defaults() -> None:
    """The plugin alone, every 15 s; a node that says nothing is known after the limit."""
    settings = RabbitmqSettings()
    assert (15.0, 15692, 15672, None) == (
        settings.interval,
        settings.prometheus_port,
        settings.management_port,
        settings.user,
    )
    assert settings.answer_limit == settings.longest_wait()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"user": "mon"}, "password_file is missing, and user is given; add it, or remove user"),
        ({"password_file": FILE}, "user is missing, and password_file is given; add it, or remove password_file"),
        ({"prometheus_port": 0}, "with prometheus_port 0 nobody is asked"),
        ({"management_tls": "maybe"}, "'off', 'required' or 'verified'"),
        ({"management_port": 0}, "greater than or equal to 1"),
    ],
)
def test_slips(given: dict[str, Any], words: str) -> None:
    """Each is said in words."""
    with pytest.raises(ValidationError, match=words):
        RabbitmqSettings.model_validate(given)


def test_management_alone() -> None:
    """Fine with an account."""
    given = {"prometheus_port": 0, "user": "mon", "password_file": FILE, "management_tls": "verified"}
    assert 0 == RabbitmqSettings.model_validate(given).prometheus_port
