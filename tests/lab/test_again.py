"""A test of the lab gets a second chance and no third, the others none, and the first failure is told."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest

LAB = pytest.mark.lab
tries = {"late": 0, "broken": 0, "plain": 0}

@LAB
def test_late():
    tries["late"] += 1
    assert tries["late"] == 2, "late on the first day"

@LAB
def test_broken():
    tries["broken"] += 1
    assert tries["broken"] > 2

def test_plain():
    tries["plain"] += 1
    assert tries["plain"] == 2
"""


def test_once_and_only_tests_of_the_lab(pytester: pytest.Pytester) -> None:
    """What is late passes with its first failure shown; what is broken, and what needs no lab, fails."""
    pytester.makeconftest('pytest_plugins = ["tests.lab.again"]')
    pytester.makeini("[pytest]\nmarkers = lab\n")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--max-suite-reruns=5")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*tried again: *test_late*", "*late on the first day*"])


def test_not_more_than_a_few(pytester: pytest.Pytester) -> None:
    """A machine on which everything is late is not measured by second chances."""
    pytester.makeconftest('pytest_plugins = ["tests.lab.again"]')
    pytester.makeini("[pytest]\nmarkers = lab\n")
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--max-suite-reruns=0")
    result.assert_outcomes(failed=3)
