"""Discovery as an operator meets it: a process that is killed and started anew, a signal, pages, and a Prometheus."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.lab.cloud_database import CloudDatabase
from tests.lab.lab import Lab
from tests.lab.one_page import free_address
from tests.lab.prometheus import Prometheus
from tests.lab.wait import wait_until
from tests.live.exporter import Exporter, Page
from tests.live.found import CLOUD, configured, emptied, fill

pytestmark = pytest.mark.lab

DEADLINE = 30.0
OF_CLOUD = {"platform": "cloudstack"}
HELD, EXPECTED = "cs_discovery_hosts_held", "cs_hosts_expected"


def hosts(page: Page) -> int:
    """How many hosts the page knows, but for the cloud itself."""
    return len(page.hosts() - {CLOUD, ""})


def test_killed_and_started_anew(tmp_path: Path, lab: Lab, cloud: CloudDatabase) -> None:
    """The hosts are there although the cloud is not; and the folder that did not exist is made."""
    fill(cloud, 50)
    flags = [f"--storage.path={tmp_path / 'kept' / 'here'}"]
    with Exporter(lab, tmp_path / "cs_exporter.yml", configured(lab, cloud), flags=flags) as exporter:
        wait_until(lambda: 50 == hosts(exporter.page()), DEADLINE, "all hosts")
        wait_until(lambda: list((tmp_path / "kept" / "here").iterdir()), DEADLINE, "the stored inventory")
        exporter.end()
        cloud.server.stop()
        try:
            exporter.start()
            assert 50 == hosts(exporter.page())
            wait_until(lambda: 200 == exporter.get("-/ready")[0], DEADLINE, "ready")
            assert 50 == hosts(exporter.page())
        finally:
            cloud.server.start()
        assert [] == exporter.trouble()


def test_a_loss_is_on_the_page_until_it_is_accepted(tmp_path: Path, lab: Lab, cloud: CloudDatabase) -> None:
    """Held hosts are counted; SIGHUP, as `systemctl reload` sends it, lets them go, but never all there are."""
    fill(cloud, 50)
    with Exporter(lab, tmp_path / "cs_exporter.yml", configured(lab, cloud)) as exporter:
        wait_until(lambda: 50 == hosts(exporter.page()), DEADLINE, "all hosts")
        with emptied(cloud, left=5):
            wait_until(lambda: 45.0 == exporter.page().value(HELD, **OF_CLOUD), DEADLINE, "the loss")
            assert 50 == hosts(exporter.page())
            exporter.hang_up()
            wait_until(lambda: 5 == hosts(exporter.page()), DEADLINE, "the hosts to go")
            page = exporter.page()
            assert (0.0, 5.0) == (page.value(HELD, **OF_CLOUD), page.value(EXPECTED, **OF_CLOUD))
        assert [] == exporter.trouble()


@pytest.mark.debian
def test_prometheus_finds_them(tmp_path: Path, lab: Lab, cloud: CloudDatabase) -> None:
    """By http_sd, with their names, platform and zone; one that comes later as well; the cloud itself is no target."""
    fill(cloud, 2)
    with Exporter(lab, tmp_path / "cs_exporter.yml", configured(lab, cloud)) as exporter:
        wait_until(lambda: 2 == hosts(exporter.page()), DEADLINE, "both hosts")
        target = urlsplit(exporter.url).netloc
        with Prometheus(tmp_path, target, listen=free_address(), sd=f"{exporter.url}sd") as prometheus:

            def found() -> set[tuple[str, str, str]]:
                series = [one.labels for one in prometheus.query('up{job="found"}')]
                return {(one["host"], one["platform"], one["cloud_zone"]) for one in series}

            both = {("kvm0", "cloudstack", "zone1"), ("kvm1", "cloudstack", "zone1")}
            wait_until(lambda: both == found(), DEADLINE, "both targets")
            cloud.hypervisor("kvm2", "192.0.2.3", 1)
            wait_until(lambda: {*both, ("kvm2", "cloudstack", "zone1")} == found(), DEADLINE, "the third one")
