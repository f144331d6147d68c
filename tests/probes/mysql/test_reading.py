"""What a reading of a database server knows by itself, and what it leaves open."""

from __future__ import annotations

import pytest

from cs_exporter.probes.mysql.reading import UP, MysqlConnectionsReading, State
from tests.probes.mysql.mysql_stand import Server, galera


@pytest.mark.parametrize("state", State)
def test_a_state_alone(state: State) -> None:
    """Whether the server is full is known of two states only, and a limit of none without any word of the server."""
    reading = MysqlConnectionsReading(state, None, None, (), None)
    expected = {State.OK: False, State.SATURATED: True}.get(state)
    assert (expected, None, None) == (reading.saturated, reading.max_connections, reading.galera)


async def test_what_is_kept_of_the_last_word() -> None:
    """The limit, while the server runs; never its cluster, which it may have lost meanwhile."""
    server = Server(galera())
    spoken = await server.poll()
    assert spoken.galera is not None
    for state in State:
        reading = MysqlConnectionsReading(state, None, spoken.answered, (), spoken.trail)
        assert (500 if state in UP else None, None) == (reading.max_connections, reading.galera)
