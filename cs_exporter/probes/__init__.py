"""The register of probes: one sheet each, in the order in which users read about them.

A literal tuple, so that a probe can be found by reading and nothing is imported by name.
"""

from __future__ import annotations

from cs_exporter.probes import nfs_mounts
from cs_exporter.spec import AnyDerived, AnySpec

PROBES: tuple[AnySpec, ...] = (nfs_mounts.SPEC,)

DERIVED: tuple[AnyDerived, ...] = ()
