"""What a role has to allow is what is asked, all of it and no more."""

from __future__ import annotations

from pathlib import Path

from cs_exporter.platforms.cloudstack import api
from tests.platforms.cloudstack.api.cloud_lists import LIMIT, asking, tables


async def test_the_commands_that_are_asked(tmp_path: Path) -> None:
    """By a census and by states together; each with pages, and hosts with the least details."""
    async with asking(tmp_path, tables()) as (endpoint, lists, server):
        await api.census(endpoint, lists, LIMIT)
        await api.states(endpoint, lists, LIMIT)
        assert set(api.COMMANDS) == {asked.command for asked in server.asked}
        assert all({"page", "pagesize"} <= asked.arguments.keys() for asked in server.asked)
        details = {asked.arguments.get("details") for asked in server.asked if asked.command == "listHosts"}
    assert {"min"} == details
