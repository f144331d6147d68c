"""The shape of the file follows the register, and its defaults fit together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cs_exporter.config.sections import GlobalSection, Sections, SshSection, compose, section_names
from cs_exporter.probes import DERIVED, PROBES
from tests.stub_probe import CLOCK, FLEET

SHAPE = compose((CLOCK,), (FLEET,))


def made(**values: Any) -> Sections:  # noqa: ANN401  # as a file's content
    """The sections of a file's content."""
    return SHAPE(**values)


def test_the_sections_are_those_of_the_contract() -> None:
    """Operators' files rely on them."""
    assert ["global", "ssh", "mysql", "platforms", "defaults", "groups", "hosts", "probes"] == section_names()


@pytest.mark.parametrize(("interval", "timeout"), [(None, 10.0), ("30s", 10.0), ("5s", 5.0), (0.5, 0.5)])
def test_the_timeout_follows_a_short_interval(interval: object, timeout: float) -> None:
    """An operator who only shortens the interval has made no mistake."""
    given = {} if interval is None else {"interval": interval}
    assert timeout == GlobalSection.model_validate(given).timeout


def test_a_timeout_as_long_as_the_interval_is_allowed() -> None:
    """And nothing longer."""
    assert 15.0 == GlobalSection.model_validate({"timeout": "15s"}).timeout
    with pytest.raises(ValidationError, match=r"15\.1 s is longer than global\.interval of 15 s"):
        GlobalSection.model_validate({"timeout": 15.1})


def test_connections_are_gentle_by_default() -> None:
    """Few at once, paced, and a host that is away is not hammered."""
    section = SshSection()
    assert (64, 50.0, 30.0) == (section.max_handshakes, section.handshakes_per_second, section.retry_max)


def test_every_probe_has_its_section_with_its_own_defaults() -> None:
    """Also where the file says nothing."""
    sections = made()
    assert CLOCK.settings() == getattr(sections.probes, "clock")  # noqa: B009  # made at run time


def test_symptoms_of_probes_and_of_derived_probes_may_have_limits() -> None:
    """And nothing else may."""
    sections = made(defaults={"limits": {"CsClockLost": 1, "CsClockUnlikeFleet": 2}})
    assert {"CsClockLost": 1.0, "CsClockUnlikeFleet": 2.0} == sections.defaults.limits
    with pytest.raises(ValidationError, match="no symptom 'CsClock'; did you mean"):
        made(defaults={"limits": {"CsClock": 1}})


def test_an_override_is_not_compared_with_defaults_it_does_not_have() -> None:
    """A group may raise one of two settings that the probes section raises the other of."""
    override = {"probes": {"clock": {"worst": "50s"}}}
    sections = made(groups={"slow": override}, probes={"clock": {"bad": "60s"}})
    dumped = sections.model_dump(include={"groups"}, exclude_unset=True)
    assert {"groups": {"slow": {"probes": {"clock": {"worst": 50.0}}}}} == dumped


def test_a_register_without_probes_has_a_shape() -> None:
    """The frame does not depend on any probe."""
    assert SHAPE.model_fields.keys() == compose(()).model_fields.keys()


def test_a_symptom_that_is_yes_or_no_has_no_limit() -> None:
    """A number there would silence it, or do nothing; the operator is told."""
    with pytest.raises(ValidationError, match="CsNfsMountHung is yes or no and has no limit; remove it"):
        compose(PROBES, DERIVED)(hosts=[{"name": "kvm1", "limits": {"CsNfsMountHung": 2}}])
