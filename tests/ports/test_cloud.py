"""An API's own errors keep their number."""

from __future__ import annotations

from cs_exporter.model import ProbeFailed, Reason
from cs_exporter.ports import ApiError


def test_an_error_of_the_cloud_is_a_failure_with_a_number() -> None:
    """Whoever does not care catches ProbeFailed."""
    error = ApiError(Reason.DENIED, "unable to verify user credentials", 401)
    assert isinstance(error, ProbeFailed)
    assert (401, "denied: unable to verify user credentials") == (error.code, str(error))
