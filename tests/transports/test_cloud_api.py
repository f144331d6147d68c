"""Whoever is no cloud's pseudo-host has no API: asking it is a failure and not an empty list."""

from __future__ import annotations

import pytest

from cs_exporter.model import Host, ProbeFailed, Reason
from cs_exporter.ports import Counters
from cs_exporter.transports.cloud_api import CloudApis


async def test_without_an_account_nothing_is_listed() -> None:
    """An empty answer would look like a cloud without hosts."""
    with pytest.raises(ProbeFailed) as caught:
        await CloudApis(Counters()).of(Host("kvm1", "192.0.2.1")).listed("listHosts", 5.0)
    assert caught.value.reason is Reason.NOT_READY
