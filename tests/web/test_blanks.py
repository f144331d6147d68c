"""Commands filled in with labels, and what is never put in front of a shell."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.runbooks import Command
from cs_exporter.web.blanks import are_left, filled

LABELS = {"host": "kvm1", "mountpoint": "/mnt/primary", "server": "2001:db8::1", "vantage": "ms1"}


def test_labels_take_the_place_of_their_names() -> None:
    """In what is typed and in where to type it."""
    command = filled(Command("grep ' MOUNTPOINT ' /proc/self/mountinfo; ping SERVER", "on VANTAGE"), LABELS)
    assert Command("grep ' /mnt/primary ' /proc/self/mountinfo; ping 2001:db8::1", "on ms1") == command
    assert not are_left([command])


def test_what_no_label_says_stays_in_capitals() -> None:
    """And it is seen that something is left to do."""
    commands = [Command("uptime"), filled(Command("ping PEER", "on HOST"), LABELS)]
    assert Command("ping PEER", "on kvm1") == commands[1]
    assert are_left(commands)
    assert are_left([Command("uptime", "on VANTAGE")])


def test_only_names_in_capitals_are_blanks() -> None:
    """SQL is written in capitals, too, and a label may be called as one of its words."""
    command = Command("mariadb -e 'SELECT 1 GROUP BY host'; cat HOSTS")
    assert command == filled(command, {**LABELS, "group": "g1"})


@pytest.mark.parametrize(
    "nasty",
    [
        "/mnt/a; reboot",
        "$(reboot)",
        "`reboot`",
        "a b",
        "a'b",
        'a"b',
        "a\nb",
        "a\n",
        "a|b",
        "a>b",
        "-rf",
        "~",
        "*",
        "ä",
        "",
    ],
)
def test_what_a_shell_could_take_for_more_than_a_word_is_not_filled_in(nasty: str) -> None:
    """A host must not write what an operator runs as root on it."""
    command = Command("stat -f MOUNTPOINT")
    assert command == filled(command, {"mountpoint": nasty})
