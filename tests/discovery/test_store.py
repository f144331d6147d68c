"""The stored inventory: whole or not there, nobody else's business, and never a reason not to start."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import MappingProxyType

import pytest
from structlog.testing import capture_logs

from cs_exporter.config import ConfigError
from cs_exporter.discovery import store
from cs_exporter.discovery.store import FILE, NOTHING, Store, Stored, usable
from cs_exporter.model import CloudHost, CloudMount, Place, Role, Traffic
from tests.discovery.census import machine

WHOLE = CloudHost(
    "0d6f0b3e",
    "kvm1.example",
    "2001:db8::1",
    frozenset({Role.HYPERVISOR, Role.STORAGE}),
    Place("zürich-1", "pod-1", "cluster-1", "KVM"),
    maintenance=True,
    asked=False,
    addresses=MappingProxyType({Traffic.STORAGE: "198.51.100.1"}),
    mounts=(CloudMount("/mnt/a", "nfs1", "/export/a"),),
    secured=False,
    settings=MappingProxyType({"agent_heartbeat": MappingProxyType({"ping_interval": 60.0})}),
)
CLOUDS = Stored({"cloudstack": (WHOLE, machine(1)), "other": ()}, {"cloudstack": 1786000000.25})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Every field of it, by another process as well."""
    Store(tmp_path).write(CLOUDS)
    assert CLOUDS == Store(tmp_path).read()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """It names every machine; and one that others may read already is closed."""
    for _ in range(2):
        Store(tmp_path).write(CLOUDS)
        assert 0o600 == (tmp_path / FILE).stat().st_mode & 0o777
        (tmp_path / FILE).chmod(0o644)
    assert [FILE] == [path.name for path in tmp_path.iterdir()]


def test_it_is_replaced_in_one_step(tmp_path: Path) -> None:
    """What is there stays there until the new one is whole: whoever has it open goes on reading the old one."""
    Store(tmp_path).write(CLOUDS)
    with (tmp_path / FILE).open() as before:
        Store(tmp_path).write(NOTHING)
        assert {"cloudstack", "other"} == set(json.load(before)["platforms"])
    assert NOTHING == Store(tmp_path).read()


ONE_HOST = (
    '{"format": "cs_exporter inventory", "version": 1, "platforms": {"a": '
    '[{"uuid": "u", "name": "n", "address": "a", "roles": ["hypervisor"]}]}}'
)
BROKEN = {
    "empty": "",
    "cut off": '{"format": "cs_exporter inventory", "version": 1, "platforms": {"cloudstack": [',
    "another program's": '{"version": 1}',
    "a newer version's": '{"format": "cs_exporter inventory", "version": 2, "platforms": {}}',
    "no object": "[]",
    "no text": "\0\xff",
    "an unknown role": ONE_HOST.replace("hypervisor", "cook"),
    "a host without a name": ONE_HOST.replace('"name"', '"gnome"'),
    "a time that is none": ONE_HOST.replace('"platforms"', '"complete": {"a": NaN}, "platforms"'),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_no_inventory_is_one_line(tmp_path: Path, text: str) -> None:
    """It is done without, and written anew with the next change."""
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    with capture_logs() as lines:
        assert NOTHING == Store(tmp_path).read()
    assert [("warning", str(tmp_path / FILE))] == [(line["log_level"], line["file"]) for line in lines]
    Store(tmp_path).write(CLOUDS)
    assert CLOUDS == Store(tmp_path).read()


def test_a_host_needs_no_more_than_it_has_to(tmp_path: Path) -> None:
    """What the broken files are broken from is good, as a file of before times were kept is."""
    (tmp_path / FILE).write_text(ONE_HOST)
    found = Store(tmp_path).read()
    assert (["n"], {}) == ([host.name for host in found.hosts["a"]], found.complete)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is not for a stranger to fill."""
    Store(tmp_path).write(CLOUDS)
    monkeypatch.setattr(store, "LARGEST", 100)
    with capture_logs() as lines:
        assert NOTHING == Store(tmp_path).read()
    assert ["it has more than 100 bytes"] == [line["error"] for line in lines]


def test_without_a_file_there_is_nothing_to_say(tmp_path: Path) -> None:
    """That is the first start."""
    with capture_logs() as lines:
        assert NOTHING == Store(tmp_path).read()
    assert [] == lines


def test_what_cannot_be_read_or_written_is_one_line_each(tmp_path: Path) -> None:
    """A folder stands in its place; and nothing is left of the attempt that would be taken for the file."""
    (tmp_path / FILE).mkdir()
    with capture_logs() as lines:
        assert NOTHING == Store(tmp_path).read()
        Store(tmp_path).write(CLOUDS)
    assert ["warning"] * 2 == [line["log_level"] for line in lines]


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """What somebody else's link leads to is not overwritten."""
    other = tmp_path / "other"
    other.write_text("mine")
    (tmp_path / FILE).with_suffix(".new").symlink_to(other)
    with capture_logs() as lines:
        Store(tmp_path).write(CLOUDS)
    assert ("mine", 1) == (other.read_text(), len(lines))


def test_the_folder_is_made(tmp_path: Path) -> None:
    """For its owner alone; one that is there is taken as it is."""
    folder = tmp_path / "a" / "b"
    assert folder == usable(folder)
    assert 0o700 == folder.stat().st_mode & 0o777
    assert folder == usable(folder)


def test_a_folder_that_is_none_is_the_users_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the flag."""
    file = tmp_path / "file"
    file.write_text("")
    for folder in (file, file / "below"):
        with pytest.raises(ConfigError, match=r"--storage.path: '.*' can't be made: .*; choose another folder"):
            usable(folder)
    monkeypatch.setattr(os, "access", lambda *_: False)  # the tests may run as root, who may do anything
    with pytest.raises(ConfigError, match=r"--storage.path: '.*' may not be written to; give it to"):
        usable(tmp_path)
