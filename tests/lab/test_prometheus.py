"""The real Prometheus of the tests: scrapes, answers, refuses aloud, and leaves nothing."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.one_page import free_address, serving
from tests.lab.prometheus import Prometheus, PrometheusError
from tests.lab.wait import wait_until

pytestmark = pytest.mark.debian

PAGE = b'# TYPE cs_stub gauge\ncs_stub{host="kvm1"} 7\n'
RECORD = "{record: 'host:cs_stub:double', expr: cs_stub * 2}"
ALERT = "{alert: CsStub, expr: cs_stub > 5}"


@pytest.fixture
def target() -> Iterator[str]:
    """An exporter's address: it has one series."""
    with serving(PAGE) as address:
        yield address


@pytest.fixture
def prometheus(tmp_path: Path, target: str) -> Iterator[Prometheus]:
    """One that scrapes it ten times a second."""
    with Prometheus(tmp_path, target, listen=free_address(), every=0.1) as started:
        yield started


def test_it_scrapes_and_answers(prometheus: Prometheus) -> None:
    """A value now, and as often as it was scraped; the job is the one of the documentation."""
    begun = time.time()
    wait_until(prometheus.scraped, 20, "a scrape")
    (series,) = prometheus.query('cs_stub{job="cs_exporter"}')
    assert ("kvm1", 7) == (series.host, series.value)
    wait_until(lambda: prometheus.query("count_over_time(cs_stub[1m]) > 5"), 20, "five scrapes")
    (over_time,) = prometheus.query_range("cs_stub", begun, time.time())
    assert len(over_time.points) > 3
    assert {7.0} == {value for _, value in over_time.points}
    assert [1.0] == [found.value for found in prometheus.query("scalar(up)")]


def test_it_evaluates_rules(tmp_path: Path, target: str) -> None:
    """As often as it is told, what was recorded and what fires; files are read again when it is asked to."""
    rules = tmp_path / "rules.yml"
    rules.write_text(f"groups: [{{name: stub, rules: [{RECORD}, {ALERT}]}}]\n", encoding="utf-8")
    with Prometheus(tmp_path, target, listen=free_address(), every=0.2, rules=[rules], evaluate=0.1) as prometheus:
        wait_until(lambda: prometheus.query('ALERTS{alertname="CsStub",alertstate="firing"}'), 20, "an alert")
        assert [14.0] == [found.value for found in prometheus.query("host:cs_stub:double")]
        rules.write_text("groups: [{name: stub, rules: [{alert: CsStub, expr: cs_stub > }]}]\n", encoding="utf-8")
        with pytest.raises(PrometheusError, match="rules"):
            prometheus.reload()
        rules.write_text(f"groups: [{{name: stub, rules: [{RECORD.replace('2', '3')}]}}]\n", encoding="utf-8")
        prometheus.reload()
        wait_until(lambda: prometheus.query("host:cs_stub:double == 21"), 20, "the new rule")


def test_a_mistake_in_an_expression_is_said(prometheus: Prometheus) -> None:
    """With Prometheus' own words."""
    with pytest.raises(PrometheusError, match="parse error"):
        prometheus.query("cs_stub{")


def test_nothing_is_left(tmp_path: Path, target: str) -> None:
    """Neither a process nor a file."""
    with Prometheus(tmp_path, target, listen=free_address()):
        assert [tmp_path / "prometheus"] == list(tmp_path.iterdir())
    assert [] == list(tmp_path.iterdir())
    found = subprocess.run(["pgrep", "-f", f"^prometheus.*{tmp_path}/"], capture_output=True, text=True, check=False)
    assert "" == found.stdout


def test_one_that_cannot_start_says_why(tmp_path: Path, target: str) -> None:
    """Here its port is taken, by the exporter."""
    with pytest.raises(PrometheusError, match="status") as caught:
        Prometheus(tmp_path, target, listen=target).start()
    assert "address already in use" in "".join(caught.value.__notes__)
    assert [] == list(tmp_path.iterdir())
