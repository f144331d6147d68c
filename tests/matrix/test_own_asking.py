"""Rows about probes over many hosts: every probe is among those that may stall, whatever its interval."""

from __future__ import annotations

import re

from cs_exporter.matrix.own_asking import HOSTS, SHARE, rows
from cs_exporter.matrix.records import ANSWERED
from cs_exporter.matrix.rendering import usual
from cs_exporter.probes import DERIVED, PROBES

ROWS = {row.name: row for row in rows(usual(PROBES, DERIVED), PROBES)}


def test_no_probe_may_stall_unseen() -> None:
    """Each is compared with its own past, the slowest with a longer one."""
    found = re.findall(r'cs_probe_runs_total\{probe=~"([^"]+)"\} offset (\w+)', ROWS["CsProbeStalled"].condition)
    assert sorted(spec.name for spec in PROBES) == sorted(name for names, _ in found for name in names.split("|"))
    assert ("agent_certificates|path_mtu", "1440s") in found


def test_a_share_and_a_number() -> None:
    """One host of two is no reason to call a probe blind."""
    row = ROWS["CsProbeBlind"]
    assert (SHARE, "ratio") == (row.threshold, row.unit)
    assert f">= {HOSTS}" in row.condition


def test_an_hour_of_all_runs_is_not_looked_through() -> None:
    """Every evaluation would read all samples of thousands of series: what is recorded has one for all exporters."""
    found = ROWS["CsProbeUnsupported"].condition
    assert (True, False) == (f"{ANSWERED}[1h:2m]" in found, "cs_probe_success{" in found)
