"""What a request is unless it is told otherwise."""

from __future__ import annotations

from cs_exporter.ports import HttpCall


def test_nobody_is_believed_unless_told() -> None:
    """Certificates are checked, nobody logs in, and an answer has an end."""
    call = HttpCall("https://192.0.2.1/")
    assert (True, None, None) == (call.verify, call.login, call.ca_file)
    assert 0 < call.most
