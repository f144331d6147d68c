"""Answers of a cloud for tests: hypervisors by number, as many as a test wants.

By number, because the tests are about who is missing and not about what they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from cs_exporter.model import Census, CloudHost, Role


def machine(number: int) -> CloudHost:
    """Hypervisor kvmN of uuid uN."""
    return CloudHost(f"u{number}", f"kvm{number}", f"192.0.2.{number % 250 + 1}", frozenset({Role.HYPERVISOR}))


def answer(
    numbers: Iterable[int],
    removed: frozenset[str] = frozenset(),
    *,
    complete: bool = True,
    stand_in: bool = False,
) -> Census:
    """An answer with these hypervisors."""
    return Census(tuple(map(machine, numbers)), removed, complete, stand_in=stand_in)
