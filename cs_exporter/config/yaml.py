"""Reads a YAML file strictly: what PyYAML takes without a word (a key given twice, keys that are not text) is refused.

Its plain loader also crashes on deep nesting and turns dates into objects; neither has a place in a configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import yaml

try:
    from yaml import CSafeLoader as FastLoader
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeLoader as FastLoader  # type: ignore[assignment]  # the same interface

from cs_exporter.config.errors import ConfigError, Location, Mistake, Origin

MAX_DEPTH = 50
"""Deepest nesting; the C loader recurses on the machine stack."""

_STRING = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class _Loader(FastLoader):
    """A safe loader that leaves dates as the text they were written as."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in FastLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> dict[str, object]:
    """The file's mapping of sections.

    Raises ConfigError for a file that can't be read, is not YAML, is empty, is not a mapping, or has a key twice.
    """
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(name, "", f"can't be read ({error.strerror}); name a readable file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(name, "", f"is not UTF-8 at byte {error.start + 1}; save it as UTF-8") from None
    content = parse_yaml(text, name)
    if content is None:
        raise ConfigError(name, "", "is empty; add at least a 'hosts' section")
    if not isinstance(content, dict):
        raise ConfigError(name, "", "is not a mapping of sections; begin with a line such as 'hosts:'")
    return content


def parse_yaml(text: str, name: str) -> object:
    """The value of a YAML text; `name` is the file or variable that errors name. Raises ConfigError."""
    try:
        _refuse_deep_nesting(text, name)
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            return None
        mistakes = list(_Keys().mistakes(node))
        if mistakes:
            raise Origin(name).error(mistakes)
        return _Loader("").construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, name) from None
    except yaml.YAMLError as error:
        raise ConfigError(name, "", f"is not YAML ({_first_line(error)}); remove that character") from None
    except ValueError as error:
        raise ConfigError(name, "", f"has a value that is not what its tag says ({error}); remove the tag") from None


def _refuse_deep_nesting(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            place = _place(event.start_mark)
            raise ConfigError(name, place, f"is nested more than {MAX_DEPTH} levels deep; check the brackets")


class _Keys:
    """Looks at every node once: keys given twice, keys that are not text, anchors that hold themselves."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._above: set[int] = set()

    def mistakes(self, node: yaml.Node, location: Location = ()) -> Iterator[Mistake]:
        """What is wrong with the keys of a node and of all beneath it."""
        if id(node) in self._above:
            yield Mistake(location, f"the anchor on line {node.start_mark.line + 1} holds itself; remove the alias")
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        self._above.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield from self.mistakes(item, (*location, index))
        elif isinstance(node, yaml.MappingNode):
            yield from self._in_mapping(node, location)
        self._above.remove(id(node))

    def _in_mapping(self, node: yaml.MappingNode, location: Location) -> Iterator[Mistake]:
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag not in (_STRING, _MERGE):
                written = repr(key.value) if isinstance(key, yaml.ScalarNode) else "what is written there"
                yield Mistake(location, f"the key on line {line} must be text, not {written}; put it in quotes")
                continue
            here = (*location, key.value)
            if key.value in first:
                yield Mistake(here, f"is given twice, on lines {first[key.value]} and {line}; remove one of them")
            first.setdefault(key.value, line)
            yield from self.mistakes(value, here)


def _syntax_error(error: yaml.MarkedYAMLError, name: str) -> ConfigError:
    problem = error.problem or "syntax error"
    if error.context and re.search(r"\btoken\b|\bfound\b", problem) is None:
        problem = f"{error.context}: {problem}"
    mend = "correct the YAML there"
    if "cannot start any token" in problem:
        mend = "indent with spaces instead of tabs, and put values that begin with @, ` or % in quotes"
    elif "mapping values are not allowed" in problem:
        mend = "put a text that holds ': ' in quotes, and check the indentation"
    elif "constructor" in problem:
        mend = "remove the tag"
    return ConfigError(name, _place(error.problem_mark or error.context_mark), f"{problem}; {mend}")


class _Mark(Protocol):
    line: int
    column: int


def _place(mark: _Mark | None) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
