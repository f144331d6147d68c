"""The catalog's endpoints, each once, as whoever looks at them needs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.platforms.openstack.agents import Endpoint
from cs_exporter.platforms.openstack.api import endpoints
from tests.lab.openstack_api import PROJECT, Fault
from tests.platforms.openstack.api.open_lists import LIMIT, cloud


async def test_every_endpoint_is_told(tmp_path: Path) -> None:
    """Five services, three interfaces each; the project is in cinder's."""
    async with cloud(tmp_path) as (server, _, api):
        found = await endpoints(api, LIMIT)
    assert 15 == len(set(found)) == len(found)
    assert Endpoint("compute", "public", f"{server.origin}/compute/v2.1") in found
    assert Endpoint("volumev3", "internal", f"{server.origin}/volume/v3/{PROJECT}") in found


async def test_without_keystone_there_is_no_catalog(tmp_path: Path) -> None:
    """It is what tells where all others are."""
    async with cloud(tmp_path) as (server, _, api):
        server.inflict(Fault.NOT_READY, "identity")
        with pytest.raises(ProbeFailed) as caught:
            await endpoints(api, LIMIT)
    assert Reason.NOT_READY is caught.value.reason
