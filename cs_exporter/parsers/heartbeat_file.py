"""CloudStack's storage heartbeat: a file that a KVM host's agent writes on every NFS primary pool (kvmheartbeat.sh).

Its whole content is what `date +%s` printed: whole seconds since the epoch, by the clock of the host that wrote it.
"""

from __future__ import annotations

import re

from cs_exporter.model import UnparsableError

_STAMP = re.compile(r"[0-9]{1,12}")


def parse(text: str) -> int:
    """The stamp. Raises UnparsableError, also for an empty file: it is cut off before it is written anew."""
    stamp = text.strip()
    if not _STAMP.fullmatch(stamp):
        raise UnparsableError(f"not a heartbeat: {text[:40]!r}" if stamp else "the file is empty")
    return int(stamp)
