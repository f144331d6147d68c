"""Looks into the clouds.yaml that a platform names: whether it has the entry, and where that cloud's keystone is.

openstacksdk itself reads the file whenever it is asked; a wrong name would else show minutes later, cloud by cloud.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cs_exporter.config.errors import ConfigError, suggestion
from cs_exporter.config.files import text_file_problem
from cs_exporter.config.types import host_address
from cs_exporter.config.yaml import parse_yaml

Clouds = Mapping[str, object]
"""Name -> entry."""

LARGEST = 1 << 20
"""Bytes that are read."""


def read_clouds(path: Path) -> Clouds | str:
    """The clouds of a clouds.yaml, or what is wrong with it, and the mend."""
    problem = text_file_problem(path)
    if problem is not None:
        return problem
    try:
        with path.open(encoding="utf-8-sig") as file:
            content = parse_yaml(file.read(LARGEST), str(path))
    except UnicodeDecodeError:
        return "is not UTF-8; save it as UTF-8"
    except ConfigError as error:
        return ": ".join(filter(None, (error.field, error.message)))
    clouds = content.get("clouds") if isinstance(content, dict) else None
    return clouds if isinstance(clouds, dict) else "is no clouds.yaml; begin it with a line 'clouds:'"


def clouds_problem(path: Path) -> str | None:
    """What is wrong with a clouds.yaml, and the mend; None where nothing is."""
    found = read_clouds(path)
    return found if isinstance(found, str) else None


def entry_problem(clouds: Clouds, cloud: str | None) -> str | None:
    """Why `cloud` can't be the entry that is meant, and the mend; None where it is there."""
    if cloud is None:
        return f"is missing; {suggestion('', clouds, 'entries of clouds_file')}"
    if cloud not in clouds:
        return f"no cloud {cloud!r} in clouds_file; {suggestion(cloud, clouds, 'clouds')}"
    entry = clouds[cloud]
    if not isinstance(entry, Mapping):
        return f"{cloud!r} is empty in clouds_file, or no mapping; write there how to log in, beginning with auth:"
    if not _is_told(entry):
        return f"{cloud!r} has no auth.auth_url in clouds_file; add it, such as https://keystone.example:5000/v3"
    return None


def _is_told(entry: Mapping[object, object]) -> bool:
    """Whether openstacksdk finds where the cloud is: by its keystone, a vendor's profile, or an endpoint without one.

    It takes what belongs under `auth` from beside it as well, and nothing of the environment for an entry with a name.
    """
    auth = entry.get("auth")
    keys = {*entry, *auth} if isinstance(auth, Mapping) else {*entry}
    return not keys.isdisjoint({"auth_url", "profile", "cloud", "endpoint"})


def keystone_address(entry: object) -> str:
    """The address of an entry's keystone, or of that of our environment; empty where it is not told, or elsewhere."""
    auth = entry.get("auth") if isinstance(entry, Mapping) else None
    url = auth.get("auth_url") if isinstance(auth, Mapping) else os.environ.get("OS_AUTH_URL")
    try:
        return host_address(urlsplit(url).hostname or "") if isinstance(url, str) else ""
    except ValueError:
        return ""


def told_by_environment() -> bool:
    """Whether openstacksdk finds a cloud in our environment, without being told its name."""
    return bool(os.environ.get("OS_CLOUD") or os.environ.get("OS_AUTH_URL"))
