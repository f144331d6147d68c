"""The sheet nfs_mounts: from captured hosts to readings and metrics, poll after poll."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from cs_exporter.model import Host, Mount, ProbeFailed, Reason, Role, UnparsableError, UnsupportedError
from cs_exporter.ports import Answer
from cs_exporter.probes.nfs.nfs_mounts import METRICS, SPEC, NfsMountsReading, NfsMountsSettings
from cs_exporter.probes.nfs.verdicts import MountState
from tests.probes.nfs.nfs_stand import (
    FIRST,
    LATE,
    SECOND,
    STALE,
    address_of,
    failed,
    ok,
    pools,
    proc,
    row,
    stand,
)

FREE = Mount("/mnt/free", "nas", "192.0.2.9", "/free")


def values(reading: NfsMountsReading, name: str) -> dict[tuple[str, ...], float]:
    """Label values -> value of one metric."""
    (metric,) = [metric for metric in METRICS if metric.name == name]
    return {sample.labels: sample.value for sample in metric.read(reading)}


@pytest.mark.parametrize(
    ("state", "first", "expected"),
    [
        ("healthy", ok(), MountState.OK),
        ("nconnect", ok(), MountState.OK),
        ("soft-noac", ok(), MountState.OK),
        ("healthy", ok(1.7), MountState.SLOW),
        ("hung", LATE, MountState.HUNG),
        ("dropped", LATE, MountState.HUNG),
        ("refused", failed(200, b"held 1000 80.00\n"), MountState.HUNG),
        ("stale", failed(1, STALE), MountState.STALE),
        ("missing", ok(), MountState.MISSING),
        ("readonly", ok(), MountState.READONLY),
    ],
)
async def test_states_of_captured_hosts(state: str, first: Answer, expected: MountState) -> None:
    """Each captured state is told from the others, on the pool it is about; the other pool stays ok."""
    reading = await stand(state, *pools(state), first=first).poll()
    assert (expected, MountState.OK) == (row(reading).state, row(reading, SECOND).state)
    up = expected in (MountState.OK, MountState.SLOW, MountState.READONLY)
    labels = (FIRST, "srv", "/export/primary")
    assert float(up) == values(reading, "cs_nfs_mount_up")[labels]
    assert {(*labels, expected.value): 1.0} == {
        key: value for key, value in values(reading, "cs_nfs_mount_state").items() if key[0] == FIRST
    }


async def test_one_request_asks_everything() -> None:
    """A run asks its host once: the kernel's files, and statfs of every expected mount with the limit."""
    asking = stand("healthy", *pools("healthy"))
    await asking.poll()
    assert [("nfs_proc", FIRST, SECOND), ("statfs", FIRST), ("statfs", SECOND)] == [
        (c.name, *c.arguments) for c in asking.shell.asked
    ]
    assert [0, 4, 4] == [call.limit for call in asking.shell.asked]


async def test_a_hang_from_beginning_to_end() -> None:
    """hung_seconds grows from poll to poll, though each poll's statfs is another one, and ends in zero."""
    host = stand("healthy", *pools("healthy"))
    key = (FIRST, "srv", "/export/primary")
    seen = [values(await host.poll(), "cs_nfs_mount_hung_seconds")[key]]
    host.shell.statfs = {FIRST: LATE}
    seen += [values(await host.poll(), "cs_nfs_mount_hung_seconds")[key] for _ in range(3)]
    host.shell.statfs = {}
    seen += [values(await host.poll(), "cs_nfs_mount_hung_seconds")[key]]
    assert [0.0, 4.0, 34.0, 64.0, 0.0] == seen


async def test_the_kernels_counts() -> None:
    """Healthy at one poll, frozen at the next, as captured: requests wait, counters go on, a mean is taken."""
    host = stand("healthy", *pools("healthy"))
    await host.poll()
    host.shell.proc = proc("hung")
    reading = await host.poll()
    key = (SECOND, "srv", "/export/primary2")
    assert 2.0 == values(reading, "cs_nfs_mount_requests_outstanding")[key]
    assert 2.0 == values(reading, "cs_nfs_mount_connects_total")[key]
    assert {0.0} == {values(reading, f"cs_nfs_mount_{name}_total")[key] for name in ("timeouts", "errors")}
    assert key not in values(reading, "cs_nfs_mount_rtt_seconds")


async def test_mean_round_trip() -> None:
    """The mean of the requests completed since the reading before is exported where there were any."""
    host = stand("healthy", *pools("healthy"))
    await host.poll()
    host.shell.proc = proc("healthy").replace("STATFS: 1 1 0 168 160 0 0 0 0", "STATFS: 5 5 0 840 800 0 20 21 0")
    expected = {(SECOND, "srv", "/export/primary2"): pytest.approx(0.005)}
    assert expected == values(await host.poll(), "cs_nfs_mount_rtt_seconds")


async def test_info_remount_and_mismatch() -> None:
    """How a mount is made is always shown; what is wrong about it only while it is."""
    reading = await stand("soft-noac", *pools("soft-noac", version="3")).poll()
    first, second = (FIRST, "srv", "/export/primary"), (SECOND, "srv", "/export/primary2")
    address = address_of("soft-noac")
    expected = {(*first, "4.2", "soft", address): 1.0, (*second, "4.2", "hard", address): 1.0}
    assert expected == values(reading, "cs_nfs_mount_info")
    assert {first: 1.0} == values(reading, "cs_nfs_mount_heartbeat_remount")
    assert {first: 1.0} == values(reading, "cs_nfs_mount_version_mismatch")
    healthy = await stand("healthy", *pools("healthy", version="3")).poll()
    assert {} == values(healthy, "cs_nfs_mount_heartbeat_remount") | values(healthy, "cs_nfs_mount_version_mismatch")


async def test_a_server_with_two_addresses() -> None:
    """Known by that of its management network and mounted by that of its storage network, it is the same mount."""
    wanted = (replace(mount, server_address="192.0.2.200") for mount in pools("healthy"))
    reading = await stand("healthy", *wanted).poll()
    address = address_of("healthy")
    assert [(MountState.OK, f"mounted from {address}")] * 2 == [(row.state, row.detail) for row in reading.mounts]
    assert {address} == {labels[-1] for labels in values(reading, "cs_nfs_mount_info")}


async def test_latency_is_the_hosts_own() -> None:
    """Latency is what the collector measured; where it could not, or nothing answered, there is none."""
    reading = await stand("healthy", *pools("healthy"), first=ok(0.03), second=ok(None)).poll()
    assert {(FIRST, "srv", "/export/primary"): 0.03} == values(reading, "cs_nfs_mount_latency_seconds")


async def test_unlisted_mounts_are_asked_from_the_second_poll_on() -> None:
    """Found at one poll, asked at the next: until then only the kernel's counts are known, and no state is claimed."""
    host = stand("healthy")
    first = await host.poll()
    assert [None, None] == [mount.state for mount in first.mounts]
    assert {} == values(first, "cs_nfs_mount_up") | values(first, "cs_nfs_mount_hung_seconds")
    second = await host.poll()
    assert [MountState.OK, MountState.OK] == [mount.state for mount in second.mounts]
    server = second.mounts[0].server
    assert (FIRST, server, "/export/primary") in values(second, "cs_nfs_mount_up")
    assert server.startswith("10.")


async def test_unlisted_mounts_that_end_are_forgotten() -> None:
    """Nobody promised them: once unmounted they are neither missing nor asked again."""
    host = stand("healthy")
    await host.poll()
    host.shell.proc = proc("missing")
    assert [SECOND] == [mount.mountpoint for mount in (await host.poll()).mounts]
    host.shell.asked.clear()
    await host.poll()
    assert [(SECOND,), (SECOND,)] == [call.arguments for call in host.shell.asked]


async def test_unlisted_mounts_may_be_read_only() -> None:
    """Without an expectation, a read-only mount is as it should be."""
    host = stand("readonly")
    await host.poll()
    assert MountState.OK == row(await host.poll()).state


async def test_more_mounts_than_one_run_asks() -> None:
    """They have their turns; whose turn it is not keeps its state, and how many those are is told."""
    host = stand("healthy", *pools("healthy"), second=failed(1, STALE))
    host.settings = NfsMountsSettings(mounts_per_run=1)
    readings = [await host.poll() for _ in range(4)]
    turns = [call.arguments[0] for call in host.shell.asked if call.name == "statfs"]
    assert [FIRST, SECOND, FIRST, SECOND] == turns
    assert [MountState.STALE] * 3 == [row(reading, SECOND).state for reading in readings[1:]]
    assert [{(): 1.0}] * 4 == [values(reading, "cs_nfs_mounts_unwatched") for reading in readings]
    host.settings = NfsMountsSettings()
    assert {(): 0.0} == values(await host.poll(), "cs_nfs_mounts_unwatched")


async def test_a_hundred_listed_mounts_are_twenty_questions() -> None:
    """A long list costs its host no more than a short one, and all are asked within five runs."""
    host = stand("healthy", *(Mount(f"/mnt/{number}", "nas", "192.0.2.9", "/x") for number in range(100)))
    for _ in range(5):
        await host.poll()
    turns = [call.arguments[0] for call in host.shell.asked if call.name == "statfs"]
    assert (100, 100) == (len(turns), len({*turns}))


async def test_a_mount_that_nobody_may_look_at() -> None:
    """Below a directory that the account may not enter there is no state, and that is seen."""
    denied = failed(1, b"stat: cannot read file system information for '/mnt/x': Permission denied\n")
    host = stand("healthy", *pools("healthy"), first=denied)
    reading = await host.poll()
    assert (None, "statfs: Permission denied") == (row(reading).state, row(reading).detail)
    assert {(FIRST, "srv", "/export/primary"): 1.0} == values(reading, "cs_nfs_mount_unjudged")
    found = await stand("healthy").poll()
    assert {} == values(found, "cs_nfs_mount_unjudged"), "what was only found now is not unjudged, but not asked yet"


async def test_only_listed_mounts_where_wanted() -> None:
    """With watch_unlisted off, others are left alone."""
    host = stand("healthy", *pools("healthy")[:1])
    host.settings = NfsMountsSettings(watch_unlisted=False)
    for _ in range(2):
        assert [FIRST] == [mount.mountpoint for mount in (await host.poll()).mounts]
    assert {(FIRST,)} == {call.arguments for call in host.shell.asked}


async def test_a_host_without_nfs() -> None:
    """Where no mount is expected and none is found, the question does not apply."""
    host = stand("healthy")
    host.shell.proc = "25 1 254:0 / / rw - ext4 /dev/vda rw\n"
    with pytest.raises(UnsupportedError):
        await host.poll()


async def test_a_listed_mount_on_a_host_without_nfs() -> None:
    """Where one is expected it is missing, which is a reading."""
    host = stand("healthy", FREE)
    host.shell.proc = "25 1 254:0 / / rw - ext4 /dev/vda rw\n"
    assert ["missing"] == [mount.state for mount in (await host.poll()).mounts]


async def test_a_host_that_cannot_be_asked() -> None:
    """Without the host there is no reading: the failure passes through."""
    host = stand("healthy", *pools("healthy"))
    host.shell.failure = ProbeFailed(Reason.UNREACHABLE, "no route")
    with pytest.raises(ProbeFailed, match="unreachable: no route"):
        await host.poll()


async def test_a_host_whose_proc_is_nonsense() -> None:
    """What is not the kernel's format is unparsable, not an empty list of mounts."""
    host = stand("healthy", *pools("healthy"))
    host.shell.proc = "30 25 nonsense\n"
    with pytest.raises(UnparsableError):
        await host.poll()


@pytest.mark.parametrize(
    ("roles", "mounts", "expected"),
    [
        ({Role.STORAGE}, (), False),
        ({Role.STORAGE}, (FREE,), True),
        ({Role.STORAGE, Role.HYPERVISOR}, (), True),
        ({Role.HYPERVISOR}, (), True),
        ((), (), True),
    ],
)
def test_an_appliance_is_not_logged_in_to(roles: set[Role], mounts: tuple[Mount, ...], *, expected: bool) -> None:
    """What is nothing but storage may let nobody in; with mounts of its own, or another role, it is asked."""
    assert expected is SPEC.applies(Host("nas1", "192.0.2.9", roles=frozenset(roles), mounts=mounts))


async def test_a_host_that_only_mounts_asks_no_server() -> None:
    """500 hypervisors do not ask their server 500 times: it is asked once, as the host it is, by nfs_server."""
    asking = stand("healthy", *pools("healthy"))
    await asking.poll()
    assert [] == asking.rpc.asked


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"slow_after": 4}, "make slow_after the shorter one"),
        ({"slow_after": 0}, "greater than 0"),
        ({"statfs_limit": "2.5"}, "valid integer"),
        ({"statfs_limit": 0}, "greater than or equal to 1"),
        ({"statfs_limit": "soon"}, "not a duration"),
        ({"server_deadline": 2}, "Extra inputs"),
        ({"mounts_per_run": 0}, "greater than or equal to 1"),
        ({"slow": 1}, "Extra inputs"),
    ],
)
def test_bad_settings(fields: dict[str, object], complaint: str) -> None:
    """Mistakes are refused with what was wrong."""
    with pytest.raises(ValidationError, match=complaint):
        NfsMountsSettings.model_validate(fields)


def test_good_settings() -> None:
    """Durations may be written as Prometheus writes them."""
    settings = NfsMountsSettings.model_validate({"slow_after": "500ms", "statfs_limit": "3s"})
    assert (0.5, 3) == (settings.slow_after, settings.statfs_limit)
    assert 30.0 == settings.interval
