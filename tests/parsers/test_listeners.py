"""Lines of ss(8) and counts of sessions, as hosts print them, and anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.model import UnparsableError
from cs_exporter.parsers import listeners
from cs_exporter.parsers.listeners import Listener, Sessions
from tests.parsers.outcomes import outcome

TEXT = """\
LISTEN 0      4096       127.0.0.1:9696       0.0.0.0:*
LISTEN 129    128                *:5672             *:*
LISTEN 0      4096            [::]:4369          [::]:*
LISTEN 0      4096   10.0.0.1%eth0:4567       0.0.0.0:*    users:(("mariadbd",pid=21402,fd=8))
sessions 5672 53 2
"""


def test_lines_as_hosts_print_them() -> None:
    """Addresses of all kinds, full queues, processes where the account may see them, sessions."""
    expected = (
        Listener("127.0.0.1", 9696, 0, 4096),
        Listener("*", 5672, 129, 128),
        Listener("[::]", 4369, 0, 4096),
        Listener("10.0.0.1%eth0", 4567, 0, 4096),
    )
    assert (expected, (Sessions(5672, 53, 2),)) == listeners.parse(TEXT)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.53%lo", True), ("[::1]", True), ("[::ffff:127.0.0.1]", True), ("*", False), ("[::]", False)],
)
def test_who_can_connect(address: str, *, expected: bool) -> None:
    """A socket of a loopback address is for the host itself only."""
    assert expected is Listener(address, 1, 0, 1).loopback


def test_nothing_listens() -> None:
    """No line is an answer."""
    assert ((), ()) == listeners.parse("\n")


@pytest.mark.parametrize(
    "text", ["ESTAB 0 0 a:1 b:2", "LISTEN 0 0", "LISTEN x 0 a:1 b:*", "LISTEN 0 0 a:b c:*", "sessions 1 2"]
)
def test_other_lines(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(UnparsableError):
        listeners.parse(text)


@given(st.one_of(st.text(), st.from_regex(r"LISTEN [0-9x]+ [0-9]+ \S+:[0-9]+ \S+"), st.from_regex("sessions .*")))
def test_any_text(text: str) -> None:
    """Any text gives sockets or UnparsableError."""
    assert isinstance(outcome(listeners.parse, text), tuple | UnparsableError)
