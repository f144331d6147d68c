"""Assembling the collector: every part of it is sound shell, its sections fit the frame, its hash tells it apart."""

from __future__ import annotations

import re
import subprocess

import pytest

from cs_exporter.probes import PROBES
from cs_exporter.spec import Section
from cs_exporter.transports.collector.script import CollectorScript, assemble
from tests.transports.collector.running import SECTIONS

REGISTERED = tuple(section for spec in PROBES for section in spec.sections)
SCRIPT = assemble(REGISTERED)
BODIES = {section.name: section.body for section in REGISTERED}
QUOTED = re.compile(r"^\t(worker|guard)='\n(.*?)'$", re.DOTALL | re.MULTILINE)

ASSIGNED = re.compile(r"(?:^|[\s;&|({])([A-Za-z_]\w*)=|\bfor ([A-Za-z_]\w*)|\bread (?:-r )?((?:[A-Za-z_]\w* ?)+)")


def assigned(shell: str) -> set[str]:
    """The variables that a piece of shell sets."""
    return {name for groups in ASSIGNED.findall(shell) for group in groups for name in group.split()}


def complaints(shell: str) -> str:
    """What shellcheck has to say about a piece of POSIX shell."""
    done = subprocess.run(
        ["shellcheck", "--shell=sh", "-"], input=shell, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr


@pytest.mark.debian
def test_shellcheck_has_nothing_to_say() -> None:
    """Neither about the whole, nor about the parts that are quoted in it, where it would not look by itself."""
    parts = {"the whole": SCRIPT.text, **dict(QUOTED.findall(SCRIPT.text)), **BODIES}
    assert {"worker", "guard"} < parts.keys()
    assert {} == {name: said for name, text in parts.items() if (said := complaints(text + "\n"))}
    assert "SC2086" in complaints("rm $1\n")


def test_inline_sections_leave_the_frames_variables_alone() -> None:
    """They run in the collector's own shell: a variable of its own name would spoil the answers after it."""
    frame = assigned(assemble([]).text)
    assert {"index", "id", "rs", "name", "status", "supervisors"} <= frame
    taken = {section.name: assigned(section.body) & frame for section in REGISTERED if not section.blocks}
    assert {} == {name: names for name, names in taken.items() if names}
    assert {"name", "rest"} == assigned("while read -r name rest; do :; done") & frame


def test_inline_sections_do_not_end_the_collector() -> None:
    """Run in its own shell, an `exit` or `exec` of theirs would be its end, unless all of it is in a subshell."""
    ends = re.compile(r"(?:^|[\s;&|({])(?:exec|exit|set|trap)\b")

    def ended(body: str) -> bool:
        apart = body.strip().startswith("(\n") and body.strip().endswith("\n)") and "\n)" not in body.strip()[:-2]
        return not apart and ends.search(re.sub("'[^']*'", "''", body)) is not None  # awk may end itself

    assert [] == [section.name for section in REGISTERED if not section.blocks and ended(section.body)]
    assert (True, False) == (ended("cat x || exit 1"), ended("awk '{ exit 1 }' x"))
    assert (True, False) == (ended("(\nset +f\n)\n(\nexit 1\n)"), ended("(\nset +f\n)"))


def test_the_hash_follows_the_text() -> None:
    """The same sections in any order are the same collector; another body is another one."""
    script = assemble(SECTIONS)
    assert script == assemble(reversed(SECTIONS)) == assemble([*SECTIONS, *SECTIONS])
    assert {section.name for section in SECTIONS} == script.names
    assert re.fullmatch("[0-9a-f]{12}", script.hash)
    assert script.hash in script.text
    assert script.hash != assemble([*SECTIONS, Section("more", "echo more")]).hash


def test_nothing_is_left_to_fill_in() -> None:
    """No placeholder of the frame survives, whatever the sections; the last line starts it."""
    for script in (SCRIPT, assemble([]), assemble([Section("at", "echo @HASH@@NAMES@")])):
        assert [] == [word for word in ("@SECTIONS@", "@PROTOCOL@", "@HASH@", "@NAMES@") if word in frame_of(script)]
        assert script.text.endswith("\nmain; exit\n")


def frame_of(script: CollectorScript) -> str:
    """The text without the sections' bodies."""
    return re.sub(r"body='.*?' ;;", "", script.text, flags=re.DOTALL)


def test_a_body_may_have_quotes() -> None:
    """A single quote in a body does not end the shell's string around it."""
    script = assemble([Section("quotes", "printf '%s' 'it'\\''s'")]).text
    asking = script.replace("\nmain; exit\n", '\nsection quotes; eval "$body"\n')
    done = subprocess.run(["sh", "-s"], input=asking, capture_output=True, text=True, check=True, timeout=10)
    assert "it's" == done.stdout


@pytest.mark.parametrize(
    "section",
    [
        Section("", "x"),
        Section("two words", "x"),
        Section("a)b", "x"),
        Section("a,b", "x"),
        Section("A", "x"),
        Section("a", "x", tool="rm -rf"),
        Section("a", "x", tool="$(id)"),
    ],
    ids=str,
)
def test_a_name_that_is_none_is_refused(section: Section) -> None:
    """Names go into the script unquoted, and come back in requests."""
    with pytest.raises(ValueError, match="names are a-z, 0-9 and _"):
        assemble([section])


def test_two_sections_of_one_name_are_refused() -> None:
    """Two sheets may share a section, but not its name alone."""
    with pytest.raises(ValueError, match="two different sections are named a"):
        assemble([Section("a", "echo 1"), Section("a", "echo 2")])
