"""The probe storage_heartbeat on fakes of our own ports: what is asked, what is said of the forced reboot, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from cs_exporter.model import Mount, Role, Traffic, UnsupportedError
from cs_exporter.ports import SectionCall
from cs_exporter.probes.storage import storage_heartbeat
from cs_exporter.probes.storage.storage_heartbeat import (
    LOOK_AGAIN,
    SPEC,
    Source,
    StorageHeartbeatReading,
    StorageHeartbeatSettings,
)
from cs_exporter.probes.storage.writes import FileState
from tests.lab.lab import Lab
from tests.probes.storage.storage_stand import ABSENT, FIRST, HOST, LATE, OFF, SECOND, WALL, Stand


def shown(reading: StorageHeartbeatReading) -> Mapping[str, list[tuple[tuple[str, ...], float]]]:
    """Metric -> its samples; metrics without any are left out."""
    found = {metric.name: [(s.labels, s.value) for s in metric.read(reading)] for metric in SPEC.metrics}
    return {name: samples for name, samples in found.items() if samples}


async def test_a_healthy_host() -> None:
    """Two pools, the age of each, and the reboot counted from the older one."""
    stand = Stand(files={FIRST: 1000.0, SECOND: 1010.0}, skew=3600.0)
    numbers = shown(await stand.poll())
    ages = dict(numbers["cs_storage_heartbeat_age_seconds"])
    assert {(FIRST,): pytest.approx(30.0, abs=0.1), (SECOND,): pytest.approx(20.0, abs=0.1)} == ages
    assert pytest.approx(WALL + 1000.0, abs=0.1) == numbers["cs_storage_heartbeat_timestamp_seconds"][0][1]
    assert pytest.approx(80.0, abs=0.1) == numbers["cs_host_seconds_to_reboot"][0][1]
    assert [((), 1.0)] == numbers["cs_host_reboot_armed"]
    assert [(("agent.properties",), 1.0)] == numbers["cs_host_reboot_settings_info"]
    assert 5 == len(numbers)


async def test_one_ask_with_the_private_address() -> None:
    """One guarded look per mount under the run's limit, in one request with the agent's settings."""
    host = replace(HOST, addresses=MappingProxyType({Traffic.MANAGEMENT: "198.51.100.7"}))
    stand = Stand(host, {FIRST: 1000.0}, settings=StorageHeartbeatSettings(read_limit=2))
    await stand.poll()
    looks = [SectionCall("heartbeat_file", (point, "198.51.100.7"), 2) for point in (FIRST, SECOND)]
    assert (SectionCall("agent_properties"), *looks) == stand.asked


async def test_a_mount_that_hangs_goes_on_ageing() -> None:
    """No answer takes no value away: age and countdown run on, below zero in the end."""
    stand = Stand(files={FIRST: 1000.0})
    await stand.poll()
    stand.files[FIRST] = LATE
    for later in (60.0, 90.0, 120.0, 150.0):
        reading = await stand.poll()
        numbers = shown(reading)
        assert pytest.approx(later, abs=1.1) == numbers["cs_storage_heartbeat_age_seconds"][0][1]
        assert pytest.approx(110.0 - later, abs=1.1) == reading.seconds_to_reboot
        assert [((FIRST,), 1.0)] == numbers["cs_storage_heartbeat_unread"]
    stand.files[FIRST] = 1145.0
    healed = await stand.poll()
    assert pytest.approx(75.0, abs=1.1) == healed.seconds_to_reboot


async def test_a_pool_in_maintenance_announces_no_reboot() -> None:
    """Unmounted on purpose at any age: its age leaves after two polls, and the countdown is that of the other pools.

    It is asked each time from then on, and counts again once it is mounted, from that moment on.
    """
    stand = Stand(files={FIRST: 1000.0, SECOND: 1000.0})
    await stand.poll(59.0)
    stand.files[SECOND] = ABSENT
    for later in (30.0, 60.0, 90.0):
        stand.files[FIRST] = stand.now + 25.0
        reading = await stand.poll()
        numbers = shown(reading)
        assert pytest.approx(105.0, abs=1.1) == reading.seconds_to_reboot
        ages = [(FIRST,)] if later > 30 else [(FIRST,), (SECOND,)]
        assert ages == [labels for labels, _ in numbers["cs_storage_heartbeat_age_seconds"]]
        assert ([((SECOND,), 1.0)] if later > 30 else None) == numbers.get("cs_storage_heartbeat_gone")
    assert [FIRST, SECOND] == sorted(call.arguments[0] for call in stand.asked[1:])
    stand.files[FIRST], stand.files[SECOND] = stand.now + 30.0, 1000.0
    assert pytest.approx(110.0, abs=1.1) == (await stand.poll()).seconds_to_reboot
    stand.files[FIRST] = stand.now + 30.0
    back = await stand.poll()
    assert pytest.approx(80.0, abs=1.1) == back.seconds_to_reboot
    assert "cs_storage_heartbeat_gone" not in shown(back)


async def test_the_only_pool_in_maintenance() -> None:
    """The probe goes on, and says nothing but that the pool is gone."""
    stand = Stand(files={FIRST: 1000.0})
    await stand.poll()
    stand.files[FIRST] = ABSENT
    await stand.poll()
    told = {"cs_storage_heartbeat_gone", "cs_host_reboot_armed", "cs_host_reboot_settings_info"}
    assert told == {*shown(await stand.poll())}


@pytest.mark.parametrize(
    ("properties", "settings", "source", "armed"),
    [
        (b"readable\n", {}, Source.FILE, 1.0),
        (OFF, {"forced_reboot": True}, Source.FILE, 0.0),
        (b"unreadable\n", {}, Source.UNREADABLE, None),
        (b"unreadable\n", {"forced_reboot": True}, Source.SETTINGS, 1.0),
        (b"unreadable\n", {"forced_reboot": False}, Source.SETTINGS, 0.0),
        (b"missing\n", {}, Source.MISSING, None),
        (b"nonsense\n", {}, Source.UNPARSABLE, None),
        (None, {}, Source.UNREADABLE, None),
    ],
)
async def test_what_arms_the_reboot(
    properties: bytes | None, settings: dict[str, bool], source: Source, armed: float | None
) -> None:
    """The file tells; where it can't be read the settings do; where neither does there is no countdown."""
    stand = Stand(files={FIRST: 1000.0}, properties=properties)
    stand.settings = StorageHeartbeatSettings.model_validate(settings)
    reading = await stand.poll()
    numbers = shown(reading)
    assert [((source.value,), 1.0)] == numbers["cs_host_reboot_settings_info"]
    assert (None if armed is None else [((), armed)]) == numbers.get("cs_host_reboot_armed")
    assert bool(armed) is (reading.seconds_to_reboot is not None)


@pytest.mark.parametrize(
    ("files", "message"), [({}, "none is a primary pool"), (dict.fromkeys((FIRST, SECOND), "none"), "no head")]
)
async def test_hosts_that_have_none(files: dict[str, float | tuple[int, bytes] | str], message: str) -> None:
    """Mounts without such a file are no pools; a host without the tools can't tell."""
    with pytest.raises(UnsupportedError, match=message):
        await Stand(files=files).poll()


async def test_a_host_known_by_name() -> None:
    """The file's name has an address: which one, a name does not say."""
    with pytest.raises(UnsupportedError, match=r"addresses\.management"):
        await Stand(replace(HOST, address="kvm1.example")).poll()


async def test_a_mount_without_a_file_is_asked_seldom() -> None:
    """Beside a pool it is looked at once in five minutes, and found when it becomes one; it has no row till then."""
    stand = Stand(files={FIRST: 1000.0})
    first = await stand.poll()
    assert [FileState.READ, FileState.ABSENT] == [row.state for row in first.mounts]
    assert [(FIRST,)] == [labels for labels, _ in shown(first)["cs_storage_heartbeat_age_seconds"]]
    await stand.poll()
    assert [FIRST] == [call.arguments[0] for call in stand.asked[1:]]
    stand.files[SECOND] = 1300.0
    later = await stand.poll(LOOK_AGAIN)
    assert [FileState.READ, FileState.READ] == [row.state for row in later.mounts]


async def test_a_mount_that_hangs_from_the_start() -> None:
    """Whether it is a pool nobody knows: it is told as unread, and neither ages nor counts."""
    reading = await Stand(files={FIRST: LATE}).poll()
    assert {"cs_storage_heartbeat_unread", "cs_host_reboot_armed", "cs_host_reboot_settings_info"} == {*shown(reading)}


async def test_many_mounts() -> None:
    """Of more than twenty, the pools first and then by turns."""
    points = [f"/mnt/{number:02}" for number in range(30)]
    host = replace(HOST, mounts=tuple(Mount(point, "nfs1", "192.0.2.9", "/export") for point in points))
    stand = Stand(host, {points[29]: 1000.0, points[0]: 1000.0})
    asked: set[str] = set()
    for _ in range(2):
        await stand.poll()
        asked |= {call.arguments[0] for call in stand.asked[1:]}
        assert len(stand.asked) <= 1 + storage_heartbeat.MOUNTS_PER_RUN
    assert {*points} == asked


def test_whom_it_is_asked() -> None:
    """Hypervisors with NFS mounts; the checklist looks for the agent's file unless the settings tell."""
    assert SPEC.applies(HOST)
    assert not SPEC.applies(replace(HOST, mounts=()))
    assert not SPEC.applies(replace(HOST, roles=frozenset({Role.STORAGE})))
    (need,) = SPEC.needs
    assert need.applies(HOST)
    told = {"storage_heartbeat": StorageHeartbeatSettings(forced_reboot=True)}
    assert not need.applies(replace(HOST, settings=told))
    assert 7.0 == StorageHeartbeatSettings(read_limit=7).longest_wait()


def test_only_the_file_touches_a_mount() -> None:
    """What may hang is guarded, and is a single command; what is not guarded opens no mount."""
    assert [(True, True), (False, False)] == [(section.blocks, section.mount_argument) for section in SPEC.sections]
    assert 1 == len(SPEC.sections[0].body.splitlines())


WRITTEN = """# the agent
keystore.passphrase=oh,so:secret
reboot.host.and.alert.management.on.heartbeat.timeout=true
#kvm.heartbeat.update.frequency=1
kvm.heartbeat.update.frequency : 20000
kvm.heartbeat.update.frequency.of.mine=3
guid=kvm.heartbeat.update.max.tries=9
"""


@pytest.mark.lab
@pytest.mark.parametrize("name", ["h1", "h3", "h4"], ids=["dash", "busybox", "bash"])
def test_the_agents_file_under_each_shell(lab: Lab, name: str) -> None:
    """Only the lines asked for leave the host; missing, unreadable and shut away are told apart; so does the need."""
    host = lab.hosts[name]
    body, need = SPEC.sections[1].body, SPEC.needs[0].check

    def said() -> tuple[str, bool]:
        return host.run(body, "csmon", check=True).stdout, host.run(need, "csmon").returncode == 0

    path, folder = host.path("/etc/cloudstack/agent/agent.properties"), host.path("/etc/cloudstack/agent")
    try:
        assert ("missing\n", True) == said()
        host.write("/etc/cloudstack/agent/agent.properties", WRITTEN)
        lines = [
            line for line in WRITTEN.splitlines() if line.startswith(("reboot", "kvm.heartbeat.update.frequency "))
        ]
        assert ("\n".join(("readable", *lines, "")), True) == said()
        path.write_text("workers=5\n")
        assert ("readable\n", True) == said()
        path.chmod(0o600)
        assert ("unreadable\n", False) == said()
        folder.chmod(0o700)
        assert ("unreadable\n", False) == said()
        folder.chmod(0o755)
        path.unlink()
        assert ("missing\n", True) == said()
    finally:
        path.unlink(missing_ok=True)
        folder.rmdir()
        folder.parent.rmdir()
