"""Agents as rows of either source."""

from __future__ import annotations

import pytest

from cs_exporter.platforms.openstack.agents import AgentState, Service


@pytest.mark.parametrize(
    ("host", "machine"), [("cmp1", "cmp1"), ("ctl1@lvm", "ctl1"), ("ctl1.example@lvm#gold", "ctl1.example"), ("", "")]
)
def test_machine(host: str, machine: str) -> None:
    """Cinder writes which backend, and maybe which pool, behind the machine's name."""
    assert machine == AgentState(Service.CINDER, "cinder-volume", host, "1").machine
