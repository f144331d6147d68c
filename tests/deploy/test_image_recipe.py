"""The Dockerfile and .dockerignore agree with the tree, with each other and with the exporter's own defaults."""

from __future__ import annotations

import re

import pytest

from cs_exporter import healthy
from cs_exporter.cli import root, run
from tests.deploy.recipe import Instruction, instructions, let_through
from tests.house.source import ROOT

RECIPE = instructions((ROOT / "Dockerfile").read_text())
IGNORED = (ROOT / ".dockerignore").read_text()
LAST_STAGE = RECIPE[-1].stage


def last(name: str) -> Instruction:
    """The instruction of that name that holds for the image."""
    return next(one for one in reversed(RECIPE) if one.name == name and one.stage == LAST_STAGE)


def copied() -> list[str]:
    """What is copied from the checkout, for any stage."""
    lists = (one.words for one in RECIPE if one.name == "COPY" and "--from" not in one.text)
    return [source for words in lists for source in words[:-1]]


def test_the_parts_of_an_instruction_are_told_apart() -> None:
    """Continued lines are one instruction; stages are counted; both forms of a command give its words."""
    text = '# x\nARG A\nFROM a\nRUN b \\\n && c\nFROM d\nHEALTHCHECK --timeout=5s CMD ["e", "f g"]\n'
    found = [(one.name, one.stage, one.words) for one in instructions(text)]
    assert ("RUN", 0, ["b", "&&", "c"]) == found[2]
    assert [("ARG", -1, ["A"]), ("HEALTHCHECK", 1, ["e", "f g"])] == [found[0], found[-1]]


@pytest.mark.parametrize(("path", "expected"), [("a", True), (".git", False), ("id_rsa", False), ("b", False)])
def test_the_last_pattern_decides(path: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    """A list that begins with everything lets through only what it names afterwards."""
    assert expected is let_through(path, "# x\n*\n!a\n!b\nb\n")


def test_what_is_copied_is_there_and_nothing_else_gets_in() -> None:
    """Neither a missing file nor a key beside the checkout."""
    assert copied()
    assert [] == [path for path in copied() if not (ROOT / path).exists()]
    assert sorted(copied()) == sorted(path.name for path in ROOT.iterdir() if let_through(path.name, IGNORED))
    assert not let_through("id_ed25519", IGNORED)


def test_every_stage_begins_with_the_base_that_can_be_chosen() -> None:
    """Both have the same Python, or what the first installs would not run in the second."""
    assert [0, 1] == [one.stage for one in RECIPE if one.name == "FROM"]
    assert {"${PYTHON_IMAGE}"} == {one.words[0] for one in RECIPE if one.name == "FROM"}


def test_packages_come_from_the_lock_with_hashes() -> None:
    """Whatever pip installs is either locked or this project, without looking for more."""
    text = " && ".join(one.text for one in RECIPE if one.name == "RUN")
    installs = re.findall(r"pip install ([^&]+)", text)
    assert 2 == len(installs)
    assert {"--require-hashes", "--only-binary"} <= {*installs[0].split()}
    assert {"--no-deps", "--no-index"} <= {*installs[1].split()}


def test_it_is_not_run_as_root() -> None:
    """By number, which an orchestrator can judge."""
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER").text)


def test_the_volume_is_there_for_whoever_runs_it() -> None:
    """Whichever number the user has; made before it is declared, or what is done to it would be lost."""
    volume = last("VOLUME")
    made = [one for one in RECIPE if one.name == "RUN" and one.text == f"install -d -m 1777 {volume.text}"]
    assert [volume.stage] == [one.stage for one in made]
    assert RECIPE.index(made[0]) < RECIPE.index(volume)


def test_the_port_and_the_check_are_the_exporters() -> None:
    """EXPOSE names the default port, and the check has time for each of its steps."""
    assert healthy.DEFAULT.endswith(f":{last('EXPOSE').text}")
    check = last("HEALTHCHECK")
    assert ["python3", "-Im", "cs_exporter.healthy"] == check.words
    given = re.search(r"--timeout=(\d+)s", check.text)
    assert given
    assert int(given[1]) > 2 * healthy.DEADLINE


def test_its_command_can_be_typed() -> None:
    """The command is the project's, and its flags are among the daemon's."""
    assert ["cs-exporter"] == last("ENTRYPOINT").words
    known = {option for one in run.params for option in one.opts}
    assert {word.partition("=")[0] for word in last("CMD").words} <= known
    assert root.commands["run"] is run
