"""One run: deadline, clock and taxonomy; it raises nothing but cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import MappingProxyType

import pytest
from structlog.testing import capture_logs

from cs_exporter.board import FLEET
from cs_exporter.model import (
    Failure,
    Host,
    Inventory,
    ProbeFailed,
    Reason,
    UnparsableError,
    Unsupported,
    UnsupportedError,
)
from cs_exporter.ports import Counters, Io, Last, R
from cs_exporter.runner import overrun, run_derived, run_once
from cs_exporter.spec import DerivedSpec, Latest, ProbeSettings, ProbeSpec
from cs_exporter.transports.collector.local import LocalConnector
from cs_exporter.transports.collector.shell import HostShell
from tests import world

HOST = Host("kvm1", "192.0.2.1", settings=MappingProxyType({"stub": ProbeSettings()}))


def never_before(_: type[R], /) -> Last[R] | None:
    """No reading before this one."""
    return None


def spec(probe: Callable[[Host, Io, ProbeSettings], Awaitable[str]]) -> ProbeSpec[ProbeSettings, str]:
    """A sheet around a probe."""
    return ProbeSpec("stub", "?", ProbeSettings, str, probe, (), ())


async def run(probe: Callable[[Host, Io, ProbeSettings], Awaitable[str]], timeout: float = 5.0) -> object:  # noqa: ASYNC109
    """The result of one run."""
    shell = HostShell(LocalConnector(b"", time, Counters()), time, 1.0)
    outcome = await run_once(spec(probe), HOST, world.io(shell=shell), timeout)
    assert ("stub", "kvm1") == (outcome.probe, outcome.host)
    assert abs(time.time() - outcome.started) < 5
    assert 0 <= outcome.duration < 5
    return outcome.result


async def test_a_reading_is_the_result() -> None:
    """Whatever the probe returns."""

    async def probe(host: Host, _: Io, settings: ProbeSettings) -> str:
        return f"{host.name} every {settings.interval:g} s"

    assert await run(probe) == "kvm1 every 30 s"


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ProbeFailed(Reason.DENIED, "no"), Failure(Reason.DENIED, "no")),
        (UnsupportedError("no tool"), Unsupported("no tool")),
        (UnparsableError("what?"), Failure(Reason.UNPARSABLE, "what?")),
        (TimeoutError("inner"), Failure(Reason.BUG, "TimeoutError: inner")),
        (KeyError("typo"), Failure(Reason.BUG, "KeyError: 'typo'")),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_a_probe_raises(raised: Exception, expected: object) -> None:
    """Each class of error has its outcome; what nobody foresaw is a bug, logged with its traceback."""

    async def probe(_: Host, __: Io, ___: ProbeSettings) -> str:
        raise raised

    with capture_logs() as logs:
        assert expected == await run(probe)
    bug = isinstance(expected, Failure) and expected.reason is Reason.BUG
    assert [raised] * bug == [entry["exc_info"] for entry in logs]


async def test_the_deadline_ends_a_run() -> None:
    """A probe that waits for ever is a timeout, and has been cancelled."""
    ended = asyncio.Event()

    async def probe(_: Host, __: Io, ___: ProbeSettings) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return "never"

    assert Failure(Reason.TIMEOUT, "no answer within 0.05 s") == await run(probe, timeout=0.05)
    assert ended.is_set()


async def test_cancellation_passes() -> None:
    """Whoever stops the daemon must not get an outcome instead."""
    began = asyncio.Event()

    async def probe(_: Host, __: Io, ___: ProbeSettings) -> str:
        began.set()
        await asyncio.Event().wait()
        return "never"

    task = asyncio.create_task(run(probe))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_overrun_is_a_failure_of_ours() -> None:
    """It says how long the run before it has been under way."""

    async def probe(_: Host, __: Io, ___: ProbeSettings) -> str:
        return ""

    outcome = overrun(spec(probe), HOST, time, 61.4)
    assert Failure(Reason.OVERRUN, "the run before this one has been under way for 61 s") == outcome.result


def test_derived_probes_have_the_same_taxonomy() -> None:
    """A reading, unsupported, or a bug that stops nobody."""
    latest = Latest(Inventory(), {})
    sheet = DerivedSpec("sum", "?", (), str, lambda _latest, now: f"{now > 0}", ())
    assert run_derived(sheet, latest, FLEET, time).result == "True"

    def refuse(_: Latest, __: float) -> str:
        raise UnsupportedError("no input")

    assert Unsupported("no input") == run_derived(replace(sheet, derive=refuse), latest, FLEET, time).result

    def fail(_: Latest, __: float) -> str:
        raise ZeroDivisionError("oh")

    with capture_logs() as logs:
        result = run_derived(replace(sheet, derive=fail), latest, FLEET, time).result
    assert Failure(Reason.BUG, "ZeroDivisionError: oh") == result
    assert [entry["probe"] for entry in logs] == ["sum"]
