"""Lines of the databases' answers as agents, and what is asked where columns are missing."""

from __future__ import annotations

import json

import pytest

from cs_exporter.platforms.columns import Columns, LackingError
from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.platforms.openstack.database import rows

BEAT = "2026-11-21 05:26:11"
NOVA_LEAST = "id,host,binary,report_count,disabled,deleted,created_at,last_seen_up"
NEUTRON_LEAST = "id,host,binary,agent_type,admin_state_up,created_at,heartbeat_timestamp"
CINDER_LEAST = "id,host,binary,report_count,disabled,deleted,created_at,updated_at"
HEAT_LEAST = "hostname,binary,created_at,updated_at,deleted_at"
LEAST = {"nova": NOVA_LEAST, "neutron": NEUTRON_LEAST, "cinder": CINDER_LEAST, "heat": HEAT_LEAST}
TABLE = {"nova": "services", "neutron": "agents", "cinder": "services", "heat": "service"}


def seen(service: str, names: str) -> Columns:
    """A schema of that service that shows these columns."""
    return Columns(service, {TABLE[service]: frozenset(names.split(","))})


@pytest.mark.parametrize("service", [*LEAST])
def test_least(service: str) -> None:
    """As many fields from the oldest table as from the newest; without any of them nothing is asked."""
    ask, made = rows.ASKED[Service(service)]
    listing = ask(seen(service, LEAST[service]))
    assert "binary" not in listing.statement.replace("`binary`", "")
    assert 1 == len(made([[""] * len(listing.columns)], service, ""))
    for name in LEAST[service].split(","):
        with pytest.raises(LackingError, match=name):
            ask(seen(service, ",".join(each for each in LEAST[service].split(",") if each != name)))


def test_no_age_is_a_condition() -> None:
    """Of no statement: a dead agent must not drop out of its list."""
    for service, least in LEAST.items():
        ask, _ = rows.ASKED[Service(service)]
        _, _, condition = ask(seen(service, least)).source.partition("WHERE")
        assert not {"updated_at", "last_seen_up", "heartbeat_timestamp"} & {*condition.replace(".", " ").split()}


def test_nova() -> None:
    """One that was disabled and forced down; one that never reported, of a table that knows no forced_down."""
    records = [
        ["10", "cmp1", "nova-compute", "compute", "15", "5250000", BEAT, "1", "1"],
        ["13", "cmp2", "nova-compute", "", "0", "", "", "", ""],
    ]
    assert [
        AgentState(
            *(Service.NOVA, "nova-compute", "cmp1", "cell2:10", 5.25, BEAT),
            reports=15,
            enabled=False,
            forced_down=True,
            cell="cell2",
            topic="compute",
        ),
        AgentState(
            *(Service.NOVA, "nova-compute", "cmp2", "cell2:13", None, ""),
            reported=False,
            reports=0,
            enabled=True,
            cell="cell2",
        ),
    ] == rows.nova_agents(records, "nova", "cell2")


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ({"tunneling_ip": "192.0.2.1", "tunnel_types": ["vxlan"]}, "192.0.2.1"),
        ({"tunneling_ip": "2001:db8:0:0::1"}, "2001:db8::1"),
        ({"tunneling_ip": None}, ""),
        ({"tunneling_ip": ""}, ""),
        ({"tunneling_ip": "no address at all" * 9}, ""),
    ],
)
def test_tunnel(configured: dict[str, object], expected: str) -> None:
    """What stands behind the key in JSON, cut after some characters as the statement does."""
    behind = json.dumps(configured).partition('"tunneling_ip"')[2][:60]
    [found] = rows.neutron_agents(
        [["u", "cmp1", "neutron-openvswitch-agent", "Open vSwitch agent", "N/A", "-2000000", BEAT, "1", "", behind]], ""
    )
    assert (expected, -2.0, True, None) == (found.tunnel_address, found.age, found.enabled, found.reports)


def test_cinder() -> None:
    """A backend that never initialised has a time, but no report."""
    [found] = rows.cinder_agents(
        [["7", "ctl1@badlvm", "cinder-volume", "cinder-volume", "0", "165000000", BEAT, "0", "az1"]], "cinder"
    )
    expected = (False, 0, "az1", "cinder:7", "ctl1")
    assert expected == (found.reported, found.reports, found.zone, found.key, found.machine)
