"""YAML that remembers its lines, so that a fault in a file can be pointed at."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from amanat.errors import BadInput


class UnreadableFile(BadInput):
    """A file of ours is missing, not UTF-8, not YAML, or says one key twice."""


class _Loader(yaml.SafeLoader):
    """YAML's core schema without timestamps: a date is text, since it may be of either calendar."""


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class YamlDocument:
    """One YAML document: `value` in plain Python types (dates as text), and `line(path)` of any part of it."""

    def __init__(self, path: Path) -> None:
        """Read `path`. Raises UnreadableFile."""
        self.path = path
        try:
            loader = _Loader(path.read_text(encoding="utf-8"))
            self._root = loader.get_single_node()
            if self._root is not None:
                _refuse_repeated_keys(self._root, path, set())
            self.value: Any = None if self._root is None else loader.construct_document(self._root)
        except (OSError, UnicodeDecodeError) as fault:
            what = f"{path.name} can't be read: {fault}"
            raise UnreadableFile(what, str(path), "Restore the file.") from fault
        except yaml.YAMLError as fault:
            message = " ".join(str(fault).split())
            raise UnreadableFile(
                f"{path.name} is not YAML: {message}", str(path), "Correct that line."
            ) from fault

    def line(self, path: Sequence[str | int] = ()) -> int:
        """The line (from 1) of what lies nearest to `path`, such as ("requirements", 3, "source")."""
        node = self._root
        if node is None:
            return 1
        line = node.start_mark.line
        for step in path:
            child = _child(node, step)
            if child is None:
                break
            line, node = child
        return int(line) + 1


def _child(node: yaml.Node, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line, item
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line, value
    return None


def _refuse_repeated_keys(node: yaml.Node, path: Path, seen_nodes: set[int]) -> None:
    """YAML 1.2 (3.2.1.1) wants unique keys, and PyYAML silently keeps the last."""
    if id(node) in seen_nodes:
        return
    seen_nodes.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, path, seen_nodes)
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if key.value in keys:
                where = f"{path.name} line {key.start_mark.line + 1}"
                raise UnreadableFile(f"{key.value} is there twice", where, "Keep one of them.")
            keys.add(str(key.value))
            _refuse_repeated_keys(value, path, seen_nodes)
