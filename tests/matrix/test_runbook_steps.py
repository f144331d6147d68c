"""Steps of all runbooks: a shell takes each as it stands, and each is for a machine that there is."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import pairwise

import pytest

from cs_exporter.matrix.rows import OWN, Row
from cs_exporter.matrix.runbooks import command, where
from cs_exporter.matrix.whole import usual_matrix

ROWS = {row.name: row for row in usual_matrix().rows}

PARSES = "while IFS= read -r -d '' typed; do (eval \"step() {\n$typed\n}\") || printf '%s\\0' \"$typed\"; done"
"""What no shell can read is written back; none is run, for each is but the body of a function that nobody calls."""

PROGRAMS = {
    *("awk", "cat", "chronyc", "cmk", "cs-exporter", "curl", "cut", "date", "df"),
    *("dmesg", "ethtool", "getcap", "getent", "grep", "head", "iostat", "ip", "iscsiadm"),
    *("journalctl", "jstack", "ls", "mariadb", "mtr", "multipath", "mysql", "namei", "nfsiostat"),
    *("nfsstat", "nft", "nstat", "openssl", "openstack", "ping", "promtool", "ps", "rabbitmq-diagnostics"),
    *("rabbitmqctl", "rpcinfo", "sed", "sha256sum", "showmount", "sort", "ss", "ssh", "sudo"),
    *("sysctl", "systemctl", "tail", "timedatectl", "timeout", "top", "tr", "tracepath", "uniq"),
    *("uptime", "virsh", "wc", "xargs"),
}
"""What steps begin with: a word that is none of these is told, and is a new tool or no command at all."""

OF_CLOUDS = ("openstack_", "cloudstack_", "rabbitmq_cluster", "galera_cluster", "cloud_discovery")
"""Probes whose rows may be about a cloud itself or a cluster: HOST is no machine then, or there is none."""

OF_SERVERS = ("rabbitmq", "mysql_connections", "galera_cluster")
"""Probes whose HOST is a machine that has the client of what it serves."""

OF_MACHINES = {
    *("CsGaleraMemberSilent", "CsGaleraTooSmall"),
    *("CsHostFlapping", "CsHostPingsMissing", "CsHostUnowned"),
    *("CsManagementAgentsLost", "CsManagementClockAhead", "CsManagementHeartbeatLate", "CsManagementHeartbeatStopped"),
    *("CsManagementPeerDown", "CsManagementServerDown", "CsManagementServerGone"),
    *("CsRabbitmqHostConsumerFrozen", "CsRabbitmqHostQueueUnserved", "CsRabbitmqHostQueueWithoutConsumer"),
    *("CsOpenStackAgentDown", "CsOpenStackAgentGone", "CsOpenStackAgentSilent", "CsOpenStackBackendUnstarted"),
}
"""Rows of such probes whose host is a machine all the same."""


def typed(row: Row) -> Iterator[str]:
    """What is typed, without where."""
    for said in row.look:
        yield command(said).text


def unread(steps: list[str]) -> list[str]:
    """Those that bash can't parse; one shell for all of them."""
    given = "".join(f"{step}\0" for step in steps).encode()
    done = subprocess.run(["bash", "-c", PARSES], input=given, capture_output=True, check=True, timeout=30)
    return done.stdout.decode().split("\0")[:-1]


def words(step: str) -> list[str]:
    """As a shell takes them apart, operators among them."""
    lexer = shlex.shlex(step, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split, lexer.commenters = True, ""
    return list(lexer)


def programs(step: str) -> list[str]:
    """The first word of each of its commands."""
    found = ["|", *words(step)]
    return [word for before, word in pairwise(found) if before in ("|", ";", "&&", "||")]


def of_a_cloud(row: Row) -> bool:
    """Whether HOST is no machine, but the cloud itself or nothing."""
    return row.probe.startswith(OF_CLOUDS) and row.name not in OF_MACHINES


def test_a_shell_reads_every_step() -> None:
    """As it stands; what a shell could not read would stop whoever types it at night."""
    assert [] == unread([step for row in ROWS.values() for step in typed(row)])


@pytest.mark.parametrize("broken", ["grep 'a b", "ss -tn ( sport = :1 )", 'mariadb -e "SELECT 1', "a | ", "x $(y"])
def test_what_a_shell_cannot_read_is_found(broken: str) -> None:
    """Whatever is before and behind it, even a quote that would end it."""
    assert [broken] == unread(["uptime", broken, "echo it's'"])


@pytest.mark.parametrize("name", ROWS)
def test_no_shell_runs_what_is_only_quoted(name: str) -> None:
    """Backticks within double quotes, or without any, are a command to a shell, and no quotes of SQL."""
    bare = (re.sub(r"'[^']*'", "", re.sub(r'"[^"`]*"', "", step)) for step in typed(ROWS[name]))
    assert [] == [step for step in bare if "`" in step]


@pytest.mark.parametrize("name", ROWS)
def test_only_what_can_be_typed_is_typed(name: str) -> None:
    """Each step begins with a program; where it is typed and what is to be seen stand beside it."""
    steps = list(typed(ROWS[name]))
    assert [] == [step for step in steps if not {*programs(step)} <= PROGRAMS]
    assert [] == [step for step in steps if any(re.search(r".[,:]$", word) for word in words(step))]


@pytest.mark.parametrize("name", ROWS)
def test_services_of_openstack_are_found_by_their_command_line(name: str) -> None:
    """Their processes are called python3 in some packages, and give themselves a title in others."""
    by_name = re.compile(r"\bps .*-C \S*(?:python|AGENT|nova|neutron|cinder|heat)")
    assert [] == [step for step in typed(ROWS[name]) if by_name.search(step)]


@pytest.mark.parametrize("name", ROWS)
def test_queues_are_looked_for_where_they_are(name: str) -> None:
    """Without a virtual host RabbitMQ takes the default one; what is lost with a queue is named in full."""
    row = ROWS[name]
    listed = re.compile(r"rabbitmqctl (?:-q )?list_(?:queues|consumers|permissions)(?! -p (?:VHOST|/))")
    assert [] == [step for step in typed(row) if listed.search(step)]
    assert [] == re.findall(r"rabbitmqctl (?:purge|delete)_queue(?! -p VHOST QUEUE)", row.fix)


def test_a_node_that_is_forced_to_boot() -> None:
    """May lose what only others had, so it is said on which one, and when."""
    [told] = [row.fix for row in ROWS.values() if "force_boot" in row.fix]
    for part in (
        "on the last of the others",
        "while RabbitMQ is stopped there",
        "are gone then",
        "empty force_load in the node's own folder",
    ):
        assert part in told


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if of_a_cloud(row)])
def test_steps_about_a_cloud_name_a_machine(name: str) -> None:
    """HOST is `endpoint:CLOUD` there, or nothing: nobody can log in to it."""
    row = ROWS[name]
    assert "Each step says on which machine." == where(row)
    notes = [command(said).note for said in row.look]
    assert [] == [note for note in notes if re.search(r"\bon (?:HOST|the host|there)\b", note)]


def test_rows_about_machines_are_rows() -> None:
    """One that is gone, or was renamed, is no exception any more."""
    assert set() == OF_MACHINES - ROWS.keys()


@pytest.mark.parametrize(
    "name", [name for name, row in ROWS.items() if of_a_cloud(row) or row.probe not in (*OF_SERVERS, OWN)]
)
def test_what_only_some_machines_have_is_typed_there(name: str) -> None:
    """A hypervisor has no client of the database, none of the message bus', and nobody's password."""
    special = re.compile(r"^(?:rabbitmq|openstack |cmk |mariadb |mysql )")
    steps = [command(said) for said in ROWS[name].look]
    assert [] == [step.text for step in steps if special.match(step.text) and not step.note.startswith("on ")]
