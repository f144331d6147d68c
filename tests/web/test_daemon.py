"""The protocol between the web server and the daemon."""

from __future__ import annotations

from cs_exporter.web.daemon import Daemon
from tests.web.support import StubDaemon


async def test_the_stand_in_of_these_tests_is_a_daemon() -> None:
    """Nothing of the protocol is missing in it, so no test here passes for want of a member; types are mypy's."""
    daemon: Daemon = StubDaemon()
    wanted = {name for name in vars(Daemon) if not name.startswith("_")}
    assert wanted == {name for name in wanted if hasattr(daemon, name)}
    assert {"board", "history", "probes", "derived", "series_limit"} < wanted
