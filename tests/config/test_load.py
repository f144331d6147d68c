"""A file and the environment become a valid, frozen configuration, or one line per mistake; secrets are never shown."""

from __future__ import annotations

import os
import shutil
import socket
import time
from pathlib import Path

import asyncssh
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cs_exporter.config import Config, ConfigError, load, schema, shown, summary
from cs_exporter.inventory import build_inventory
from cs_exporter.model import Connection
from cs_exporter.probes import DERIVED, PROBES
from tests.stub_probe import CLOCK, FLEET

CAPTURES = Path(__file__).parents[1] / "captures" / "config"
DOCS = Path(__file__).parents[2] / "docs"
BAD = sorted(CAPTURES.glob("*.bad.yml"))
GOOD = sorted(CAPTURES.glob("*.good.yml"))

LOCAL = "hosts: [{name: kvm1, connection: local}]\n"


@pytest.fixture(autouse=True)
def no_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own environment must not change what a file means."""
    for variable in [name for name in os.environ if name.startswith(("CS_EXPORTER_", "OS_"))]:
        monkeypatch.delenv(variable)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with the files that the captures name."""
    for name in ("known_hosts", "empty", "ca.pem"):
        (tmp_path / name).touch()
    for name in ("api_key", "api_secret", "password", "mysql_password", "rabbitmq.password"):
        (tmp_path / name).write_text("do-not-tell\n")
    prod = "{auth: {auth_url: 'https://keystone.example:5000/v3', password: do-not-tell}}"
    entries = f"{{prod: {prod}, empty: , bare: {{auth: {{username: me, password: do-not-tell}}}}}}"
    (tmp_path / "clouds.yaml").write_text(f"clouds: {entries}\n")
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(tmp_path / "id_ed25519"))
    key.write_public_key(str(tmp_path / "id.pub"))
    return tmp_path


def stub(path: Path | None) -> Config:
    """The configuration of the stub probe."""
    return load(path, (CLOCK,), (FLEET,))


def mistakes(path: Path) -> list[str]:
    """The lines that a bad file gives."""
    with pytest.raises(ConfigError) as error:
        stub(path)
    return str(error.value).splitlines()


def written(directory: Path, text: str) -> Path:
    """A configuration file."""
    path = directory / "cs_exporter.yml"
    path.write_text(text)
    return path


def test_every_bad_file_has_its_lines() -> None:
    """A capture without an expectation, or the reverse, would test nothing."""
    assert [path.with_suffix("") for path in BAD] == [path.with_suffix("") for path in sorted(CAPTURES.glob("*.txt"))]
    assert len(BAD) > 50


@pytest.mark.parametrize("capture", BAD, ids=lambda path: path.name)
def test_a_bad_file_gives_exactly_these_lines(capture: Path, directory: Path) -> None:
    """One line per mistake, with file, field, what is wrong and the mend."""
    expected = capture.with_suffix(".txt").read_text()
    path = Path(shutil.copy(capture, directory))
    found = [line.replace(str(path), "FILE").replace(str(directory), "DIRECTORY") for line in mistakes(path)]
    assert expected.splitlines() == found


@pytest.mark.parametrize("capture", GOOD, ids=lambda path: path.name)
def test_a_good_file_loads(capture: Path, directory: Path) -> None:
    """With all its hosts, and whatever else it has."""
    path = Path(shutil.copy(capture, directory))
    config = stub(path)
    hosts = sum(len(plan.members) for plan in config.plans)
    assert f"{path}: OK: {hosts} host" in summary(config, build_inventory(config))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The commonest mistake of all."""
    assert mistakes(tmp_path / "no.yml") == [
        f"{tmp_path}/no.yml: can't be read (No such file or directory); name a readable file"
    ]
    assert mistakes(tmp_path) == [f"{tmp_path}: can't be read (Is a directory); name a readable file"]


def test_without_a_file_this_machine_is_watched_without_ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One host, asked locally, with every probe's own defaults."""
    monkeypatch.chdir(tmp_path)
    (host,) = build_inventory(stub(None))
    expected: object = (socket.gethostname(), Connection.LOCAL, frozenset(), CLOCK.settings())
    assert expected == (host.name, host.connection, host.roles, host.settings["clock"])


def test_a_machine_with_an_impossible_name_is_called_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a machine calls itself, `make run` starts."""
    monkeypatch.setattr(socket, "gethostname", lambda: "my laptop")
    assert ["localhost"] == [host.name for host in build_inventory(stub(None))]


def test_the_real_register_loads() -> None:
    """Without a file, every registered probe has settings on the host."""
    (host,) = build_inventory(load(None))
    assert [spec.name for spec in PROBES] == list(host.settings)


def test_variables_override_the_file_and_are_named_in_mistakes(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's operator changes a value without a new file, and is told which variable is wrong."""
    path = written(directory, f"global: {{interval: 15s, timeout: 5s}}\n{LOCAL}")
    monkeypatch.setenv("CS_EXPORTER_GLOBAL__INTERVAL", "30s")
    monkeypatch.setenv("CS_EXPORTER_PROBES__CLOCK__SERVERS", "[ntp1, ntp2]")
    monkeypatch.setenv("CS_EXPORTER_DEFAULTS__LIMITS", "{CsClockSkewed: 7}")
    config = stub(path)
    (host,) = build_inventory(config)
    assert (30.0, 5.0) == (config.global_.interval, config.global_.timeout)
    assert (("ntp1", "ntp2"), {"CsClockSkewed": 7.0}) == (host.settings["clock"].servers, dict(host.limits.symptoms))
    monkeypatch.setenv("CS_EXPORTER_GLOBAL__INTERVAL", "soon")
    monkeypatch.setenv("CS_EXPORTER_SSH__PRT", "22")
    assert [
        "CS_EXPORTER_SSH__PRT: ssh.prt: unknown key; did you mean 'port'?",
        "CS_EXPORTER_GLOBAL__INTERVAL: global.interval: 'soon' is not a duration; write it as 30s, 1m30s or 500ms",
    ] == mistakes(path)


def test_variables_complete_a_platform(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the keys are is an operator's secret manager's business; two underscores lead to any depth."""
    path = written(directory, "platforms: {dc1: {type: cloudstack, hosts: {connection: local}}}")
    assert [f"{path}: platforms.dc1: has neither a database nor an api; say how the cloud is asked"] == mistakes(path)
    monkeypatch.setenv("CS_EXPORTER_PLATFORMS__DC1__DATABASE__ADDRESS", "192.0.2.7")
    (host,) = build_inventory(stub(path))
    assert ("endpoint:dc1", "192.0.2.7") == (host.name, host.address)
    monkeypatch.setenv("CS_EXPORTER_PLATFORMS__DC1__DATABASE__PORT", "no")
    variable = "CS_EXPORTER_PLATFORMS__DC1__DATABASE__PORT: platforms.dc1.database.port"
    assert [f"{variable}: must be a whole number, not 'no'; correct it"] == mistakes(path)


def test_a_misspelt_variable_is_a_mistake(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would otherwise silently do nothing."""
    monkeypatch.setenv("CS_EXPORTER_GLOBAL_INTERVAL", "30s")
    monkeypatch.setenv("CS_EXPORTER_HSOTS__X", "30s")
    assert [
        "CS_EXPORTER_GLOBAL_INTERVAL: has one underscore after the section; did you mean CS_EXPORTER_GLOBAL__INTERVAL?",
        "CS_EXPORTER_HSOTS__X: no section 'hsots'; did you mean 'hosts'?",
    ] == mistakes(written(directory, LOCAL))


def test_hosts_of_the_environment_replace_those_of_the_file(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is a value like any other; its mistakes name the variable."""
    path = written(directory, LOCAL)
    monkeypatch.setenv("CS_EXPORTER_HOSTS", "[{name: 'kvm[8-9]', connection: local}]")
    assert ["kvm8", "kvm9"] == list(build_inventory(stub(path)).hosts)
    monkeypatch.setenv("CS_EXPORTER_HOSTS", "[{name: kvm8, conection: local}, {name: kvm9}, {name: kvm9}]")
    assert ["CS_EXPORTER_HOSTS: hosts[0].conection: unknown key; did you mean 'connection'?"] == mistakes(path)


def test_the_configuration_cannot_be_changed(directory: Path) -> None:
    """What is in force is what was checked."""
    config = stub(written(directory, LOCAL))
    with pytest.raises(AttributeError):
        config.source = "other"  # type: ignore[misc]  # that is what is tested
    with pytest.raises(ValueError, match="frozen"):
        config.global_.interval = 1.0  # type: ignore[misc]  # the same


def test_secrets_and_where_they_are_stay_hidden(directory: Path) -> None:
    """/config is read by more people than the file."""
    text = shown(stub(Path(shutil.copy(CAPTURES / "everything.good.yml", directory))))
    whole = yaml.safe_load(text)
    assert "do-not-tell" not in text
    assert ("<secret>", "<secret>") == (whole["probes"]["clock"]["password"], whole["ssh"]["key_file"])
    assert (10.0, 60.0, "forced") == (
        whole["global"]["interval"],
        whole["probes"]["clock"]["interval"],
        whole["ssh"]["mode"],
    )
    assert "kvm[001-003].example" == whole["hosts"][0]["name"]


def test_where_a_platforms_keys_are_stays_hidden(directory: Path) -> None:
    """The rest of a platform is shown as it was given."""
    api = "api: {url: 'https://ms1.example/', key_file: api_key, secret_file: api_secret}"
    database = "database: {address: db1, password_file: password}"
    text = f"platforms: {{cloudstack: {{{api}, {database}, hosts: {{connection: local}}}}}}"
    expected = {
        "api": {"url": "https://ms1.example/client/api", "key_file": "<secret>", "secret_file": "<secret>"},
        "database": {"address": "db1", "password_file": "<secret>"},
        "hosts": {"connection": "local"},
    }
    assert expected == yaml.safe_load(shown(stub(written(directory, text))))["platforms"]["cloudstack"]


def test_what_is_shown_has_the_values_that_nobody_gave(directory: Path) -> None:
    """Whoever looks wants to know what is in force."""
    whole = yaml.safe_load(shown(stub(written(directory, LOCAL))))
    assert ("cs_exporter", 22, 15.0) == (whole["ssh"]["user"], whole["ssh"]["port"], whole["global"]["interval"])
    assert 2.0 == whole["probes"]["clock"]["worst"]


def test_the_summary_counts_hosts_and_probes(directory: Path) -> None:
    """A probe that is switched off does not count."""
    path = written(directory, LOCAL + "probes: {clock: {enabled: false}}\n")
    config = stub(path)
    assert f"{path}: OK: 1 host, 0 probes" == summary(config, build_inventory(config))


def test_the_summary_tells_platforms_apart(directory: Path) -> None:
    """How many hosts they have is not known before they are asked; the page about it counts all probes."""
    path = written(directory, LOCAL + "platforms: {cloudstack: {database: {address: db1}, hosts: {connection: local}}}")
    config = stub(path)
    expected = f"{path}: OK: 1 host, 1 platform (asked when it runs), 1 probe"
    assert expected == summary(config, build_inventory(config))
    assert f"1 platform (asked when it runs), {len(PROBES)} probes\n" in (DOCS / "configuration.md").read_text()


def test_the_schema_describes_every_key() -> None:
    """An editor shows the text while the operator types."""
    whole = schema((CLOCK,), (FLEET,))
    assert "https://json-schema.org/draft/2020-12/schema" == whole["$schema"]
    assert ["global", "ssh", "mysql", "platforms", "defaults", "groups", "hosts", "probes"] == list(whole["properties"])
    models = [whole, *whole["$defs"].values()]
    undescribed = [
        f"{model['title']}.{name}"
        for model in models
        for name, field in model.get("properties", {}).items()
        if not field.get("description") and name != "enabled"
    ]
    assert [] == undescribed
    limits = whole["$defs"]["Host"]["properties"]["limits"]["anyOf"][0]
    assert ["CsClockLost", "CsClockSkewed", "CsClockUnlikeFleet"] == limits["propertyNames"]["enum"]


def test_ten_thousand_blocks_load_in_seconds(directory: Path) -> None:
    """A reload of the largest fleet stays well within a minute even on a busy machine."""
    blocks = "".join(
        f"- {{name: kvm{i}, address: 10.0.{i // 250}.{i % 250}, cloud_pod: p{i}}}\n" for i in range(10_000)
    )
    path = written(directory, f"defaults: {{connection: local}}\nhosts:\n{blocks}")
    began = time.process_time()
    assert 10_000 == len(build_inventory(stub(path)))
    assert time.process_time() - began < 20


KEYS = st.sampled_from([
    *("global", "ssh", "defaults", "groups", "hosts", "probes", "clock", "kvm", "name", "roles", "mounts", "limits"),
    *("interval", "timeout", "connection", "address", "port", "servers", "password", "CsClockSkewed", "<<", "", "x\n"),
])  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["local", "kvm[1-3]"])
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@given(content=st.dictionaries(KEYS, ANYTHING, max_size=5))
def test_whatever_the_file_holds_it_loads_or_gives_lines(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    """Never a traceback, and every line names the file, says something and gives a mend."""
    path = tmp_path_factory.getbasetemp() / "anything.yml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    try:
        config = stub(path)
    except ConfigError as error:
        lines = str(error).splitlines()
        assert all(line.startswith(f"{path}: ") and ("; " in line or "more" in line) for line in lines), lines
    else:
        assert len(build_inventory(config)) > 0


@pytest.mark.parametrize("page", ["configuration.md", "cs_exporter.example.yml"])
def test_every_example_of_the_docs_loads(page: str, directory: Path) -> None:
    """With the real probes."""
    text = (DOCS / page).read_text()
    blocks = [part.partition("```")[0] for part in text.split("```yaml\n")[1:]] if page.endswith(".md") else [text]
    assert blocks
    for block in blocks:
        path = written(directory, block if "hosts:" in block else f"{block}\n{LOCAL}")
        config = load(path, PROBES, DERIVED)
        assert config.plans or config.platforms, block
