"""Answers of CloudStack's API: what is a page of a list, and what is not."""

from __future__ import annotations

import pytest

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.transports.clouds.cloudstack import page_of
from cs_exporter.transports.clouds.pages import Page


@pytest.mark.parametrize("answer", [[], None, {"a": [], "b": []}, {"host": {}}, {"host": [1]}, {"count": "5"}])
def test_answers_that_are_no_lists(answer: object) -> None:
    """JSON of the API, and not what was asked for."""
    with pytest.raises(ProbeFailed) as caught:
        page_of(answer, "listHosts")
    assert (Reason.UNPARSABLE, "listHosts: the answer is no list") == (caught.value.reason, caught.value.detail)


def test_answers_that_are_lists() -> None:
    """An empty one has neither a count nor elements; a page beyond the last has a count only."""
    answers: list[object] = [{}, {"count": 5}, {"count": 1, "host": [{"id": "u1"}]}]
    expected = [Page(None, ()), Page(5, ()), Page(1, ({"id": "u1"},))]
    assert expected == [page_of(answer, "listHosts") for answer in answers]
