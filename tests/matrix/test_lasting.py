"""What lasts is one alert: however its shape changes, and though nobody can look any more; and it ends when it ends."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cs_exporter.matrix.lasting import passes
from cs_exporter.matrix.rules import files
from cs_exporter.matrix.whole import usual_matrix
from cs_exporter.spec import Severity

pytestmark = pytest.mark.debian

MATRIX = usual_matrix()
FILES = {Path(path).name: text for path, text in files(MATRIX).items()}
ROWS = {row.name: row for row in MATRIX.rows}

PORT = 'host="ms1",port="8250",port_name="management-agent",vantage="exporter",severity="critical",instance="a"'
MOUNT = 'host="kvm1",mountpoint="/m",server="nfs1",export="/e",instance="a"'
SUCCESS = 'cs_probe_success{host="kvm1",probe="nfs_mounts",instance="a"}'
LOGGED = 'cs_agent_log_last_event_timestamp_seconds{host="kvm1",event="out_of_memory",instance="a"}'
INFO = 'cs_host_info{host="kvm1",platform="cloudstack",cloud_zone="z1",instance="a"}'
TURNS = " ".join(["1 1 stale _"] * 20)
OTHER_TURNS = f"_ _ {TURNS}"


@dataclass(frozen=True)
class Case:
    """`series`: selector -> values, one every `every` seconds. `times`: when it is asked; `alerts`: how many fire."""

    tells: str
    alert: str
    series: Mapping[str, str]
    alerts: Mapping[str, int]
    every: int = 15


def mount(state: str, values: str) -> dict[str, str]:
    """A mount in that state."""
    return {f'cs_nfs_mount_state{{{MOUNT},state="{state}"}}': values}


def blind(success: str, values: str = "1x23 stale", info: str = "1x4000") -> dict[str, str]:
    """A mount that hung for ten minutes when the host let nobody in any more."""
    return {**mount("hung", values), SUCCESS: success, INFO: info}


CASES = (
    Case(
        "a database is down all the time, now refusing and now breaking connections",
        "CsMysqlUnavailable",
        {
            'cs_mysql_up{host="db1",instance="a"}': "0x80",
            'cs_mysql_state{host="db1",state="refused",instance="a"}': TURNS,
            'cs_mysql_state{host="db1",state="lost",instance="a"}': OTHER_TURNS,
        },
        {"1m": 0, "2m": 1, "18m": 1},
    ),
    Case(
        "a port fails all the time, now silent and now refusing",
        "CsPortDown",
        {
            f'cs_port_failing{{{PORT},state="filtered"}}': TURNS,
            f'cs_port_failing{{{PORT},state="refused"}}': OTHER_TURNS,
        },
        {"1m": 0, "3m": 1, "18m": 1},
    ),
    Case(
        "a mount hangs in two looks of four and is slow in the others",
        "CsNfsMountSlow",
        mount("slow", TURNS) | mount("hung", OTHER_TURNS),
        {"1m": 0, "5m": 1, "38m": 1},
        every=30,
    ),
    Case("a mount hangs, and was never slow", "CsNfsMountSlow", mount("hung", "1x80"), {"5m": 0, "38m": 0}, every=30),
    Case(
        "a mount hangs, and then the host lets nobody in for a day",
        "CsNfsMountHung",
        blind("1x2 0x300", "1x3 stale", "1x300"),
        {"20m": 1, "23h": 1, "25h": 0},
        every=300,
    ),
    Case(
        "and the host is taken out",
        "CsNfsMountHung",
        blind("1x20 0x40 stale", info="1x60 stale"),
        {"29m": 1, "50m": 0},
        every=30,
    ),
    Case(
        "it had healed when the host let nobody in any more",
        "CsNfsMountHung",
        blind("1x21 0x80", "1x20 stale") | mount("ok", "_x20 1x2 stale"),
        {"10m": 1, "14m": 0},
        every=30,
    ),
    Case(
        "an event was written a minute before the host let nobody in any more",
        "CsAgentOutOfMemory",
        {LOGGED: "_x4 60x4 stale", SUCCESS.replace("nfs_mounts", "agent_log"): "1x8 0x80", INFO: "1x90"},
        {"1m30s": 1, "4m": 1, "7m": 0, "20m": 0},
    ),
    Case(
        "an event was written, and the host lets us look",
        "CsAgentOutOfMemory",
        {LOGGED: "_x4 60x80", SUCCESS.replace("nfs_mounts", "agent_log"): "1x90", INFO: "1x90"},
        {"1m30s": 1, "5m": 1, "9m": 0},
    ),
    Case(
        "the exporter is restarted while the host lets nobody in",
        "CsNfsMountHung",
        blind("1x20 0x20 stale _x4 0x60", info="1x41 stale _x4 1x60"),
        {"20m": 1, "22m": 1, "40m": 1},
        every=30,
    ),
    Case(
        "the exporter is restarted while a database refuses it",
        "CsMysqlBlocked",
        {'cs_mysql_state{host="db1",state="blocked",instance="a"}': "1x20 stale _x4 1x40"},
        {"5m": 1, "6m15s": 1, "7m": 1},
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.tells)
def test_what_lasts_is_told_until_it_ends(case: Case, tmp_path: Path) -> None:
    """One alert, with the same labels all the time: else Alertmanager would take it for another one."""
    rule_files = ["cs_records.yml", f"cs_{ROWS[case.alert].probe}.yml"]
    for name in rule_files:
        (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    begun = f'count(last_over_time(ALERTS{{alertname="{case.alert}", alertstate="firing"}}[2d]))'
    asked = [
        {
            "expr": f'count(ALERTS{{alertname="{case.alert}", alertstate="firing"}})',
            "eval_time": time,
            "exp_samples": [{"labels": "{}", "value": number}] if number else [],
        }
        for time, number in case.alerts.items()
    ]
    last = [*case.alerts][-1]
    if any(case.alerts.values()):
        asked.append({"expr": begun, "eval_time": last, "exp_samples": [{"labels": "{}", "value": 1}]})
    inputs = [{"series": selector, "values": values} for selector, values in case.series.items()]
    every = f"{case.every}s"
    test = {"interval": every, "input_series": inputs, "promql_expr_test": asked}
    written = {"rule_files": rule_files, "evaluation_interval": every, "tests": [test]}
    file = tmp_path / "test.json"
    file.write_text(json.dumps(written), encoding="utf-8")
    done = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr), done.stdout


def test_which_alerts_outlive_that_we_can_look() -> None:
    """Those of probes that need the host's word, where somebody is told: what others see of a host may well end.

    Something that happened is told for its time, and no longer because nobody can look.
    """
    asking = {spec.name for spec in MATRIX.probes if spec.needs_its_word}
    told = {row.name for row in MATRIX.rows if row.probe in asking and row.severity is not Severity.INFO}
    passing = {row.name for row in MATRIX.rows if row.symptom is not None and passes(row.symptom)}
    assert {"CsAgentOutOfMemory", "CsManagementFenced"} < passing
    assert told - passing == {row.name for row in MATRIX.rows if row.recorded}
    assert ROWS["CsNfsMountHung"].recorded
    assert not ROWS["CsPortDown"].recorded
