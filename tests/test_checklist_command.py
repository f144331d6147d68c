"""The command `checklist`: its exit status, its last line, and clouds whose API is asked what its role allows."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cs_exporter.checklist import Report, check, print_checklist
from cs_exporter.cli import main
from cs_exporter.config import load
from cs_exporter.inventory import build_inventory
from cs_exporter.model import ApiTarget
from cs_exporter.platforms.cloudstack import api
from cs_exporter.ports import Counters
from cs_exporter.probes import PROBES
from cs_exporter.probes.cloudstack import cloudstack_census
from cs_exporter.spec import AnySpec
from cs_exporter.transports.cloud_api import CloudApis, NoApi
from tests import world
from tests.lab.cloud_api import KEY, SECRET
from tests.lab.ssh_keys import new_key
from tests.transports.clouds.clouds import pseudo_host, serving, target_of

CENSUS: AnySpec = cloudstack_census.SPEC
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


async def test_an_api_that_does_not_answer() -> None:
    """It is not known what the role lacks, and that is no OK."""
    endpoint = replace(pseudo_host(ApiTarget("http://192.0.2.1", "k", "s")), settings=SETTINGS)
    report = await check(endpoint, world.io(api=NoApi()), (CENSUS,))
    assert ["API: not_ready: listHosts: no API is configured"] == report.unasked


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
