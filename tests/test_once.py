"""Runs outside the daemon: reading, failure and unsupported as an operator reads them, and who is in the clouds."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cs_exporter.config import load
from cs_exporter.discovery.store import Clouds, Store, Stored
from cs_exporter.inventory import build_inventory
from cs_exporter.model import (
    Census,
    CloudHost,
    Connection,
    Failure,
    Host,
    Inventory,
    Outcome,
    Reason,
    Role,
    Unsupported,
)
from cs_exporter.once import Everybody, censuses, everybody, probe_once, show
from cs_exporter.probes.clocks import time_drift
from cs_exporter.probes.clocks.time_drift import TimeDriftReading
from cs_exporter.probes.mysql import mysql_connections
from cs_exporter.probes.nfs import nfs_mounts
from cs_exporter.probes.openstack import openstack_agents, openstack_census
from cs_exporter.spec import AnySpec
from tests.lab.cloud_api import CloudApiServer, Fault, plain
from tests.lab.mysql import MysqlServer
from tests.lab.openstack_api import CLOUD, OpenStackApiServer
from tests.lab.openstack_database import OpenStackDatabase
from tests.platforms.openstack.database.openstack_stand import ACCOUNT, account

CONFIGURATION = "hosts: [{name: here, connection: local}]"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """This machine."""
    file = tmp_path / "cs_exporter.yml"
    file.write_text(CONFIGURATION)
    return build_inventory(load(file)).hosts["here"]


class Terminal(io.StringIO):
    """Where somebody reads along."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def shown(result: object, host: Host, spec: AnySpec = time_drift.SPEC, *, terminal: bool = False) -> tuple[bool, str]:
    """What is printed for a result, into a file or on a terminal."""
    file = Terminal() if terminal else io.StringIO()
    console = Console(file=file, width=200, force_terminal=True, color_system=None)
    good = show(Outcome(spec.name, "here", 0.0, 0.0, 0.25, result), ["> asked"], spec, host, console)
    return good, file.getvalue()


@pytest.mark.parametrize("spec", [time_drift.SPEC, nfs_mounts.SPEC], ids=lambda spec: spec.name)
async def test_every_probe_runs_here(tmp_path: Path, spec: AnySpec, host: Host) -> None:
    """On this very machine, whatever it has: a reading or unsupported, never a failure; the transcript is not empty."""
    (tmp_path / "cs_exporter.yml").write_text(CONFIGURATION)
    transcript: list[str] = []
    outcome = await probe_once(load(tmp_path / "cs_exporter.yml"), spec, host, transcript)
    assert not isinstance(outcome.result, Failure)
    assert transcript[0].startswith("> ")


def test_a_failure_says_reason_and_detail(host: Host) -> None:
    """The exit status follows it."""
    good, text = shown(Failure(Reason.DENIED, "no [bold]way[/bold] in"), host)
    assert not good
    assert text.endswith("FAILED after 0.250 s: denied: no [bold]way[/bold] in\n")


def test_unsupported_is_no_failure(host: Host) -> None:
    """It says what is missing."""
    good, text = shown(Unsupported("no such tool"), host)
    assert good
    assert text.endswith("UNSUPPORTED after 0.250 s: no such tool\n")


def test_a_reading_without_symptoms_says_so_and_who_else_judges(host: Host) -> None:
    """Nobody should have to guess from silence; derived verdicts need the other hosts."""
    good, text = shown(TimeDriftReading(None, None, 0.0, 0.001), host)
    assert good
    assert "OK: no symptom of this probe holds" in text
    assert "Judged together with other hosts in the daemon by clock_fleet" in text


def test_a_census_that_lacks_something_is_not_well(host: Host) -> None:
    """Each line once, whatever symptoms say: a schema that is misnamed has no hypervisors, and looks fine."""
    line = "nova: not visible to our account: table nova_cell1.services"
    good, text = shown(Census((), complete=False, lacking=(line, line)), host, openstack_census.SPEC)
    assert (True, 1) == (good, text.count(f"does not tell everything: {line}"))
    assert "OK: " not in text


def test_a_terminal_is_given_a_part_of_a_large_reading(host: Host) -> None:
    """A cloud of a thousand hosts would push its symptoms, and all that was asked, out of reach; a file has all."""
    large = Census((), lacking=tuple(f"part {number}" for number in range(20)))
    (_, whole), (_, part) = (shown(large, host, openstack_census.SPEC, terminal=terminal) for terminal in (False, True))
    assert ("'part 19'" in whole, "'part 19'" in part, "... +12" in part) == (True, False, True)
    assert "INFO: does not tell everything: part 19" in part


@pytest.mark.lab
@pytest.mark.parametrize("age", [57, 215])
async def test_agents_that_may_be_dead_are_not_well(tmp_path: Path, mariadb: MysqlServer, age: float) -> None:
    """Of a real database: two looks at once can't tell a death from a clock that is wrong; those who report are OK."""
    database = OpenStackDatabase(mariadb)
    database.create()
    account(database)
    agents = [database.nova(f"ctl{number}", "nova-conductor", age=age) for number in (1, 2, 3)]
    agents += [database.nova(f"cmp{number}", age=age) for number in (1, 2)]
    try:
        dead = await agents_shown(database, tmp_path)
        for agent in agents:
            database.report(agent)
        well = await agents_shown(database, tmp_path)
    finally:
        database.drop()
    dead, well = (" ".join(text.split()) for text in (dead, well))
    assert "3 nova-conductor (ctl1, ctl2, ctl3), 2 nova-compute (cmp1, cmp2): no report for " in dead
    assert ", or a clock that is wrong: look again in 20 s, or at the status page" in dead
    assert (False, True) == ("OK: " in dead, "OK: no symptom of this probe holds" in well)


async def agents_shown(database: OpenStackDatabase, folder: Path) -> str:
    """What `probe openstack_agents` prints of it now."""
    given = f"address: {database.server.address}, user: {ACCOUNT}, password_file: {database.server.password_file}"
    (folder / "c.yml").write_text(
        f"defaults: {{connection: local}}\nplatforms: {{openstack: {{database: {{{given}, heat: ''}}}}}}\n"
    )
    config = load(folder / "c.yml")
    cloud = build_inventory(config).hosts["endpoint:openstack"]
    outcome = await probe_once(config, openstack_agents.SPEC, cloud, [])
    good, text = shown(outcome.result, cloud, openstack_agents.SPEC)
    assert good, text
    return text


async def test_a_host_that_is_not_asked_is_not_asked_here_either(tmp_path: Path, host: Host) -> None:
    """A hypervisor is no database server that is down."""
    (tmp_path / "cs_exporter.yml").write_text(CONFIGURATION)
    outcome = await probe_once(load(tmp_path / "cs_exporter.yml"), mysql_connections.SPEC, host, [])
    assert isinstance(outcome.result, Unsupported)
    assert "has: none" in outcome.result.detail


async def test_where_nobody_logs_in_that_is_said(tmp_path: Path, host: Host) -> None:
    """Else an operator would look for a role that is missing."""
    (tmp_path / "cs_exporter.yml").write_text(CONFIGURATION)
    quiet = replace(host, connection=Connection.NONE)
    outcome = await probe_once(load(tmp_path / "cs_exporter.yml"), time_drift.SPEC, quiet, [])
    assert isinstance(outcome.result, Unsupported)
    assert outcome.result.detail.endswith("or needs a login, and nobody logs in there")


KVM = {"type": "Routing", "status": "Up", "hypervisor_type": "KVM"}
HOSTS = [{"id": n, "uuid": f"u{n}", "name": f"kvm{n}", "private_ip_address": f"192.0.2.{n}", **KVM} for n in (1, 2)]


async def test_clouds_are_asked_who_is_in_them(tmp_path: Path) -> None:
    """Each once; why one can't be asked is told, and hides no other."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with CloudApiServer(plain(host=HOSTS), tmp_path / "a") as good, CloudApiServer(plain(), tmp_path / "b") as bad:
        bad.inflict(Fault.DENIED)
        platforms = "".join(
            f"  {name}: {{type: cloudstack, api: {{url: '{server.url}', key_file: {server.key_file},"
            f" secret_file: {server.secret_file}}}}}\n"
            for name, server in (("a", good), ("b", bad))
        )
        (tmp_path / "c.yml").write_text(f"defaults: {{connection: local}}\nplatforms:\n{platforms}")
        config = load(tmp_path / "c.yml")
        found, failed = await censuses(config, build_inventory(config))
    assert {"a": ["kvm1", "kvm2"]} == {name: [host.name for host in census.hosts] for name, census in found.items()}
    assert {"endpoint:b": "denied"} == {name: why.partition(":")[0] for name, why in failed.items()}


def test_cells_are_asked_as_well(tmp_path: Path) -> None:
    """One that can't be asked is told, and then what was found is not all there is."""
    told: list[str] = []
    with OpenStackApiServer(tmp_path) as server:
        text = (
            "defaults: {connection: local}\nplatforms:\n  openstack:\n"
            f"    openstack: {{cloud: {CLOUD}, clouds_file: {server.clouds_file}}}\n"
            "    cells: [{name: east, address: 127.0.0.1, port: 9}]\n"
        )
        (tmp_path / "c.yml").write_text(text)
        known = everybody(load(tmp_path / "c.yml"), told.append)
    names = {host.name for host in known.inventory if host.cloud is None}
    assert {"ctl1", "cmp1", "cmp2"} < names
    assert {"endpoint:openstack", "endpoint:openstack.east"} == {host.name for host in known.inventory if host.cloud}
    line = "endpoint:openstack.east: can't be asked which hosts it has: refused"
    assert (False, [line]) == (known.complete, [one[: len(line)] for one in told])
    assert ("openstack.east",) == known.unknown


def test_without_clouds_nobody_is_asked(tmp_path: Path) -> None:
    """Who is written is all there is, and nothing is told."""
    (tmp_path / "c.yml").write_text(CONFIGURATION)
    told: list[str] = []
    known = everybody(load(tmp_path / "c.yml"), told.append, tmp_path / "none")
    assert (["here"], True, [], []) == ([*known.inventory.hosts], known.complete, told, [*known.gaps()])


DEAF = """
defaults: {connection: local}
platforms:
  cloudstack: {database: {address: 127.0.0.1, port: 1}}
"""
STORED = CloudHost("u9", "kvm9", "192.0.2.9", frozenset({Role.HYPERVISOR}))


@pytest.mark.parametrize(
    ("clouds", "names", "unknown", "said"),
    [
        ({"cloudstack": (STORED,)}, ["kvm9", "endpoint:cloudstack"], (), "store (1)"),
        ({"other": (STORED,)}, ["endpoint:cloudstack"], ("cloudstack",), "has no hosts of it that can be read"),
        (None, ["endpoint:cloudstack"], ("cloudstack",), "has no hosts of it that can be read"),
    ],
)
def test_who_can_not_be_asked_is_known_by_the_store(
    tmp_path: Path, clouds: Clouds | None, names: list[str], unknown: tuple[str, ...], said: str
) -> None:
    """As the daemon keeps watching; the answer is not complete all the same, and nothing is written there."""
    (tmp_path / "c.yml").write_text(DEAF)
    folder = tmp_path / "store"
    folder.mkdir()
    if clouds is not None:
        Store(folder).write(Stored(clouds))
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    told: list[str] = []
    known = everybody(load(tmp_path / "c.yml"), told.append, folder)
    assert (names, False, unknown) == ([*known.inventory.hosts], known.complete, known.unknown)
    failure, stored = told
    assert failure.startswith("endpoint:cloudstack: can't be asked which hosts it has: refused: ")
    assert stored.startswith("endpoint:cloudstack: ")
    assert said in stored
    assert before == {file.name: file.read_bytes() for file in folder.iterdir()}


def test_what_clouds_do_not_tell() -> None:
    """Each line once, lacking ones first; a cloud that names nobody may be another one."""
    told = Census((STORED,), lacking=("names: refused", "names: refused"), untold=("numbers: never",))
    gaps = Everybody(Inventory({}), {"a": told, "b": Census(())}).gaps()
    assert [
        "endpoint:a: does not tell everything: names: refused",
        "endpoint:a: does not tell everything: numbers: never",
        "endpoint:b: names no host at all; is it the right cloud, and the right database.name?",
    ] == [*gaps]
