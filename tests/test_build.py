"""The build that is running is known from the installed package."""

from __future__ import annotations

import platform

from cs_exporter.build import this_build


def test_the_build_knows_its_python() -> None:
    """Version and revision may be unknown in a checkout; the interpreter never is."""
    build = this_build()
    assert (platform.python_version(), True) == (build.python_version, bool(build.version))
