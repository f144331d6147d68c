"""iSCSI sessions and multipath paths as the collector tells them."""

from __future__ import annotations

import pytest

from cs_exporter.model import UnparsableError
from cs_exporter.parsers.block_paths import BlockPaths, IscsiSession, MultipathPath, parse


def test_a_host_with_both() -> None:
    """Only LOGGED_IN and running are good; whatever else there is, the kernel has a reason for it."""
    text = (
        "session session1 LOGGED_IN iqn.2005-10.org.example:primary\n"
        "session session2 FAILED iqn.2005-10.org.example:primary\n"
        "path mpatha sdb running\n"
        "path mpatha sdc transport-offline\n"
    )
    target = "iqn.2005-10.org.example:primary"
    sessions = (IscsiSession("session1", target, up=True), IscsiSession("session2", target, up=False))
    paths = (MultipathPath("mpatha", "sdb", up=True), MultipathPath("mpatha", "sdc", up=False))
    assert BlockPaths(sessions, paths) == parse(text)


def test_a_host_with_neither() -> None:
    """Most hosts have none of it."""
    assert BlockPaths((), ()) == parse("")


@pytest.mark.parametrize("text", ["session session1 LOGGED_IN", "paths mpatha sdb running", "x"])
def test_anything_else_is_not_read(text: str) -> None:
    """Half a line is no session."""
    with pytest.raises(UnparsableError):
        parse(text)
