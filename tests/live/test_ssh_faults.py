"""Every way in which a host can be out of reach, at the same time on different hosts: told apart, and healing.

The healthy hosts beside them stay green, at their own pace, and the daemon's memory stays bounded.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

import pytest

from cs_exporter.model import Reason
from tests.lab import faults
from tests.lab.host import HostSpec, LabHost
from tests.lab.lab import Lab
from tests.lab.wait import WaitedInVain, wait_until_async
from tests.live.watch import INTERVAL, Watch

pytestmark = pytest.mark.lab

ASKED = "time_drift"
HEALTHY = ("green1", "green2")

FAULTS: dict[str, tuple[Reason, str]] = {
    "frozen": (Reason.MUTE, "never said a word"),
    "dropped": (Reason.UNREACHABLE, "no answer to the connection request"),
    "rejected": (Reason.REFUSED, "refused"),
    "rekeyed": (Reason.HOST_KEY, "unknown or has changed"),
    "denied": (Reason.DENIED, "csmon"),
    "noshell": (Reason.COMMAND, "not available"),
    "blackhole": (Reason.TIMEOUT, "path-MTU black hole"),
    "garbage": (Reason.UNPARSABLE, "not the SSH protocol"),
    "resetting": (Reason.RESET, "port 22"),
    "endless": (Reason.UNPARSABLE, "without an end"),
}


def fault(name: str, host: LabHost) -> AbstractContextManager[object]:
    """The fault of that name, on that host."""
    makers: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "frozen": lambda: faults.frozen(host.sshd),
        "dropped": lambda: faults.dropped(host),
        "rejected": lambda: faults.rejected(host, 22),
        "rekeyed": lambda: faults.changed_host_key(host),
        "denied": lambda: faults.key_removed(host),
        "noshell": lambda: faults.no_shell(host),
        "blackhole": lambda: faults.small_path(host),
        "garbage": lambda: faults.replaced_by(host, "garbage_after_banner"),
        "resetting": lambda: faults.replaced_by(host, "reset_after_banner"),
        "endless": lambda: faults.login_shell(host, "exec cat /dev/zero"),
    }
    return makers[name]()


@pytest.fixture
def hosts(lab: Lab) -> Iterator[dict[str, LabHost]]:
    """A host for each fault, and healthy ones."""
    added = lab.add_hosts([HostSpec(name) for name in (*FAULTS, *HEALTHY)])
    yield {host.name: host for host in added}
    for host in added:
        lab.remove_host(host)


async def test_each_is_told_apart_and_heals(tmp_path: Path, lab: Lab, hosts: dict[str, LabHost]) -> None:
    """Reason and detail say what an operator has to mend; no fault delays a healthy host."""
    async with Watch(tmp_path, lab, {host: {} for host in hosts.values()}) as watch:
        with ExitStack() as broken:
            for name in FAULTS:
                broken.enter_context(fault(name, hosts[name]))
            await watch.swept()
            for name, (reason, part) in FAULTS.items():
                try:
                    await wait_until_async(partial(_told, watch, name, reason, part), 4 * INTERVAL, f"{name}: {reason}")
                except WaitedInVain as vain:
                    vain.add_note(f"told is {watch.failure(ASKED, name)}, by {_runs(watch, name)} runs")
                    raise
            for name in HEALTHY:
                await _on_time(watch, name)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for name in HEALTHY:
                await _on_time(watch, name)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            assert grown < 8 * 1024, f"{grown} KiB more at the peak, with a host that answers without end"
        for name in hosts:
            await wait_until_async(partial(watch.works, ASKED, name), 8 * INTERVAL, f"{name} to heal")


async def test_an_answer_that_breaks_off(tmp_path: Path, lab: Lab, hosts: dict[str, LabHost]) -> None:
    """A connection that works and is reset in mid-answer is told as that, and made anew."""
    host = hosts["green1"]
    async with Watch(tmp_path, lab, {host: {}}) as watch:
        await watch.swept()
        assert watch.reason(ASKED, host.name) is None
        with faults.reset(host):
            await wait_until_async(lambda: watch.reason(ASKED, host.name) is Reason.RESET, 4 * INTERVAL, "reset")
        await wait_until_async(lambda: watch.reason(ASKED, host.name) is None, 6 * INTERVAL, "healed")


def _told(watch: Watch, name: str, reason: Reason, part: str) -> bool:
    """Whether the run failed for that reason. On a machine out of breath the first may time out for want of time."""
    found = watch.failure(ASKED, name)
    return found is not None and found.reason is reason and part in found.detail


def _runs(watch: Watch, name: str) -> int:
    entry = watch.daemon.board.entry(ASKED, name)
    return entry.runs if entry else 0


async def _on_time(watch: Watch, name: str) -> None:
    """Three runs more, each of them good and quick, in not much more than three intervals."""
    runs = _runs(watch, name)

    def three_more() -> bool:
        found = watch.daemon.board.entry(ASKED, name)
        assert found is not None
        assert found.failure is None, found.failure
        assert found.latest.duration < INTERVAL / 2
        return found.runs >= runs + 3

    await wait_until_async(three_more, 4.5 * INTERVAL, f"three runs of {name}")


async def test_a_login_that_prints_is_no_fault(tmp_path: Path, lab: Lab, hosts: dict[str, LabHost]) -> None:
    """Terminal titles, complaints and mottoes, with or without the end of their line, on either stream."""
    host = hosts["green1"]
    script = r"""printf 'welcome\n\033]0;kvm1\007'; printf 'mesg: ttyname failed' >&2; exec /bin/sh "$@" """
    with faults.login_shell(host, script):
        async with Watch(tmp_path, lab, {host: {}}) as watch:
            await watch.swept()
            await _on_time(watch, host.name)
            assert watch.works(ASKED, host.name)
