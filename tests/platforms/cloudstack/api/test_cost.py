"""What a large cloud costs by its API: the client's CPU for a thousand hosts, the server's own left out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cs_exporter.platforms.cloudstack import api
from tests.platforms.cloudstack.api.cloud_lists import LIMIT, asking, host, pool, tables
from tests.platforms.costs import cost, ratios, within_budget

HOSTS, POOLS = 1_000, 5


@pytest.fixture
def one_processor() -> Iterator[None]:
    """That threads hand the interpreter over to another processor, and back, would be much of what is measured."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    yield
    os.sched_setaffinity(0, before)


@pytest.mark.heavy
@pytest.mark.usefixtures("one_processor")
async def test_a_thousand_hosts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With five mounts each, within the budget, a census every minute included; TLS would be on top."""
    hosts = [host(number, private_ip_address=f"10.0.{number >> 8}.{number & 255}") for number in range(HOSTS)]
    pools = [pool(number, host_address=f"192.0.2.{number}") for number in range(POOLS)]
    async with asking(tmp_path, tables(host=hosts, storage_pool=pools)) as (endpoint, lists, server):
        census, states = await api.census(endpoint, lists, LIMIT), await api.states(endpoint, lists, LIMIT)
        assert [POOLS] * HOSTS == [len(each.mounts) for each in census.hosts if each.name.startswith("kvm")]
        assert HOSTS == len(states.hosts)
        of_census = await cost(lambda: api.census(endpoint, lists, LIMIT), server.cpu)
        of_states = await cost(lambda: api.states(endpoint, lists, LIMIT), server.cpu)
    with capsys.disabled():
        print(ratios(of_states, of_census))  # noqa: T201
    assert within_budget(of_states, of_census)
