"""An OpenStack cloud's APIs behind one connection: lists by openstacksdk, imported when the first is asked for.

It is an extra of the package; whoever lacks it hears what to install.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cs_exporter.model import ProbeFailed, Reason, SdkTarget
from cs_exporter.ports import ApiError, ApiRow
from cs_exporter.transports.clouds.refusals import Refusal, refusal
from cs_exporter.transports.clouds.wire import Wire

if TYPE_CHECKING:
    from cs_exporter.transports.clouds.openstack_sdk import Sdk

EXTRA = "pip install 'cs-exporter[openstack]'"
RENEWED = 600.0
"""Seconds after which a login is renewed by which something was refused: roles that were given since are not in it."""

_HANGS = frozenset({Reason.MUTE, Reason.TIMEOUT})
_LIBRARIES = frozenset({"openstack", "keystoneauth1"})


class OpenStackLists:
    """See clouds.lists.Lists. Commands are those of openstack_lists.LISTS, and keystone.endpoints."""

    def __init__(self, target: SdkTarget, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._target = target
        self._monotonic = monotonic
        self._wire = Wire()
        self._sdk: Sdk | None = None
        self._opened = 0.0  # when that was
        self._refusal: Refusal | None = None

    @property
    def place(self) -> str:
        """See Lists: what was asked last, because each service has a server of its own."""
        return self._wire.place or f"cloud {self._target.cloud or 'of OS_*'}"

    @property
    def answering(self) -> bool:
        """See Lists."""
        return self._wire.answering

    def listed(
        self, command: str, arguments: dict[str, str], ends: float, sent: Callable[[], None]
    ) -> tuple[ApiRow, ...]:
        """See Lists; these know no arguments. Its configuration is read anew when it may be what failed."""
        del arguments
        self._wire.begin(ends, sent)
        now = self._monotonic()
        if self._sdk is None:
            self._sdk, self._opened = self._allowed(_opened(self._target, self._wire), now), now
        try:
            rows = self._sdk.listed(command)
        except ProbeFailed as failure:
            raise self._noted(failure, self._sdk, now) from None
        self._refusal = None
        return rows

    def _allowed(self, sdk: Sdk, now: float) -> Sdk:
        """The same. Raises ApiError where it would log in as it was refused a moment ago."""
        if self._refusal is not None and self._refusal.forbids(sdk.configured, now):
            raise self._refusal.told()
        return sdk

    def _noted(self, failure: ProbeFailed, sdk: Sdk, now: float) -> ProbeFailed:
        """The failure as it is told, with what follows from it for the next call."""
        denied = failure.reason is Reason.DENIED
        if denied and not sdk.is_logged_in and isinstance(failure, ApiError):
            self._sdk = None
            self._refusal = refusal(self._refusal, sdk.configured, failure, now)
            return self._refusal.told()
        if not _is_of_a_service(failure, sdk) or (denied and now - self._opened >= RENEWED):
            self._sdk = None
        return failure

    def close(self) -> None:
        """See Lists."""
        self._wire.close()


def _is_of_a_service(failure: ProbeFailed, sdk: Sdk) -> bool:
    """Whether it is the trouble of one service, to which another login would be one more request in vain."""
    return sdk.is_logged_in and (isinstance(failure, ApiError) or failure.reason in _HANGS)


def _opened(target: SdkTarget, wire: Wire) -> Sdk:
    """Raises ProbeFailed(COMMAND) where the extra is missing, or the configuration is no good."""
    try:
        from cs_exporter.transports.clouds.openstack_sdk import Sdk  # noqa: PLC0415  # an extra, and a large one
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _LIBRARIES:
            raise
        raise ProbeFailed(Reason.COMMAND, f"openstacksdk is not installed: {EXTRA}", ours=True) from None
    return Sdk(target, wire)
