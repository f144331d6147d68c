"""The bench runs, on hosts that are well, and what it is told is worked out right; no figure is asserted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cs_exporter.parsers import certificates, management_log
from cs_exporter.probes import PROBES
from tests.bench.answers import Simulated, addresses
from tests.bench.calibration import Calibration
from tests.bench.exporter import Scrape
from tests.bench.figures import Figures, Window
from tests.bench.report import report

PAGE = """# HELP cs_probe_runs_total Runs since the exporter started.
cs_probe_runs_total{host="kvm00001",probe="nfs_mounts"} 2.0
cs_probe_runs_total{host="kvm00002",probe="nfs_mounts"} 3.0
cs_probe_runs_total{host="ms1",probe="nfs_mounts"} 5.0
cs_ssh_requests_total 7.0
"""

FIGURES = Figures(
    hosts=11,
    failing=0,
    first=0.010,
    windows=[Window(0.5, 10.0, 100, 0.2), Window(0.3, 10.0, 100, 0.4), Window(0.4, 10.0, 100, 0.3)],
    plain=[Scrape(0.1, 2**20, PAGE)],
    packed=[Scrape(0.2, 2**19, PAGE)],
    talk={"requests": 600, "sent": 3000, "received": 30000},
    memory=70 * 2**20,
    empty=60 * 2**20,
    late=[number / 1000 for number in range(200)],
)


@pytest.mark.heavy
def test_it_runs_and_its_hosts_are_well() -> None:
    """As anybody who may open a socket; quick, and with few hosts."""
    argv = [sys.executable, "-m", "tests.bench", "--hosts=3", "--seconds=2", "--every=1"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=110, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert "3 simulated hypervisors" in done.stdout
    assert "CPU per poll of a host" in done.stdout
    assert "runs were failing" not in done.stdout


def test_figures_are_medians_and_ratios() -> None:
    """Of windows and scrapes; a share of hosts is that of those beyond the first."""
    lines = [" ".join(line.split()) for line in report(FIGURES, Calibration(loop=0.02, echo=0.0001), again=0.02)]
    for line in (
        "CPU per poll of a host 4 ms (worst 5 ms) 0.200 40.0",
        "CPU of one processor, without scrapes 4.0%",
        "requests per poll 2.00",
        "bytes per poll 10 out, 100 in",
        "memory per host 1024 KiB",
        "event loop late: 99 of 100 are below 198 ms 9.900 1980.0",
        "scrape, gzip 200 ms, 0.50 MiB 10.000 2000.0",
        "CPU per scrape, gzip 300 ms 15.000 3000.0",
        "series 4, 0 per host",
    ):
        assert line in lines


def test_samples_are_added_by_their_labels() -> None:
    """All of a metric, or those whose labels are as wanted."""
    page = Scrape(0.0, 0, PAGE)
    assert (10, 5, 7) == (
        page.total("cs_probe_runs_total"),
        page.total("cs_probe_runs_total", r'host="kvm\d+",probe="nfs_mounts"'),
        page.total("cs_ssh_requests_total"),
    )


def test_addresses_do_not_repeat() -> None:
    """However many hosts there are."""
    found = addresses(600)
    assert ("127.77.1.1", "127.77.1.250", "127.77.2.1") == (found[0], found[249], found[250])
    assert 600 == len({*found})


def test_a_server_tells_of_every_agent() -> None:
    """And a hypervisor of its own one's session, by the addresses of the cloud."""
    server, own = Simulated("127.77.0.1", addresses(2)), Simulated("127.77.1.1")
    told = server.answer("agent_sessions,0,s8250")
    assert told is not None
    assert 3 == told.output.count("\n")
    assert "[::ffff:10.77.1.2]:45272" in told.output
    said = own.answer("agent_sessions,0,u8250")
    assert said is not None
    assert "10.77.1.1:45272 10.77.0.1:8250" in said.output
    assert own.answer("checklist,2") is None


def test_every_section_of_a_poll_is_answered() -> None:
    """A probe that hears nothing of its section asks no more, and would cost the budget nothing."""
    server, own = Simulated("127.77.0.1", addresses(500)), Simulated("127.77.1.1")
    log, quiet = (one.answer("followed_log,8,/log") for one in (server, own))
    assert log is not None
    assert quiet is not None
    assert (125, 0) == (len(management_log.parse(log.output).pinged), len(management_log.parse(quiet.output).pinged))
    files = own.answer("certificate_dates,0,/a.crt,/b.crt")
    assert files is not None
    assert ["/a.crt", "/b.crt"] == [one.path for one in certificates.parse(files.output)]
    asked = {section.name for spec in PROBES for section in spec.sections}
    assert [] == [name for name in sorted(asked) if own.answer(f"{name},0,eno1") is None]
