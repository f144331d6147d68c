"""A list in pages is whole or it is a failure, whatever the pages say; smaller pages are learnt once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiError
from cs_exporter.transports.clouds.pages import LONGEST_PAGE, MOST, Page, Pages


def rows(*numbers: int) -> tuple[dict[str, object], ...]:
    """Elements with these ids."""
    return tuple({"id": f"u{number}"} for number in numbers)


def giving(*pages: Page | Exception) -> Callable[[int, int], Page]:
    """Answers in turn, whatever is asked."""
    left = list(pages)

    def ask(_number: int, _size: int) -> Page:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


WHOLE = [
    ("nothing at all", [Page(None, ())], 0),
    ("one page", [Page(2, rows(1, 2))], 2),
    ("no count, which old lists lack", [Page(None, rows(1, 2))], 2),
    ("two pages", [Page(3, rows(1, 2)), Page(3, rows(3))], 3),
    ("changed while it was read, and read again", [Page(3, rows(1, 2)), Page(2, rows(2)), Page(2, rows(1, 2))], 2),
    ("moved, and read again", [Page(3, rows(1, 2)), Page(3, rows(2)), Page(3, rows(1, 2, 3))], 3),
    ("more than it says", [Page(1, rows(1, 2))], 2),
]


@pytest.mark.parametrize(("answers", "number"), [case[1:] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_whole_lists(answers: Sequence[Page], number: int) -> None:
    """All elements, each once."""
    assert number == len(Pages().collect(giving(*answers), "listHosts"))


BROKEN = [
    ("short", [Page(3, rows(1, 2)), Page(None, ())] * 2, Reason.UNPARSABLE, "2 elements came of 3, twice"),
    ("empty", [Page(3, ())] * 2, Reason.UNPARSABLE, "0 elements came of 3, twice"),
    ("changing", [Page(3, rows(1, 2)), Page(4, rows(3))] * 2, Reason.NOT_READY, "changed from 3 to 4"),
    ("moving", [Page(3, rows(1, 2)), Page(3, rows(2))] * 2, Reason.NOT_READY, "an element came on two pages"),
    ("absurd", [Page(MOST + 1, rows(1))] * 2, Reason.UNPARSABLE, f"a list of {MOST + 1} elements"),
]


@pytest.mark.parametrize(
    ("answers", "reason", "words"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_what_is_no_whole_list(answers: Sequence[Page], reason: Reason, words: str) -> None:
    """A failure after a second try, never a short list."""
    with pytest.raises(ProbeFailed) as caught:
        Pages().collect(giving(*answers), "listHosts")
    assert (reason, True) == (caught.value.reason, words in caught.value.detail), caught.value.detail


def test_the_servers_own_limit_is_learnt_once() -> None:
    """The next list begins with pages of that size."""
    sizes: list[int] = []
    pages = Pages()

    def ask(_number: int, size: int) -> Page:
        sizes.append(size)
        if size > 50:
            raise ApiError(Reason.COMMAND, "Page size can't exceed max allowed page size value: 50 (431)", 431)
        return Page(None, ())

    for _ in range(2):
        pages.collect(ask, "listHosts")
    assert [LONGEST_PAGE, 50, 50] == sizes


@pytest.mark.parametrize(
    "error",
    [
        ApiError(Reason.COMMAND, "Unable to execute API command: bad value (431)", 431),
        ApiError(Reason.COMMAND, "max allowed page size value: 500 (431)", 431),
        ApiError(Reason.DENIED, "max allowed page size value: 50 (401)", 401),
    ],
)
def test_other_errors_are_not_tried_again(error: ApiError) -> None:
    """They would come again."""
    with pytest.raises(ApiError):
        Pages().collect(giving(error), "listHosts")
