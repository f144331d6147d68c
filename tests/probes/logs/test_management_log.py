"""The sheet of management_log: what its metrics show of a real file, on which hosts, and what an account needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_exporter.model import Host, ProbeFailed, Reason, Role
from cs_exporter.probes.logs.management_log import NEEDS, PATH, SPEC, ManagementLogSettings
from cs_exporter.probes.logs.reading import ManagementLogReading
from cs_exporter.spec import Sample
from tests.probes.logs.log_stand import HOST, NEW, WALL, log_stand, new_ping


def shown(reading: ManagementLogReading, name: str) -> list[Sample]:
    """The samples of one metric."""
    (metric,) = [metric for metric in SPEC.metrics if metric.name == name]
    return list(metric.read(reading))


async def test_pings_are_counted_and_dated(tmp_path: Path) -> None:
    """By the exporter's clock, whatever the lines say; before the first there is no time of one."""
    async with log_stand(tmp_path) as stand:
        reading = await stand.look()
        assert [] == shown(reading, "cs_management_log_last_ping_timestamp_seconds")
        stand.write(new_ping(1), new_ping(1), f"{NEW}Ping from afar\n")
        reading = await stand.look()
        at = WALL + stand.now
        assert [Sample(at)] == shown(reading, "cs_management_log_last_ping_timestamp_seconds")
        assert [Sample(3.0)] == shown(reading, "cs_management_log_pings_total")
        assert [Sample(1.0)] == shown(reading, "cs_management_log_unreadable_pings_total")
        assert [Sample(at)] == shown(await stand.look(), "cs_management_log_last_ping_timestamp_seconds")


async def test_pools_are_shown_for_five_minutes(tmp_path: Path) -> None:
    """From the newest line of each; statistics of a pool say the same as its refusals."""

    def pools(reading: ManagementLogReading) -> list[Sample]:
        kinds = ("connections", "active_connections", "idle_connections", "waiting_threads")
        return [sample for kind in kinds for sample in shown(reading, f"cs_management_pool_{kind}")]

    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(f"{NEW}usage - Pool stats (total=5, active=4, idle=1, waiting=0)\n", f"{NEW}(total=x)\n")
        expected = [Sample(float(number), ("usage",)) for number in (5, 4, 1, 0)]
        assert expected == pools(await stand.look())
        assert expected == pools(await stand.look(299.0))
        assert [] == pools(await stand.look())


async def test_another_path_is_another_log(tmp_path: Path) -> None:
    """After a change of the settings it is followed from its own end."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.path = tmp_path / "other.log"
        stand.write(new_ping(1))
        stand.settings = ManagementLogSettings(path=str(stand.path))
        reading = await stand.look()
        assert ({}, 0) == (reading.heard, reading.ping_lines)


async def test_a_log_that_has_gone(tmp_path: Path) -> None:
    """As between the two steps of rolling it; the next look goes on as if nothing had been."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(new_ping(1))
        stand.path.rename(tmp_path / "management-server.log.1")
        with pytest.raises(ProbeFailed) as caught:
            await stand.look()
        assert Reason.COMMAND is caught.value.reason
        stand.write(new_ping(2))
        reading = await stand.look()
        assert ([1, 2], 0) == (stand.heard(), reading.gaps)


def test_management_servers_are_asked() -> None:
    """Whatever else they are."""
    assert SPEC.applies(HOST)
    assert not SPEC.applies(Host("k", "k", roles=frozenset({Role.HYPERVISOR})))


def test_the_checklist_looks_at_the_usual_place() -> None:
    """A log elsewhere is looked for by the probe alone."""
    (need,) = NEEDS
    assert PATH in need.check
    assert need.applies(HOST)
    elsewhere = Host("m", "m", roles=HOST.roles, settings={"management_log": ManagementLogSettings(path="/var/ms.log")})
    assert not need.applies(elsewhere)
