"""Where a lab cannot be had its tests are left out aloud, and under CI=true that fails the run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.lab.control import PROJECT

pytestmark = pytest.mark.lab

# Not root, but able to read an interpreter that only root can read.
NOBODY = [
    "setpriv",
    "--reuid=65534",
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
]


@pytest.mark.parametrize(
    ("ci", "status", "line"),
    [
        ("false", 0, "left out: 8 lab tests (need root)"),
        ("true", 4, "left out: 8 lab tests (need root); under CI=true nothing may be left out"),
    ],
)
def test_without_root_lab_tests_are_left_out_aloud(ci: str, status: int, line: str) -> None:
    """The summary counts them; under CI=true pytest ends with its usage error."""
    arguments = ["-m", "pytest", "-p", "no:cacheprovider", "-q", "tests/lab/test_lab.py", "tests/lab/test_wait.py"]
    done = subprocess.run(
        [*NOBODY, sys.executable, *arguments],
        cwd=PROJECT,
        env={**os.environ, "CI": ci, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert status == done.returncode, done.stdout + done.stderr
    assert line in done.stdout + done.stderr
