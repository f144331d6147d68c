"""What SSH servers say when they connect to nothing: the destination's answer, a setting, or their own lack."""

from __future__ import annotations

import asyncssh
import pytest

from cs_exporter.model import ProbeFailed, Reason, UnsupportedError
from cs_exporter.ports import PortState
from cs_exporter.transports.ssh.tunnel_errors import not_opened


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Connection refused", PortState.REFUSED),
        ("Connection timed out", PortState.FILTERED),
        ("No route to host", PortState.FILTERED),
        ("Network is unreachable", PortState.FILTERED),
        ("Permission denied", PortState.FILTERED),
        ("Connection reset by peer", PortState.RESET),
        ("open failed", PortState.FILTERED),
        ("", PortState.FILTERED),
    ],
)
def test_answers(text: str, expected: PortState) -> None:
    """By the text of the host's own error; without one its kernel sent nothing."""
    dial = not_opened(asyncssh.ChannelOpenError(2, text), "10.0.0.1", 80)
    assert (expected, True) == (dial.state, "the host" in dial.detail)


@pytest.mark.parametrize("code", [1, 3])
@pytest.mark.parametrize(
    ("address", "shown"), [("10.0.0.1", 'permitopen="10.0.0.1:80"'), ("fd00::1", r'permitopen="\[fd00::1\]:80"')]
)
def test_settings(code: int, address: str, shown: str) -> None:
    """What is forbidden is named as it would have to be allowed."""
    with pytest.raises(UnsupportedError, match=shown):
        not_opened(asyncssh.ChannelOpenError(code, "open failed"), address, 80)


@pytest.mark.parametrize(
    ("code", "text"), [(4, "open failed"), (2, "Too many open files"), (2, "Cannot allocate memory")]
)
def test_lack(code: int, text: str) -> None:
    """A host without descriptors knows nothing of the destination."""
    with pytest.raises(ProbeFailed) as caught:
        not_opened(asyncssh.ChannelOpenError(code, text), "10.0.0.1", 80)
    assert (Reason.EXHAUSTED, False) == (caught.value.reason, caught.value.ours)
