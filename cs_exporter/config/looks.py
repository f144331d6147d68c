"""Files that a configuration names: their paths made absolute, and each looked at once, whoever names it.

Apart from the shapes, because what is wrong with a file is blamed on the key that names it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from cs_exporter.config.clouds_file import clouds_problem
from cs_exporter.config.errors import Location
from cs_exporter.config.files import (
    api_key_problem,
    key_file_problem,
    known_hosts_problem,
    password_file_problem,
    text_file_problem,
)
from cs_exporter.config.layers import Values

Looks = Mapping[str, Callable[[Path], str | None]]
"""Key -> what looks at the file that it names: what is wrong with it and the mend, or None."""

SECTIONS: Mapping[str, Looks] = {
    "ssh": {"key_file": key_file_problem, "known_hosts": known_hosts_problem},
    "mysql": {"password_file": password_file_problem, "ca_file": text_file_problem},
}
"""The same by section."""

PROBES: Mapping[str, Looks] = {
    "rabbitmq": {"password_file": password_file_problem, "ca_file": text_file_problem},
}
"""The same by probe."""

API: Looks = {"key_file": api_key_problem, "secret_file": api_key_problem, "ca_file": text_file_problem}
SDK: Looks = {"clouds_file": clouds_problem}


class FileLooks:
    """Looks at files, relative to `directory`; what is wrong is reported with the place of the key."""

    def __init__(self, directory: Path, report: Callable[[Location, str], None]) -> None:
        self.report = report
        self._directory = directory
        self._problems: dict[tuple[object, str], str | None] = {}

    def look(self, values: Values, looks: Looks, at: Location) -> None:
        """Make the paths in `values`, which stand at `at`, absolute, and report what is wrong with their files."""
        for name, problem in looks.items():
            if values.get(name) is not None:
                path = os.path.normpath(self._directory / os.path.expanduser(values[name]))  # noqa: PTH111  # never raises
                if (problem, path) not in self._problems:
                    self._problems[problem, path] = problem(Path(path))
                found = self._problems[problem, path]
                if found is not None:
                    self.report((*at, name), f"{path}: {found}")
                values[name] = path
