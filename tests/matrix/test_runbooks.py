"""Runbooks: commands can be typed as they stand, and whoever is woken finds what, why, how long, what next."""

from __future__ import annotations

import re
from functools import cache

import pytest

from cs_exporter.matrix.containers import PROGRAM
from cs_exporter.matrix.markdown import HEAD
from cs_exporter.matrix.rows import OWN
from cs_exporter.matrix.runbooks import (
    BLANK,
    CAPITALS,
    FOLDER,
    LOGIN,
    Command,
    command,
    files,
    pages,
    runbook,
    text,
    where,
)
from cs_exporter.matrix.whole import usual_matrix

MATRIX = usual_matrix()
ROWS = {row.name: row for row in MATRIX.rows}
written = cache(lambda: files(MATRIX))
"""Every page as Markdown, made once."""

THERE, NAMED = "on the cloud's database server", "with the name that the cloud has for the host"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("df -h", Command("df -h")),
        ("chronyc -n tracking, on the exporter", Command("chronyc -n tracking", "on the exporter")),
        ("cs-exporter probe PROBE NAME, for one host", Command("cs-exporter probe PROBE NAME", "for one host")),
        ("ip -s link (errors, dropped)", Command("ip -s link", "errors, dropped")),
        ("ps -C java (or top), on the host", Command("ps -C java", "or top; on the host")),
        ("ss -tn '( sport = :4567 )'", Command("ss -tn '( sport = :4567 )'")),
        ("getcap $(command -v ping)", Command("getcap $(command -v ping)")),
        ('mysql -e "SELECT a, COUNT(*) FROM b"', Command('mysql -e "SELECT a, COUNT(*) FROM b"')),
        ('mariadb -e "SELECT b FROM a"', Command('mariadb -e "SELECT b FROM a"')),
        ('mariadb -e "SELECT a FROM cloud.b"', Command('mariadb -e "SELECT a FROM cloud.b"', THERE)),
        (
            "mariadb -e \"SELECT a FROM cloud.b WHERE c = 'HOST'\" (one row)",
            Command("mariadb -e \"SELECT a FROM cloud.b WHERE c = 'HOST'\"", f"{THERE}; one row; {NAMED}"),
        ),
        (
            "grep HOST management-server.log, on the server",
            Command("grep HOST management-server.log", f"on the server; {NAMED}"),
        ),
    ],
)
def test_commands(said: str, expected: Command) -> None:
    """Where to type it is no part of what is typed."""
    assert expected == command(said)


def test_every_row_has_a_page() -> None:
    """And an index leads to it."""
    pages = written()
    assert {f"{FOLDER}/README.md", *(f"{FOLDER}/{name}.md" for name in ROWS)} == set(pages)
    index = pages[f"{FOLDER}/README.md"]
    assert [] == [name for name in ROWS if f"[{name}]({name}.md)" not in index]


@pytest.mark.parametrize("name", ROWS)
def test_a_page_is_whole(name: str) -> None:
    """What is seen, severity, cause, meaning, every command, the mend, and the condition."""
    row, shown = ROWS[name], text(runbook(ROWS[name]))
    commands = [command(said).text for said in row.look]
    for part in (row.sees, row.severity.value, row.cause.value, row.means, *commands, row.fix, row.condition):
        assert part in shown


def test_limits_can_be_changed_where_there_are_some() -> None:
    """A state has none; a share has, and the page shows what to write."""
    assert "limits: {CsMysqlConnectionsHigh: 0.8}" in text(runbook(ROWS["CsMysqlConnectionsHigh"]))
    assert "limits:" not in text(runbook(ROWS["CsMysqlDown"]))
    assert "limits:" not in text(runbook(ROWS["CsGaleraTooSmall"]))


def test_what_mutes_what_is_linked_both_ways() -> None:
    """From the symptom to its cause, and back."""
    books = pages(MATRIX)
    assert "[CsNfsServerDown](CsNfsServerDown.md)" in text(books["CsNfsMountHung"]).partition("## Muted by")[2]
    assert "[CsNfsMountHung](CsNfsMountHung.md)" in text(books["CsNfsServerDown"]).partition("## Mutes")[2]
    assert "[CsNfsServerDown](CsNfsServerDown.md)" not in text(books["CsNfsMountHung"]).partition("## Mutes")[2]
    assert "## Mute" not in text(books["CsDeadMansSwitch"])


def test_dashboards_are_linked() -> None:
    """By the panel that draws it; where nothing is drawn there is nothing to see."""
    books = pages(MATRIX)
    assert "(../../deploy/grafana/dashboards/cs-storage.json)" in text(books["CsNfsServerDown"])
    assert [] == [name for name in ROWS if "## Dashboards" not in text(books[name])]
    assert "## Dashboards" not in text(runbook(ROWS["CsNfsServerDown"]))


def test_alerts_that_see_nothing_say_so() -> None:
    """Whoever reads it looks elsewhere for what is wrong."""
    assert "| blind | it only says that something can't be seen |" in text(runbook(ROWS["CsHostBlind"]))
    assert "| blind |" not in text(runbook(ROWS["CsNfsServerDown"]))


@pytest.mark.parametrize("name", ROWS)
def test_alerts_that_are_named_exist(name: str) -> None:
    """A text that sends somebody to an alert of another name leads nowhere."""
    row = ROWS[name]
    named = re.findall(r"\bCs[A-Z]\w+", " ".join((row.sees, row.means, row.fix, *row.look)))
    assert [] == [other for other in named if other not in ROWS]
    links = written()[f"{FOLDER}/{name}.md"]
    assert [] == [other for other in named if other != name and f"[{other}]({other}.md)" not in links]


def test_capitals_are_told() -> None:
    """Where something is to be filled in, and nowhere else."""
    assert CAPITALS in text(runbook(ROWS["CsNfsServerDown"]))
    assert CAPITALS not in text(runbook(ROWS["CsMysqlDown"]))


@pytest.mark.parametrize("name", ROWS)
def test_labels_in_capitals_are_blanks(name: str) -> None:
    """Whichever label of the row a command names; words of SQL and of shells are none."""
    row, labels = ROWS[name], {*ROWS[name].keys, "management_server", "server"}
    named = {word for said in row.look for word in re.findall(r"\b[A-Z_]{2,}\b", said) if word.lower() in labels}
    assert set() == {word for word in named if not BLANK.fullmatch(word)}


@pytest.mark.parametrize("name", ROWS)
def test_steps_for_another_kind_of_machine_say_so(name: str) -> None:
    """Whoever reads "on HOST" types it on a hypervisor, which has neither the cloud's tables nor its servers' logs."""
    of_server = ROWS[name].probe == "management_log" or name.startswith(("CsManagement", "CsAgentPingsUnmapped"))
    elsewhere = r"\bFROM (?:cloud|nova|neutron|cinder)\.|^promtool |"
    elsewhere += r"cloudstack/agent/|cloudstack-agent" if of_server else r"cloudstack/management/|cloudstack-management"
    typed = map(command, ROWS[name].look)
    assert [] == [one.text for one in typed if re.search(elsewhere, one.text) and not re.match("on |as ", one.note)]


def test_as_whom_the_database_is_asked_is_told() -> None:
    """Only where it is."""
    assert LOGIN in text(runbook(ROWS["CsHostInAlert"]))
    assert LOGIN in text(runbook(ROWS["CsMysqlConnectionsHigh"]))
    assert LOGIN not in text(runbook(ROWS["CsNfsServerDown"]))


@pytest.mark.parametrize(
    ("name", "probe"), [("CsHostDown", "time_drift"), ("CsProbeBlind", "PROBE"), ("CsNfsMountUnjudged", "nfs_mounts")]
)
def test_the_way_past_a_cloud_that_cannot_be_asked(name: str, probe: str) -> None:
    """The command line knows no host then, just when somebody is woken; the exporter that runs does."""
    assert f"curl -sS 'http://localhost:10595/probe?host=HOST&probe={probe}'" in text(runbook(ROWS[name]))


def test_no_way_past_where_nothing_is_in_the_way() -> None:
    """A cloud itself is in the configuration, and is known as long as that is."""
    for name in ("CsDiscoveryStale", "CsNfsServerDown", "CsOpenStackServiceUntold", "CsCloudDatabaseUnasked"):
        assert "/probe?" not in text(runbook(ROWS[name]))


def test_the_index_tells_how_the_exporter_is_asked() -> None:
    """Where its commands are typed, which file they read, and what to do while they know nobody."""
    index = written()[f"{FOLDER}/README.md"]
    for part in ("on the exporter's machine", "`--config.file=FILE`", "/probe?host=HOST&probe=PROBE", "kolla-ansible"):
        assert part in index


@pytest.mark.parametrize("name", ROWS)
def test_what_the_exporters_program_is_typed_as_is_told(name: str) -> None:
    """Neither way to deploy it puts it on PATH; once on each page that types it, and on no other one."""
    page = text(runbook(ROWS[name]))
    others = page.replace(HEAD, "").replace(PROGRAM, "")
    typed = re.search(r"(?<!-u )(?<!reload )\bcs-exporter [a-z]", others)
    assert int(typed is not None) == page.count(PROGRAM)


def test_the_exporters_own_page_is_asked_for_what_it_has_itself() -> None:
    """Prometheus may be in a container, on another port, behind a password; it is asked for what it alone has."""
    asked = {name for name, row in ROWS.items() if any("promtool query" in step for step in row.look)}
    assert set() == {name for name in asked if ROWS[name].probe != OWN}


def test_ways_of_kolla_to_mend_are_told() -> None:
    """Its own command for a cluster without a primary part, and the second server of neutron."""
    assert "kolla-ansible mariadb-recovery" in ROWS["CsGaleraNotPrimary"].fix
    page = text(runbook(ROWS["CsOpenStackNeutronServerSilent"]))
    for part in ("name=neutron_server", "name=neutron_rpc_server", "restart neutron-rpc-server"):
        assert part in page


def test_the_machine_is_told() -> None:
    """Whoever was woken knows where to type."""
    assert "On HOST, unless another one is named." in text(runbook(ROWS["CsMysqlDown"]))
    assert "On the exporter's machine, unless another one is named." in text(runbook(ROWS["CsProbeBlind"]))
    assert "Each step says on which machine." in text(runbook(ROWS["CsOpenStackBusSilent"]))


@pytest.mark.parametrize("name", ROWS)
def test_the_exporters_own_commands_are_typed_where_it_is(name: str) -> None:
    """A host has none of them."""
    row = ROWS[name]
    own = [said for said in row.look if said.startswith("cs-exporter ")] if "HOST" in where(row) else []
    assert [] == [said for said in own if not said.endswith(", on the exporter's machine")]


@pytest.mark.parametrize("name", ROWS)
def test_a_mount_that_hangs_does_not_hang_the_pager(name: str) -> None:
    """What touches a mount ends by itself; what reads the kernel's lists does not touch it."""
    touching = re.compile(r"(?<!' )\bMOUNTPOINT\b|/mnt/\*")
    typed = [command(said).text for said in ROWS[name].look]
    found = [said for said in typed if touching.search(said) and not said.startswith("nfsiostat ")]
    assert [] == [said for said in found if not said.startswith("timeout -s KILL ")]


@pytest.mark.parametrize("name", ROWS)
def test_nothing_is_changed_by_looking(name: str) -> None:
    """What changes a machine's state is under the mend."""
    changing = re.compile(r"\b(?:flush|restart|start|stop|kill|makestep|umount|mount -o|SET GLOBAL|RESET)\b")
    assert [] == [said for said in ROWS[name].look if changing.search(command(said).text)]


def test_that_an_alert_outlives_that_anybody_can_look_is_said() -> None:
    """Only of those that do."""
    told = "If its probe finds nothing out on the host any more, it goes on until it does again"
    assert told in text(runbook(ROWS["CsNfsMountHung"]))
    assert told not in text(runbook(ROWS["CsMysqlDown"]))
