"""Which cs_exporter this is: version, revision and the Python it runs on, for `--version`, metrics and pages.

Read once from the installed package's own metadata, so that the version has a single source.
"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution


@dataclass(frozen=True, slots=True)
class Build:
    """`version` is "unknown" in a checkout that was never installed; `revision` is empty unless installed from git."""

    version: str
    revision: str
    python_version: str


@cache
def this_build() -> Build:
    """The build that is running."""
    try:
        installed = distribution("cs-exporter")
    except PackageNotFoundError:
        return Build("unknown", "", platform.python_version())
    return Build(installed.version, _revision(installed), platform.python_version())


def _revision(installed: Distribution) -> str:
    """The commit that was installed (PEP 610, direct_url.json), or "" where it came from elsewhere."""
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    return str(origin.get("vcs_info", {}).get("commit_id", ""))
