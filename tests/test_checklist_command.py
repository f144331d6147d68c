"""The command `checklist`: its exit status, its last line, and clouds whose API is asked what its role allows."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.checklist import Report, check, print_checklist
from cs_exporter.cli import main
from cs_exporter.config import load
from cs_exporter.inventory import build_inventory
from cs_exporter.model import ApiTarget
from cs_exporter.platforms.cloudstack import api
from cs_exporter.platforms.openstack.api import POLICIES
from cs_exporter.ports import Counters
from cs_exporter.probes import PROBES
from cs_exporter.probes.cloudstack import cloudstack_census
from cs_exporter.probes.openstack import openstack_census
from cs_exporter.spec import AnySpec
from cs_exporter.transports.cloud_api import CloudApis, NoApi
from tests import world
from tests.lab.cloud_api import KEY, SECRET
from tests.lab.mysql import MysqlServer
from tests.lab.openstack_api import CLOUD as OPEN
from tests.lab.openstack_api import PASSWORD, OpenStackApiServer
from tests.lab.openstack_api import Fault as OpenFault
from tests.lab.openstack_database import OpenStackDatabase
from tests.lab.rabbitmq import PASSWORD as OF_THE_BUS
from tests.lab.rabbitmq import USER, Bus, RabbitmqNode
from tests.lab.ssh_keys import new_key
from tests.platforms.openstack.database.openstack_stand import ACCOUNT, account
from tests.transports.clouds.clouds import pseudo_host, serving, target_of
from tests.transports.clouds.open_clouds import open_host

CENSUS: AnySpec = cloudstack_census.SPEC
OPEN_CENSUS: AnySpec = openstack_census.SPEC
SETTINGS = {CENSUS.name: CENSUS.settings()}
WRONG = "wrong"
ALL_BUT = frozenset({"listManagementServers", "listStoragePools", "listConfigurations"})


@pytest.mark.parametrize(
    ("forbidden", "secret", "whats", "mend"),
    [
        (frozenset(), SECRET, [], ""),
        (ALL_BUT, SECRET, ["cloud API: listManagementServers, listStoragePools, listConfigurations (listM"], "cmk "),
        (frozenset(api.COMMANDS), SECRET, ["cloud API (listHosts at "], "an account of the root domain"),
        (frozenset(), WRONG, ["cloud API (listHosts at "], "an account of the root domain"),
    ],
)
async def test_the_api_of_a_cloud(
    tmp_path: Path, forbidden: frozenset[str], secret: str, whats: list[str], mend: str
) -> None:
    """The commands that the role lacks, or where all are refused the keys; and asking costs no long list."""
    with serving(tmp_path, forbidden=set(forbidden)) as server:
        server.write_keys(KEY, secret)
        apis = CloudApis(Counters())
        host = pseudo_host(target_of(server))
        report = Report(host.name)
        try:
            report = await check(replace(host, settings=SETTINGS), world.io(api=apis.of(host)), (CENSUS,))
        finally:
            await apis.close()
        asked = {each.command for each in server.asked}
    assert (len(whats), []) == (len(report.lacks), report.unasked)
    for what, lack in zip(whats, report.lacks, strict=True):
        assert lack.what.startswith(what)
        assert lack.mend.startswith(mend)
    assert asked == (set() if secret == WRONG else {*api.COMMANDS} - forbidden)
    assert "cmk" not in mend or all(f"rule={command}" in report.lacks[0].mend for command in forbidden)


@pytest.mark.parametrize(
    ("forbidden", "password", "what", "mend"),
    [
        ([], PASSWORD, "", ""),
        (["neutron.agents"], PASSWORD, "cloud API: neutron.agents (", '/etc/neutron/policy.yaml: "get_agent"'),
        ([*POLICIES], PASSWORD, "cloud API (", "volume_extension:services:index"),
        ([], WRONG, "cloud API (", "in clouds.yaml an account that can log in"),
    ],
)
async def test_the_apis_of_an_openstack_cloud(
    tmp_path: Path, forbidden: list[str], password: str, what: str, mend: str
) -> None:
    """The lists that policies refuse, or where all are refused, the account; and nothing is well then."""
    with OpenStackApiServer(tmp_path) as server:
        for command in forbidden:
            server.inflict(OpenFault.FORBIDDEN, command)
        server.password = password
        apis = CloudApis(Counters())
        host = replace(open_host(server.target), settings={OPEN_CENSUS.name: OPEN_CENSUS.settings()})
        try:
            report = await check(host, world.io(api=apis.of(host)), (OPEN_CENSUS,))
        finally:
            await apis.close()
    assert (not what, []) == (report.good, report.unasked)
    for lack in report.lacks:
        assert lack.what.startswith(what)
        assert mend in lack.mend


async def test_an_api_that_does_not_answer() -> None:
    """It is not known what the role lacks, and that is no OK."""
    endpoint = replace(pseudo_host(ApiTarget("http://192.0.2.1", "k", "s")), settings=SETTINGS)
    report = await check(endpoint, world.io(api=NoApi()), (CENSUS,))
    assert ["API: not_ready: listHosts: no API is configured"] == report.unasked


@pytest.mark.parametrize(("command", "status"), [("hosts", 1), ("checklist", 1), ("probe", 1)])
def test_an_openstack_cloud_that_lets_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, status: int
) -> None:
    """No command says that all is well, and each says why it is not."""
    with OpenStackApiServer(tmp_path) as server:
        server.password = WRONG
        asked = f"openstack: {{cloud: {OPEN}, clouds_file: {server.clouds_file}}}"
        file = tmp_path / "c.yml"
        file.write_text(f"defaults: {{connection: none}}\nplatforms: {{openstack: {{{asked}}}}}", encoding="utf-8")
        whom = ["openstack_census", "endpoint:openstack"] if command == "probe" else []
        monkeypatch.setattr(sys, "argv", ["cs-exporter", command, f"--config.file={file}", *whom])
        with pytest.raises(SystemExit) as ended:
            main()
    said = "".join(capsys.readouterr())
    assert status == ended.value.code
    assert "denied: " in said
    assert "(401)" in said
    assert "OK:" not in said
    assert "1 of 1 hosts OK" not in said


@pytest.mark.lab
def test_a_schema_that_is_misnamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mariadb: MysqlServer
) -> None:
    """Each command says what is not told, and none that all is well; the mend is to name it rightly, or a grant."""
    cloud = OpenStackDatabase(mariadb)
    cloud.create()
    account(cloud)
    cloud.nova("cmp1")
    cloud.neutron("net1", "neutron-l3-agent")
    login = f"user: {ACCOUNT}, password_file: {mariadb.password_file}"
    base = f"address: {mariadb.address}, nova: nova_cell1, {login}"
    file = tmp_path / "c.yml"
    file.write_text(f"defaults: {{connection: none}}\nplatforms: {{openstack: {{database: {{{base}}}}}}}")
    said = {}
    try:
        for command in (["hosts"], ["probe", "openstack_census", "endpoint:openstack"], ["checklist"]):
            monkeypatch.setattr(sys, "argv", ["cs-exporter", *command, f"--config.file={file}"])
            with suppress(SystemExit):
                main()
            said[command[0]] = "".join(capsys.readouterr())
    finally:
        cloud.drop()
    assert "does not tell everything: nova: not visible to our account: table nova_cell1.services" in said["hosts"]
    assert "does not tell everything: nova: not visible to our account: table nova_cell1.services" in said["probe"]
    assert "OK: " not in said["probe"]
    assert "-- or, where there is no such schema, correct database.nova (nova_cell1)\n" in said["checklist"]
    assert "endpoint:openstack: lacks: cloud database: 1 grant\n" in said["checklist"]


LOCAL = "hosts: [{name: here, address: 127.0.0.1, connection: local}]"
AWAY = "ssh: {key_file: k, verify_host_key: false}\nhosts: [{name: away, address: 127.0.0.1, ssh: {port: 1}}]"


def test_what_failed_just_before_is_not_well(tmp_path: Path) -> None:
    """Whatever the list itself finds: an OK beside a failure would be believed."""
    (tmp_path / "c.yml").write_text(LOCAL, encoding="utf-8")
    config = load(tmp_path / "c.yml")
    said: list[str] = []
    hosts = [*build_inventory(config)]
    assert not asyncio.run(print_checklist(config, hosts, PROBES, said.append, {"here": "denied: no"}))
    assert "here: could not be asked: denied: no" in said
    assert "0 of 1 hosts OK, 0 lack something, 1 did not answer everything" == said[-1]


NOT_ASKED = "hosts: [{name: here, address: 127.0.0.1, connection: local}, {name: away, connection: none}]"
CLOUD = "platforms: {cloudstack: {database: {address: 127.0.0.1, port: 1}}}"
PLATFORM = f"ssh: {{key_file: k, verify_host_key: false}}\n{CLOUD}"


@pytest.mark.parametrize(
    ("text", "arguments", "status", "said"),
    [
        (LOCAL, ["here"], 0, "1 of 1 hosts OK, 0 lack something, 0 did not answer everything"),
        (AWAY, [], 1, "away: could not be asked: refused: 127.0.0.1 port 1: Connection refused"),
        (AWAY, ["--key-lines"], 0, "away: restrict PUBLIC-KEY-OF-k"),
        (NOT_ASKED, [], 0, "1 of 1 hosts OK, 0 lack something, 0 did not answer everything"),
        (NOT_ASKED, ["--key-lines"], 0, "here: restrict PUBLIC-KEY"),
        (NOT_ASKED, ["away"], 0, "away: OK"),
        (PLATFORM, [], 1, "endpoint:cloudstack: can't be asked which hosts it has: refused: "),
        (LOCAL, ["her"], 2, "HOST: no host 'her'; did you mean 'here'?"),
    ],
)
def test_the_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    arguments: list[str],
    status: int,
    said: str,
) -> None:
    """Exit status 0 where nothing is lacking, 1 where something is or a host was not to be asked, 2 for mistakes."""
    (tmp_path / "k").write_text(new_key("k").private, encoding="utf-8")
    (tmp_path / "c.yml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["cs-exporter", "checklist", *arguments, f"--config.file={tmp_path / 'c.yml'}"])
    ended = 0
    try:
        main()
    except SystemExit as end:
        ended = int(end.code or 0)
    told = capsys.readouterr()
    assert status == ended, told
    assert said in told.out + told.err


@pytest.mark.parametrize(
    ("bus", "line"),
    [
        (Bus(), "bus1: OK"),
        (Bus(accepts="another"), "bus1: lacks: RabbitMQ's user mon, with that password (Login failed)"),
        (Bus(permitted=False), "    mend: rabbitmqctl set_permissions -p / mon '' '' ''"),
        (Bus(status=500), "bus1: could not be asked: message bus: "),
    ],
)
def test_the_message_bus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bus: Bus, line: str
) -> None:
    """Each node is asked as its probe asks it, with the user that is configured."""
    (tmp_path / "password").write_text(OF_THE_BUS)
    with RabbitmqNode(bus) as node:
        ports = f"prometheus_port: {node.prometheus_port}, management_port: {node.management_port}"
        probe = f"rabbitmq: {{user: {USER}, password_file: password, {ports}}}"
        host = "{name: bus1, address: 127.0.0.1, connection: local, roles: [message_bus]}"
        (tmp_path / "c.yml").write_text(f"probes: {{{probe}}}\nhosts: [{host}]\n", encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["cs-exporter", "checklist", f"--config.file={tmp_path / 'c.yml'}"])
        ended = 0
        try:
            main()
        except SystemExit as end:
            ended = int(end.code or 0)
    lines = capsys.readouterr().out.splitlines()
    assert int(line != "bus1: OK") == ended, lines
    assert [line] == [one[: len(line)] for one in lines if one.startswith(line)], lines
