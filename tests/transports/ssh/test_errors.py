"""What asyncssh raises has one reason, and a line that an operator can act on."""

from __future__ import annotations

import asyncssh
import pytest

from cs_exporter.model import Host, Reason, SshTarget
from cs_exporter.transports.ssh.errors import Phase, failure_of

HOST = Host("kvm1", "192.0.2.1", ssh=SshTarget(user="csmon", port=2222, known_hosts="/etc/cs_exporter/known_hosts"))


@pytest.mark.parametrize(
    ("error", "reason", "said"),
    [
        (asyncssh.PermissionDenied("Permission denied"), Reason.DENIED, "account 'csmon' is not let in"),
        (asyncssh.HostKeyNotVerifiable("not trusted"), Reason.HOST_KEY, "/etc/cs_exporter/known_hosts"),
        (asyncssh.ChannelOpenError(1, "open failed"), Reason.EXHAUSTED, "MaxSessions"),
        (asyncssh.ConnectionLost("Connection lost"), Reason.RESET, "broke in the login"),
        (asyncssh.KeyExchangeFailed("no match"), Reason.DENIED, "no algorithm in common"),
        (asyncssh.ProtocolError("bad packet"), Reason.UNPARSABLE, "not the SSH protocol: bad packet"),
        (asyncssh.ProtocolNotSupported("SSH 1"), Reason.UNPARSABLE, "not the SSH protocol: SSH 1"),
        (asyncssh.DisconnectError(11, "bye"), Reason.UNPARSABLE, "bye"),
        (ConnectionResetError(104, "Connection reset by peer"), Reason.RESET, "Connection reset by peer"),
        (TimeoutError(110, "Connection timed out"), Reason.UNREACHABLE, "Connection timed out"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_error_has_its_reason(error: OSError | asyncssh.Error, reason: Reason, said: str) -> None:
    """The detail names the host and what to look at."""
    failure = failure_of(error, HOST)
    assert (reason, True) == (failure.reason, said in failure.detail), failure.detail
    assert failure.detail.startswith("192.0.2.1 port 2222: ")


def test_a_login_that_has_not_begun_hangs_in_the_banner() -> None:
    """The other phases need a real server: `test_ssh.py`."""
    assert "before the end of the server's banner" in Phase().stuck()
