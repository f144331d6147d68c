"""All transports together: one shell per host however many runs it has, and an end for all of them."""

from __future__ import annotations

import time

from cs_exporter.model import Connection, Host
from cs_exporter.ports import Counters
from cs_exporter.transports.collector.script import assemble
from cs_exporter.transports.pool import Pace
from cs_exporter.transports.world import World
from tests.world import never_before

HERE = Host("here", "127.0.0.1", connection=Connection.LOCAL)


async def test_runs_on_one_host_share_its_shell_until_it_is_dropped() -> None:
    """The way through a host and its shell are one connection; a dropped host gets a new one."""
    world = World(assemble([]), Pace(1, 1.0, 1.0), time, Counters())
    try:
        first, second = world.io(HERE, never_before), world.io(HERE, never_before)
        assert first.shell is second.shell
        assert first.tunnel is second.tunnel
        assert (await first.shell.clock()).host_time > 0
        world.drop([HERE.name])
        assert first.shell is not world.io(HERE, never_before).shell
    finally:
        await world.close()
