"""How agents are, by the lists of three APIs: each service stands for itself, and what is not told has its reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.openstack.agents import AgentState, Service, Source
from cs_exporter.platforms.openstack.api import agents, rows
from cs_exporter.platforms.openstack.api.agents import LISTS
from cs_exporter.platforms.openstack.api.asking import Listed
from tests.aside import Aside
from tests.lab.openstack_api import Fault
from tests.platforms.openstack.api.open_lists import LIMIT, cloud

ALL = frozenset({Service.NOVA, Service.NEUTRON, Service.CINDER})


async def test_all_services_tell_their_agents(tmp_path: Path) -> None:
    """Each agent once, with what tells it from all others."""
    async with cloud(tmp_path) as (_, host, api):
        answer = await agents(host, api, LIMIT)
    assert (Source.API, ALL, {}, {}, None) == (
        answer.source,
        answer.told,
        answer.lacking,
        answer.unusable,
        answer.clock,
    )
    assert (12, 12) == (len(answer.agents), len({(agent.service, agent.key) for agent in answer.agents}))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.NOT_READY, "Neutron says: Service Unavailable (503)"),
        (Fault.FORBIDDEN, "(403)"),
        (Fault.HANG, "/network/v2.0/agents: no answer in time"),
    ],
)
async def test_a_service_that_can_not_be_asked_is_named(tmp_path: Path, fault: Fault, words: str) -> None:
    """One that is stopped keeps nobody from hearing of the rest (E7)."""
    async with cloud(tmp_path) as (server, host, api):
        server.inflict(fault, "neutron.agents")
        answer = await agents(host, api, 3.0)
    assert (ALL - {Service.NEUTRON}, {Service.NEUTRON}) == (answer.told, set(answer.lacking))
    assert words in answer.lacking[Service.NEUTRON]


async def test_the_first_service_hangs_and_the_others_are_asked(tmp_path: Path) -> None:
    """With the time that is theirs."""
    async with cloud(tmp_path) as (server, host, api):
        server.inflict(Fault.HANG, "nova.services")
        answer = await agents(host, api, 3.0)
    assert ALL - {Service.NOVA} == answer.told


async def test_nobody_waits_while_a_list_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the event loop: of ten thousand hypervisors it is long."""
    aside = Aside()

    def rows_of(listed: Listed) -> Iterator[AgentState]:
        yield from map(aside.watched(lambda agent: agent), rows.neutron(listed))

    monkeypatch.setitem(LISTS, Service.NEUTRON, ("neutron.agents", rows_of))
    async with cloud(tmp_path) as (_, host, api):
        answer = await agents(host, api, LIMIT)
    assert [True] * sum(agent.service is Service.NEUTRON for agent in answer.agents) == aside.done


async def test_an_empty_list_of_neutron_is_a_refusal(tmp_path: Path) -> None:
    """Status 200 and nothing in it: an account without the role that shows agents."""
    async with cloud(tmp_path, filtered=True) as (_, host, api):
        answer = await agents(host, api, LIMIT)
    assert ALL - {Service.NEUTRON} == answer.told
    assert "the list is empty: the account has no role that shows agents" in answer.lacking[Service.NEUTRON]


async def test_a_cloud_without_cinder_lacks_nothing(tmp_path: Path) -> None:
    """Its catalog says so."""
    async with cloud(tmp_path, absent={"volumev3"}) as (_, host, api):
        answer = await agents(host, api, LIMIT)
    assert (ALL - {Service.CINDER}, {}) == (answer.told, answer.lacking)


@pytest.mark.parametrize(("fault", "reason"), [(Fault.NOT_READY, Reason.NOT_READY), (Fault.FORBIDDEN, Reason.DENIED)])
async def test_where_nobody_answers_there_is_no_answer(tmp_path: Path, fault: Fault, reason: Reason) -> None:
    """The first service's reason is told: with the database non-Primary all give 503 (E4)."""
    async with cloud(tmp_path) as (server, host, api):
        for service in ("compute", "network", "volume"):
            server.inflict(fault, service)
        with pytest.raises(ProbeFailed) as caught:
            await agents(host, api, LIMIT)
    assert reason is caught.value.reason


async def test_a_cloud_that_is_not_there(tmp_path: Path) -> None:
    """Nobody listens."""
    async with cloud(tmp_path) as (server, host, api):
        server.stop()
        with pytest.raises(ProbeFailed) as caught:
            await agents(host, api, LIMIT)
    assert Reason.REFUSED is caught.value.reason
