"""One run of one probe: its deadline, its clock, its taxonomy of failures; it raises nothing but cancellation.

The only place where any exception at all is caught: a mistake in a probe must not stop the daemon.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from cs_exporter.model import (
    Failure,
    Host,
    Outcome,
    ProbeFailed,
    Reason,
    UnparsableError,
    Unsupported,
    UnsupportedError,
)
from cs_exporter.ports import Clock, Io
from cs_exporter.spec import AnyDerived, AnySpec, Latest

log = structlog.get_logger(__name__)


async def run_once(spec: AnySpec, host: Host, io: Io, timeout: float) -> Outcome:  # noqa: ASYNC109 (part of the outcome)
    """Ask `spec`'s question of `host`, for at most `timeout` seconds."""
    started, began = io.clock.time(), io.clock.monotonic()
    result: object
    try:
        async with asyncio.timeout(timeout) as deadline:
            result = await spec.probe(host, io, host.settings[spec.name])
    except ProbeFailed as failure:
        result = Failure(failure.reason, failure.detail)
    except UnsupportedError as error:
        result = Unsupported(error.detail)
    except UnparsableError as error:
        result = Failure(Reason.UNPARSABLE, str(error))
    except TimeoutError as error:
        if deadline.expired():
            result = Failure(Reason.TIMEOUT, f"no answer within {timeout:g} s")
        else:
            result = _bug(spec.name, host.name, error)
    except Exception as error:  # noqa: BLE001 (see the head of this file)
        result = _bug(spec.name, host.name, error)
    finished = io.clock.monotonic()
    return Outcome(spec.name, host.name, started, finished, finished - began, result)


def overrun(spec: AnySpec, host: Host, clock: Clock, running_for: float) -> Outcome:
    """The outcome of a run that was due while the one before it had not ended."""
    failure = Failure(Reason.OVERRUN, f"the run before this one has been under way for {running_for:.0f} s")
    return Outcome(spec.name, host.name, clock.time(), clock.monotonic(), 0.0, failure)


def run_derived(spec: AnyDerived, latest: Latest, host: str, clock: Clock) -> Outcome:
    """Derive a reading from others' readings; its outcome stands under `host`."""
    started, began = clock.time(), clock.monotonic()
    result: object
    try:
        result = spec.derive(latest, began)
    except UnsupportedError as error:
        result = Unsupported(error.detail)
    except Exception as error:  # noqa: BLE001 (see the head of this file)
        result = _bug(spec.name, host, error)
    finished = clock.monotonic()
    return Outcome(spec.name, host, started, finished, finished - began, result)


@contextmanager
def sparing_others(host: str) -> Iterator[None]:
    """A mistake while runs of `host` are being started costs that host its runs, and not those who come after it."""
    try:
        yield
    except Exception:
        log.exception("a mistake while a host's probes were started; please report it", host=host)


def _bug(probe: str, host: str, error: Exception) -> Failure:
    log.error("a mistake in a probe; please report it", probe=probe, host=host, exc_info=error)
    return Failure(Reason.BUG, f"{type(error).__name__}: {error}")
