"""CloudStack's API behind one connection: signed requests by the library `cs`, lists in pages, keys as they are now.

By POST, which leaves keys out of the logs of whoever stands between.
"""

from __future__ import annotations

from collections.abc import Callable

from cs import CloudStack, CloudStackApiException, CloudStackException

from cs_exporter.model import ApiTarget, ProbeFailed, Reason
from cs_exporter.ports import ApiRow
from cs_exporter.transports.clouds import errors
from cs_exporter.transports.clouds.keys import Keys, read_keys
from cs_exporter.transports.clouds.pages import Page, Pages
from cs_exporter.transports.clouds.wire import Wire, checked_authority, not_verified, shown, system_authorities

GOOD_FOR = 600
"""Seconds for which a request is good. With enforce.post.requests.and.timestamps no more than 900 are taken."""

_METHOD_NOT_ALLOWED = 405


class CloudStackLists:
    """See clouds.lists.Lists. `by_post`: until the API refuses that."""

    def __init__(self, target: ApiTarget) -> None:
        self.target = target
        self.wire = Wire()
        self.by_post = True
        self.place = shown(target.url)
        self._pages = Pages()
        self._checked = False

    @property
    def answering(self) -> bool:
        """See Lists."""
        return self.wire.answering

    def listed(
        self, command: str, arguments: dict[str, str], ends: float, sent: Callable[[], None]
    ) -> tuple[ApiRow, ...]:
        """See Lists."""
        self._check()
        self.wire.begin(ends, sent)
        line = _Line(self, read_keys(self.target))

        def ask(number: int, size: int) -> Page:
            return line.page(command, arguments, number, size)

        return self._pages.collect(ask, f"{command} at {self.place}")

    def close(self) -> None:
        """See Lists."""
        self.wire.close()

    def _check(self) -> None:
        """Before anything is sent. Raises ProbeFailed(COMMAND) where `ca_file` is no good."""
        if self._checked:
            return
        if not self.target.verify:
            not_verified()
        elif self.target.ca_file is not None:
            checked_authority(self.target.ca_file)
        self._checked = True


class _Line:
    """What one call asks through. `keys` are those that are now in their files."""

    def __init__(self, lists: CloudStackLists, keys: Keys) -> None:
        self._lists = lists
        self._target = lists.target
        self._keys = keys

    def page(self, command: str, arguments: dict[str, str], number: int, size: int) -> Page:
        """One page of a list. Raises ProbeFailed; ApiError where the API itself refuses."""
        what = f"{command} at {self._lists.place}"
        asked = {**arguments, "page": str(number), "pagesize": str(size)}
        try:
            return page_of(self._call(command, asked), what)
        except CloudStackApiException as error:
            raise self._hidden(errors.refused(error.error, error.response, what)) from None
        except CloudStackException as error:
            raise self._hidden(errors.no_api(error.response, what)) from None

    def _call(self, command: str, asked: dict[str, str]) -> object:
        """By POST, which leaves keys out of the logs of whoever stands between; by GET where that is not allowed."""
        try:
            return getattr(self._client(), command)(**asked)
        except CloudStackException as error:
            if not self._lists.by_post or error.response.status_code != _METHOD_NOT_ALLOWED:
                raise
        self._lists.by_post = False
        return getattr(self._client(), command)(**asked)

    def _client(self) -> CloudStack:
        return CloudStack(
            endpoint=self._target.url,
            key=self._keys.key,
            secret=self._keys.secret,
            method="post" if self._lists.by_post else "get",
            verify=_verification(self._target),
            dangerous_no_tls_verify=not self._target.verify,
            expiration=GOOD_FOR,
            session=self._lists.wire,
        )

    def _hidden(self, failure: ProbeFailed) -> ProbeFailed:
        """The same, in case a server repeats what it was asked."""
        failure.detail = self._keys.hide(failure.detail)
        failure.args = (self._keys.hide(str(failure)),)
        return failure


def _verification(target: ApiTarget) -> str | None:
    return (target.ca_file or system_authorities()) if target.verify else None


def page_of(answer: object, what: str) -> Page:
    """The page in an answer: an object with `count` and one list; where that is empty, it is left out."""
    if not isinstance(answer, dict):
        raise ProbeFailed(Reason.UNPARSABLE, f"{what}: the answer is no list")
    count = answer.get("count")
    rows, *others = [value for key, value in answer.items() if key != "count"] or [[]]
    sound = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if others or not sound or not isinstance(count, int | None):
        raise ProbeFailed(Reason.UNPARSABLE, f"{what}: the answer is no list")
    return Page(count, tuple(rows))
