"""Rows of the APIs' lists of agents, by service: what their fields mean, and which of their times is a heartbeat.

Shapes: API references of nova (os-services), neutron (agents) and cinder (os-services), and captured answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from cs_exporter.platforms.openstack.agents import AgentState, Service
from cs_exporter.platforms.openstack.api.asking import Listed
from cs_exporter.ports import ApiRow

_NOT_REPORTING = frozenset({"nova-osapi_compute", "nova-metadata"})
"""Rows of API servers, which never report."""

_UP = "up"
_VERDICTS: Mapping[str, bool] = {_UP: True, "down": False}
_STATUSES: Mapping[str, bool] = {"enabled": True, "disabled": False}
_OVN = "OVN "


def text(row: ApiRow, name: str) -> str:
    """A field as text; empty where it is missing."""
    value = row.get(name)
    return "" if value is None else str(value)


def moment(shown: str) -> float | None:
    """A time of any service in seconds since the epoch; None where it is none.

    All are UTC: nova and cinder write "2026-11-21T05:26:05.000000", neutron "2026-11-21 05:25:42".
    """
    try:
        when = dt.datetime.fromisoformat(shown)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp()


def age(shown: str, listed: Listed) -> float | None:
    """Seconds since that time by our clock, signed, less what the asking took: never further from 0 than it was."""
    when = moment(shown)
    if when is None:
        return None
    least, most = listed.begun - when, listed.ended - when
    return max(least, 0.0) + min(most, 0.0)


def nova(listed: Listed) -> Iterator[AgentState]:
    """Of nova.services. Its `updated_at` is the row's, which an operator's `disable` moves, and no heartbeat.

    A cell that is down has short rows: no state, no id, and a status that is neither (from 2.69 on).
    """
    for row in listed.rows:
        binary, host = text(row, "binary"), text(row, "host")
        if binary not in _NOT_REPORTING:
            yield AgentState(
                Service.NOVA,
                binary,
                host,
                text(row, "id") or f"{binary} {host}",
                enabled=_STATUSES.get(text(row, "status")),
                forced_down=row.get("forced_down") is True,
                up=_VERDICTS.get(text(row, "state")),
                zone=text(row, "zone"),
            )


def neutron(listed: Listed) -> Iterator[AgentState]:
    """Of neutron.agents. Those of OVN have no heartbeat: neutron puts the time of the answer where others have it."""
    for row in listed.rows:
        kind, beat = text(row, "agent_type"), text(row, "heartbeat_timestamp")
        is_ovn = kind.startswith(_OVN)
        settings = row.get("configurations")
        yield AgentState(
            Service.NEUTRON,
            text(row, "binary"),
            text(row, "host"),
            text(row, "id"),
            age=None if is_ovn else age(beat, listed),
            beat="" if is_ovn else beat,
            enabled=_flag(row, "admin_state_up"),
            up=_flag(row, "alive"),
            zone=text(row, "availability_zone"),
            kind=kind,
            topic=text(row, "topic"),
            tunnel_address=text(settings, "tunneling_ip") if isinstance(settings, Mapping) else "",
            is_ovn=is_ovn,
        )


def cinder(listed: Listed) -> Iterator[AgentState]:
    """Of cinder.services. `updated_at` is the last report, or the last change by an operator if that came later."""
    for row in listed.rows:
        binary, host, beat = text(row, "binary"), text(row, "host"), text(row, "updated_at")
        yield AgentState(
            Service.CINDER,
            binary,
            host,
            f"{binary} {host}",
            age=age(beat, listed),
            beat=beat,
            enabled=_STATUSES.get(text(row, "status")),
            up=_VERDICTS.get(text(row, "state")),
            zone=text(row, "zone"),
        )


def _flag(row: ApiRow, name: str) -> bool | None:
    value = row.get(name)
    return value if isinstance(value, bool) else None
