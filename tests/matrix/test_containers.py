"""What the pages of OpenStack's symptoms say of containers and of other packages."""

from __future__ import annotations

import pytest

from cs_exporter.matrix.containers import LEAD, RDO, TITLE, said
from cs_exporter.matrix.runbooks import runbook, text
from cs_exporter.matrix.whole import usual_matrix

ROWS = {row.name: row for row in usual_matrix().rows}
INSIDE = "docker exec rabbitmq"
CLIENT = "docker exec -it mariadb mariadb -u root -p"
DEPLOYS = "the machine that deploys"


@pytest.mark.parametrize(
    ("step", "packaged", "there"),
    [
        ("rabbitmqctl list_queues -p / name", "rabbitmqctl ...", f"{INSIDE} rabbitmqctl ..."),
        ("rabbitmq-diagnostics alarms", "rabbitmq-diagnostics ...", f"{INSIDE} rabbitmq-diagnostics ..."),
        ("mariadb -e 'SHOW STATUS'", "mariadb -e ...", f"{CLIENT} -e ... (database_password)"),
        ("systemctl status nova-compute; uptime", "systemctl status nova-compute", "docker ps -a -f name=nova_compute"),
        ("systemctl status rabbitmq-server", "systemctl status rabbitmq-server", "docker ps -a -f name=rabbitmq"),
        ("systemctl list-units --failed", "systemctl list-units --failed", "docker ps -a | grep -v '(healthy)'"),
        ("journalctl -u AGENT -n 50", "journalctl -u AGENT ...", "tail -n 50 /var/log/kolla/*/AGENT.log"),
        ("journalctl -u '*nova-compute'", "journalctl -u AGENT ...", "tail -n 50 /var/log/kolla/*/AGENT.log"),
        ("journalctl -u mariadb", "journalctl -u mariadb ...", "tail -n 200 /var/log/kolla/mariadb/mariadb.log"),
        ("tail /var/log/nova/nova-api.log", "/var/log/nova/", "/var/log/kolla/nova/"),
        ("tail /var/log/*/AGENT.log", "/var/log/*/", "/var/log/kolla/*/"),
        ("grep a /etc/cinder/cinder.conf", "/etc/cinder/cinder.conf", "/etc/kolla/cinder-*/cinder.conf"),
        ("grep -A5 a /etc/*/*.conf", "/etc/*/*.conf", "/etc/kolla/*/*.conf"),
        ("df -h /var/lib/mysql", "/var/lib/mysql", "/var/lib/docker/volumes/mariadb"),
        ("virsh list", "virsh ...", "docker exec nova_libvirt virsh ..."),
        ("openstack server list", "openstack ...", f"the same on {DEPLOYS}, after: . /etc/kolla/admin-openrc.sh"),
    ],
)
def test_ways(step: str, packaged: str, there: str) -> None:
    """Each step has its way in, and one that is there twice has it once."""
    assert f"{packaged}  ->  {there}" == said("openstack_agents", (step, step))[1]


def test_what_is_typed_on_the_machine_itself_has_no_other_way() -> None:
    """Processes, sockets and the kernel's log are the machine's own, whatever runs in containers."""
    assert ((), "") == said("openstack_agents", ("ps -ef", "ss -tnp", "dmesg | tail", "chronyc tracking"))


def test_columns() -> None:
    """The arrows stand below each other."""
    table = said("rabbitmq", ("rabbitmqctl status", "tail /var/log/rabbitmq/a"))[1]
    assert [20, 20] == [line.index("->") for line in table.splitlines()]


def test_cloudstack_runs_in_no_containers() -> None:
    """Its steps are typed as they stand, also beside those of OpenStack."""
    cloudstack = ("systemctl status cloudstack-agent", 'mariadb -e "SELECT id FROM cloud.host"', "virsh list")
    assert ((), "") == said("cloud_hosts", cloudstack)
    assert "docker ps -a -f name=AGENT" in said("agent_countdown", (*cloudstack, "systemctl status AGENT"))[1]
    assert "cloudstack" not in said("agent_countdown", (*cloudstack, "systemctl status AGENT"))[1]
    assert TITLE not in text(runbook(ROWS["CsHostInAlert"]))


@pytest.mark.parametrize(
    ("name", "paragraphs"),
    [("CsComputeDown", (LEAD, RDO)), ("CsRabbitmqAlarm", (LEAD,)), ("CsGaleraSplit", (LEAD,)), ("CsPortDown", ())],
)
def test_pages(name: str, paragraphs: tuple[str, ...]) -> None:
    """It stands behind the steps; what other packages call units and logs, only where there are some."""
    page = runbook(ROWS[name])
    titles = [section.title for section in page.sections]
    found = [section for section in page.sections if section.title == TITLE]
    assert [paragraphs] * bool(paragraphs) == [section.text for section in found]
    assert not paragraphs or titles.index("Look") + 1 == titles.index(TITLE)
