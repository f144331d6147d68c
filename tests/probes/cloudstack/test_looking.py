"""Where runbooks send somebody who looks at CloudStack: every command is one that can be typed."""

from __future__ import annotations

from cs_exporter.probes.clouds import symptoms as verdicts
from cs_exporter.probes.cloudstack import host_symptoms, looking


def test_every_command_is_named_by_a_row() -> None:
    """One that no runbook has would be nobody's; each is one line."""
    commands = {value for name, value in vars(looking).items() if name.isupper()}
    named = {line for one in (*host_symptoms.SYMPTOMS, *verdicts.SYMPTOMS) for line in one.look}
    assert set() == commands - named
    assert [] == [command for command in commands if "\n" in command]
