"""What openstacksdk is asked to do: configurations as operators have them, endpoints as catalogs have them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cs_exporter.model import ProbeFailed, Reason, SdkTarget
from cs_exporter.ports import ApiError
from tests.lab.certificates import Authority
from tests.lab.openstack_api import CLOUD, LISTS, PASSWORD, Fault, OpenStackApiServer
from tests.transports.clouds.open_clouds import ask_open


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OpenStackApiServer]:
    """With the captured lists."""
    with OpenStackApiServer(tmp_path) as made:
        yield made


async def test_the_environment_configures_a_cloud(server: OpenStackApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that an openrc file sets; and OS_CLIENT_CONFIG_FILE tells where clouds.yaml is."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(server.clouds_file))
    assert 4 == len(await ask_open(SdkTarget(CLOUD)))
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE")
    for name, value in server.login().items():
        monkeypatch.setenv(f"OS_{name.upper()}", value)
    assert 4 == len(await ask_open(SdkTarget()))


async def test_a_file_that_is_named_counts_alone(server: OpenStackApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the exporter's environment says."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/nonexistent/clouds.yaml")
    monkeypatch.setenv("OS_AUTH_URL", "http://192.0.2.1:5000/v3")
    monkeypatch.setenv("OS_PASSWORD", "other")
    assert 4 == len(await ask_open(server.target))


@pytest.mark.parametrize("command", LISTS)
async def test_endpoints_may_name_no_version(server: OpenStackApiServer, command: str) -> None:
    """Then the one that we know is added, and no version is looked for."""
    server.unversioned = True
    assert len(await ask_open(server.target, command)) > 1
    assert {"/identity/v3", "/identity/v3/auth/tokens"} == {one.path for one in server.asked[:-1]}


async def test_an_auth_url_without_a_version(server: OpenStackApiServer) -> None:
    """Keystone's own word on its versions is asked for."""
    server.write_clouds({"auth_url": server.auth_url.removesuffix("/v3")})
    assert 4 == len(await ask_open(server.target))


async def test_endpoints_of_the_catalog(server: OpenStackApiServer) -> None:
    """As they came with the login: nothing more is asked."""
    rows = await ask_open(server.target, "keystone.endpoints")
    kinds = {row["type"]: sorted(endpoint["interface"] for endpoint in row["endpoints"]) for row in rows}
    interfaces = ["admin", "internal", "public"]
    assert dict.fromkeys(("volumev3", "compute", "identity", "network", "placement"), interfaces) == kinds
    assert 2 == len(server.asked)


async def test_other_regions_are_other_clouds(server: OpenStackApiServer) -> None:
    """A region that the catalog does not know has no services."""
    server.write_clouds(region_name="RegionTwo")
    with pytest.raises(ApiError) as caught:
        await ask_open(server.target)
    assert (Reason.COMMAND, 0) == (caught.value.reason, caught.value.code)
    assert "the cloud's catalog has no compute service (public, region RegionTwo)" == caught.value.detail
    assert [()] * 5 == [row["endpoints"] for row in await ask_open(server.target, "keystone.endpoints")]


async def test_a_service_that_the_catalog_has_not(server: OpenStackApiServer) -> None:
    """A cloud without volumes: told apart from an address that is wrong."""
    server.absent = {"volumev3"}
    with pytest.raises(ApiError) as caught:
        await ask_open(server.target, "cinder.services")
    assert 0 == caught.value.code


CONFIGURATIONS: list[tuple[str, Mapping[str, object] | str, str]] = [
    ("no such cloud", {"clouds": {"other": {}}}, "Cloud lab was not found."),
    ("no auth_url", {"clouds": {CLOUD: {"auth": {"username": "x", "password": PASSWORD}}}}, "auth_url"),
    ("no such plugin", {"clouds": {CLOUD: {"auth_type": "nonsense", "auth": {}}}}, "nonsense"),
    ("a list", "- a\n- b\n", "not a valid mapping"),
    ("no YAML", "clouds: [\n", "Cloud lab was not found."),
    ("clouds is a list", "clouds: [lab]\n", "not as a clouds.yaml has to be"),
]


@pytest.mark.parametrize(
    ("content", "words"), [row[1:] for row in CONFIGURATIONS], ids=[row[0] for row in CONFIGURATIONS]
)
async def test_configurations_that_are_no_good(tmp_path: Path, content: Mapping[str, object] | str, words: str) -> None:
    """One line that names the file, and no password."""
    file = tmp_path / "clouds.yaml"
    file.write_text(str(content), encoding="utf-8")
    with pytest.raises(ProbeFailed) as caught:
        await ask_open(SdkTarget(CLOUD, str(file)))
    assert (Reason.COMMAND, True) == (caught.value.reason, caught.value.ours)
    assert caught.value.detail.startswith(f"{file}: ")
    assert words in caught.value.detail
    assert (False, False) == ("\n" in caught.value.detail, PASSWORD in caught.value.detail)


async def test_certificates_are_checked_against_the_given_authority(tmp_path: Path) -> None:
    """By default against the system's, which does not know the lab's; and not at all where that is wanted."""
    authority = Authority(tmp_path)
    with OpenStackApiServer(tmp_path / "api", tls=authority.issue("localhost", "127.0.0.1")) as server:
        server.write_clouds(cacert=str(authority.file))
        assert 4 == len(await ask_open(server.target))
        server.write_clouds(verify=False)
        assert 4 == len(await ask_open(server.target))
        server.write_clouds()
        with pytest.raises(ProbeFailed) as caught:
            await ask_open(server.target)
        server.write_clouds(cacert=str(tmp_path / "missing.pem"))
        with pytest.raises(ProbeFailed) as missing:
            await ask_open(server.target)
    assert Reason.HOST_KEY is caught.value.reason
    assert (Reason.COMMAND, f"{tmp_path}/missing.pem: No such file or directory") == (
        missing.value.reason,
        missing.value.detail,
    )


async def test_no_log_has_secrets_in_it(server: OpenStackApiServer, caplog: pytest.LogCaptureFixture) -> None:
    """At no level, neither the password nor a token; and no library's warning beside our own words."""
    caplog.set_level(logging.DEBUG)
    await ask_open(server.target)
    server.inflict(Fault.NOT_READY, "identity")
    with pytest.raises(ProbeFailed):
        await ask_open(server.target)
    assert not any(hidden in caplog.text for hidden in (PASSWORD, "of-the-lab", "X-Auth-Token"))
    assert [] == [record.name for record in caplog.records if record.levelno >= logging.WARNING]
