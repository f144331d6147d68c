"""Assembles the collector: the frame in collector.sh with the sections of every sheet put in.

The same text is streamed to a host or installed there as a forced command; its hash tells the two apart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from cs_exporter.parsers.collector import PROTOCOL
from cs_exporter.spec import Section

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOOL = re.compile(r"[a-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class CollectorScript:
    """The text to stream, its hash (12 hex digits) and the names of its sections."""

    text: str
    hash: str
    names: frozenset[str]


def _case(section: Section) -> str:
    if not _NAME.fullmatch(section.name) or not _TOOL.fullmatch(section.tool):
        raise ValueError(f"section {section.name!r}: names are a-z, 0-9 and _")
    kind = "mount" if section.mount_argument else "worker" if section.blocks else "inline"
    body = section.body.strip("\n").replace("'", "'\\''")
    return f"\t{section.name}) kind={kind} tool='{section.tool}' body='{body}' ;;"


def assemble(sections: Iterable[Section]) -> CollectorScript:
    """Put `sections` into the frame. Raises ValueError for two different sections of one name, or a bad name."""
    by_name: dict[str, Section] = {}
    for section in sections:
        if by_name.setdefault(section.name, section) != section:
            raise ValueError(f"two different sections are named {section.name}")
    ordered = [by_name[name] for name in sorted(by_name)]
    frame = files("cs_exporter.transports.collector").joinpath("collector.sh").read_text("utf-8")
    text = frame.replace("\t# @SECTIONS@\n", "".join(_case(section) + "\n" for section in ordered))
    text = text.replace("@NAMES@", ",".join(by_name[name].name for name in sorted(by_name)))
    text = text.replace("@PROTOCOL@", str(PROTOCOL))
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return CollectorScript(text.replace("@HASH@", digest), digest, frozenset(by_name))
