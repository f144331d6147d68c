"""The rows of the matrix about a management server's log: which lines raise which, and for how long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cs_exporter.board import Board
from cs_exporter.model import Inventory, Outcome
from cs_exporter.probes.logs.management_log import SPEC
from cs_exporter.symptoms import holding
from tests.probes.logs.log_stand import HOST, NEW, LogStand, behind, log_stand, new_ping, old_ping

LINES = {
    behind(4): {"CsManagementAgentsBehind"},
    f'{NEW}Investigating why host Host {{"id":4}} has disconnected with event\n': {"CsManagementInvestigates"},
    f"{NEW}Monitor StoragePoolMonitor says there is an error in the connect process for 4 due to x\n": {
        "CsManagementConnectFailed"
    },
    f"{NEW}Client certificate has expired with serial=7b, subject=CN=kvm1 from address=192.0.2.7\n": {
        "CsManagementCertificateExpired"
    },
    f"{NEW}Certificate ownership verification failed for client: 192.0.2.7\n": {"CsManagementCertificateRefused"},
    f"{NEW}SSL error caught during unwrap data: Received fatal alert: certificate_unknown\n": {"CsManagementTlsErrors"},
    f"{NEW}Rejecting new connection as the server is full\n": {"CsManagementAgentDenied"},
    f"{NEW}Cannot get a connection, pool error Timeout waiting for idle object\n": {"CsManagementPoolExhausted"},
    f"{NEW}Data source rejected establishment of connection: Too many connections\n": {"CsManagementDatabaseFull"},
    f"{NEW}DB communication problem detected, fence it\n": {"CsManagementFenced"},
    f"{NEW}Management server heartbeat takes too long to finish.\n": {"CsManagementHeartbeatSlow"},
    "java.lang.OutOfMemoryError: Java heap space\n": {"CsManagementOutOfMemory"},
    f"{NEW}Host disconnected, name: kvm1\n": set[str](),
}
"""A line, and the rows that it raises."""


async def symptoms(stand: LogStand, later: float = 15.0) -> set[str]:
    """The names of those that hold after a look."""
    reading = await stand.look(later)
    board = Board(Inventory({HOST.name: HOST}))
    board.land(Outcome(SPEC.name, HOST.name, stand.time(), stand.now, 0.1, reading), 15.0)
    return {found.symptom.name for found in holding(board.snapshot(stand.now), (SPEC,), stand.time())}


@pytest.mark.parametrize(("line", "expected"), LINES.items(), ids=[line[-40:-1] for line in LINES])
async def test_a_line_raises_its_row(line: str, expected: set[str], tmp_path: Path) -> None:
    """At the first look that sees it, for five minutes."""
    async with log_stand(tmp_path) as stand:
        stand.write(line)
        assert set() == await symptoms(stand)
        stand.write(line)
        assert expected == await symptoms(stand)
        assert expected == await symptoms(stand, 290.0)
        assert set() == await symptoms(stand, 15.0)


async def test_a_healthy_server(tmp_path: Path) -> None:
    """Pings raise nothing."""
    async with log_stand(tmp_path) as stand:
        await stand.look()
        stand.write(old_ping(1), new_ping(2))
        assert set() == await symptoms(stand)


async def test_lines_that_were_lost(tmp_path: Path) -> None:
    """A log that is cut again within a day is told; the first time, and one that was looked at late, is not."""
    async with log_stand(tmp_path) as stand:
        stand.write(old_ping(1))
        await stand.look()
        os.truncate(stand.path, 0)
        assert set() == await symptoms(stand)
        stand.write(old_ping(1))
        await stand.look()
        os.truncate(stand.path, 0)
        assert {"CsManagementLogLost"} == await symptoms(stand)
        assert set() == await symptoms(stand, 600.0)
