"""What an account needs, from the sheets, and the section that looks for it on a host."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter import needs
from cs_exporter.model import Connection, Host, Role, UnparsableError
from cs_exporter.ports import Io
from cs_exporter.probes import PROBES
from cs_exporter.spec import AnySpec, Need, ProbeSettings, ProbeSpec, Section
from tests.parsers.outcomes import outcome
from tests.transports.collector.running import SHELLS, ShellKind


@dataclass(frozen=True)
class Nothing:
    """A reading."""


async def probe(host: Host, io: Io, settings: ProbeSettings) -> Nothing:
    """Ask nothing."""
    del host, io, settings
    return Nothing()


def sheet(name: str, *wanted: Need, sections: tuple[Section, ...] = ()) -> AnySpec:
    """A sheet with these needs."""
    return ProbeSpec(name, "?", ProbeSettings, Nothing, probe, (), (), sections, wanted)


HERE, GONE = Need("here", "a", "mend a", "[ -e / ]"), Need("it's gone".replace("'", ""), "b", "mend b", "[ -e /none ]")


def host(*specs: AnySpec, enabled: bool = True) -> Host:
    """A host that these probes are asked of."""
    settings = {spec.name: ProbeSettings(enabled=enabled) for spec in specs}
    return Host("kvm1", "192.0.2.1", roles=frozenset({Role.HYPERVISOR}), settings=settings)


def test_needs_of_a_host() -> None:
    """What its probes say and what their sections run; a need of several is lost to all of them, in both words."""
    sections = (Section("x", "x", tool="ss"), Section("y", "y", blocks=True, tool="oddity"))
    one, other = sheet("one", HERE, GONE, sections=sections), sheet("other", replace(HERE, lost="more"))
    found = {need.key: need for need in needs.needs_of(host(one, other), (one, other))}
    assert ["here", "its gone", "ss", "oddity", "timeout"] == [*found]
    assert "a; more" == found["here"].lost
    assert ("apt-get install iproute2 (or dnf install iproute)", "command -v ss") == (
        found["ss"].mend,
        found["ss"].check,
    )
    assert ("install the command oddity", "answers of one") == (found["oddity"].mend, found["oddity"].lost)


def test_needs_that_do_not_apply() -> None:
    """Probes that are disabled or not for this host need nothing; neither does a need for other hosts."""
    one = sheet("one", HERE)
    assert () == needs.needs_of(host(one, enabled=False), (one,))
    elsewhere = replace(one, applies=lambda _host: False)
    assert () == needs.needs_of(host(elsewhere), (elsewhere,))
    other = sheet("other", replace(HERE, applies=lambda _host: False))
    assert () == needs.needs_of(host(other), (other,))


def test_nothing_of_an_account_is_needed_where_nobody_logs_in() -> None:
    """Probes that need its word are not asked there; what is looked for in another way still is."""
    grant = Need("process grant", "lost", "mend")
    word, other = sheet("word", HERE, sections=(Section("x", "x", tool="ss"),)), sheet("other", HERE, grant)
    quiet = replace(host(word, other), connection=Connection.NONE)
    assert ((other,), (grant,)) == (needs.asked(quiet, (word, other)), needs.needs_of(quiet, (word, other)))


def test_a_sheets_own_words_win() -> None:
    """A sheet that explains a command itself is not repeated with general words."""
    own = Need("ss", "sessions", "mend", "command -v ss")
    one = sheet("one", own, sections=(Section("x", "x", tool="ss"),))
    assert (own,) == needs.needs_of(host(one), (one,))
    particular = sheet("one", replace(own, check="ss -H | true"), sections=(Section("x", "x", tool="ss"),))
    assert "'ss') ss -H | true ;;" in needs.section((particular,)).body


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
def test_the_section(shell: ShellKind) -> None:
    """Each key is answered, whatever its check does to its shell; an unknown one says so. Under each shell."""
    rough = Need("rough", "", "", "cd /none || exit 3; echo said; exit 0")
    globs = Need("globs", "", "", "set -- /*; [ $# -gt 1 ]")
    body = needs.section((sheet("one", HERE, GONE, rough, globs, Need("other way", "", "")),)).body
    keys = ("here", "its gone", "rough", "globs", "other way", "new")
    command = [shell.program, *shell.arguments, "-c", f"set -f\n{body}", "sh", *keys]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    said = {
        "here": "has",
        "its gone": "lacks",
        "rough": "lacks",
        "globs": "has",
        "other way": "unknown",
        "new": "unknown",
    }
    assert said == needs.answers(done.stdout)
    assert "" == done.stderr


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell.name)
def test_all_registered_needs(shell: ShellKind) -> None:
    """Every sheet's check is understood by every shell, and answered on this machine."""
    checked = {need.key for spec in PROBES for need in spec.needs if need.check}
    body = needs.section(PROBES).body
    command = [shell.program, *shell.arguments, "-c", body, "sh", *sorted(checked)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = needs.answers(done.stdout)
    assert checked == found.keys()
    assert {*found.values()} <= {"has", "lacks"}


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        ((sheet("one", HERE), sheet("other", replace(HERE, check="true"))), "in two ways"),
        ((sheet("one", replace(HERE, key="a'b")),), "keys are"),
        ((sheet("one", replace(HERE, key="")),), "keys are"),
    ],
)
def test_sheets_that_disagree(specs: tuple[AnySpec, ...], message: str) -> None:
    """One key is looked for in one way, and is a harmless word."""
    with pytest.raises(ValueError, match=message):
        needs.section(specs)


@given(st.one_of(st.text(), st.from_regex(r"(has|lacks|unknown) [a-z ]+\n")))
def test_any_text(text: str) -> None:
    """Any text gives answers or UnparsableError."""
    assert isinstance(outcome(needs.answers, text), dict | UnparsableError)
