"""The dependencies of a playbook: the files that it can use, the words in them, and the groups that it runs on."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

PROGRAMS = "host"  # beside the root: what every host runs; services restart when it changes
ROLES = ("role", "name")  # how an item of `roles:` names its role
DATA = ("files", "templates")
PLUGINS = ("filter_plugins", "lookup_plugins", "test_plugins", "library", "module_utils")
DEFINITIONS = ("defaults", "vars")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILE = re.compile(r"[\w.-]+")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


@dataclass(frozen=True)
class PlaybookContent:
    """A playbook below `root` (the directory of ansible.cfg, roles and collections) and all that it brings in.

    A role that is listed or imported whole counts with all of its files; one that is entered at another task file
    (`tasks_from`) only with what can be reached from there, so that its other users keep to themselves.
    """

    root: Path
    path: Path
    _entered: set[tuple[str, str]] = field(default_factory=set, init=False, repr=False, compare=False)

    @cached_property
    def plays(self) -> list[dict[str, Any]]:
        """The plays, those of imported playbooks among them."""
        return list(plays_of(self.path))

    @cached_property
    def files(self) -> frozenset[Path]:
        """Every file whose change can change what the playbook does."""
        found: set[Path] = set(_playbooks(self.path))
        for play in self.plays:
            found |= self._of_play(play)
        shared = [path for name in DATA for path in _files(self.root / name)]
        found |= _mentioned(shared, self.root, found)
        found |= {*_files(self.root / "collections"), *_files(self.root.parent / PROGRAMS)}
        return frozenset(found | {self.root / "ansible.cfg"})

    @property
    def roles(self) -> frozenset[str]:
        """The roles that it uses something of."""
        parts = [self._place(path) for path in self.files]
        return frozenset(names[1] for names in parts if names[0] == "roles")

    @property
    def digest(self) -> str:
        """SHA-256 over names, modes and contents of the files, whatever order the disk gives."""
        digest = hashlib.sha256()
        for path in sorted(self.files):
            digest.update(f"{'/'.join(self._place(path))}\0{path.stat().st_mode & 0o111:o}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    @cached_property
    def words(self) -> frozenset[str]:
        """The identifiers in the files: a variable that is not among them has no effect here.

        A default that no task, template or used default names is not used, so neither is what its value names.
        """
        definitions: dict[str, str] = {}
        found: set[str] = set()
        for path in self.files:
            kind = self._place(path)
            if kind[0] in ("collections", PROGRAMS) or path.suffix in (".cfg", ".py", ".sql"):
                continue
            if kind[0] == "roles" and kind[2] in DEFINITIONS:
                definitions |= {name: str(value) for name, value in (_loaded(path) or {}).items()}
            elif not (kind[0] == "roles" and kind[2] == "meta"):
                found |= _words(path)
        return frozenset(_with_used(found, definitions))

    def _place(self, path: Path) -> tuple[str, ...]:
        """Where a file lies below the root; the hosts' programs, which lie beside it, by their own directory."""
        return path.relative_to(self.root if path.is_relative_to(self.root) else self.root.parent).parts

    def _of_play(self, play: Mapping[str, Any]) -> set[Path]:
        found: set[Path] = set()
        for item in play.get("roles") or []:
            given = {"role": item} if isinstance(item, str) else item
            name = next(str(given[key]) for key in ROLES if key in given)
            found |= self._of_role(name, str(given.get("tasks_from", "main")))
        found |= {self.path.parent / _literal(name) for name in play.get("vars_files") or []}
        return found | self._of_tasks(play, self.path.parent)

    def _of_role(self, name: str, entry: str) -> set[Path]:
        """The files of a role that is entered at a task file, and of the roles it uses; once each."""
        if (name, entry) in self._entered:
            return set()
        self._entered.add((name, entry))
        role = self.root / "roles" / name
        if not role.is_dir():
            raise FileNotFoundError(f"{self.path.name} uses the role {name}, and there is no {role}")
        found = set(_files(role)) if entry == "main" else self._reached(role, entry)
        for path in sorted(found):
            if path.parent.name in ("tasks", "handlers"):
                found |= self._of_tasks(_loaded(path), path.parent)
        for dependency in (_loaded(role / "meta/main.yml") or {}).get("dependencies") or []:
            given = (
                dependency if isinstance(dependency, str) else dependency.get("role", dependency.get("name"))
            )
            found |= self._of_role(str(given), "main")
        return found

    def _reached(self, role: Path, entry: str) -> set[Path]:
        """What one entry of a role can use of the role's own."""
        found = self._of_tasks([{"import_tasks": f"{entry}.yml"}], role / "tasks")
        found |= {path for name in (*DEFINITIONS, "handlers", *PLUGINS) for path in _files(role / name)}
        found |= {role / "meta/main.yml"} & set(_files(role))
        own = [path for name in DATA for path in _files(role / name)]
        return found | _mentioned(own, role, found)

    def _of_tasks(self, tasks: object, directory: Path) -> set[Path]:
        """The files that tasks, however deep in blocks, bring in."""
        found: set[Path] = set()
        for action, given in _actions(tasks):
            if action in ("import_role", "include_role"):
                found |= self._of_role(_literal(given["name"]), _literal(given.get("tasks_from", "main")))
            else:
                path = directory / _literal(given["file"] if isinstance(given, dict) else given)
                found |= {path} | self._of_tasks(_loaded(path), directory)
        return found


def imported_by(playbook: Path) -> list[Path]:
    """The playbooks that a playbook imports, in their order."""
    return [playbook.parent / _literal(name) for name in _imports(playbook)]


def plays_of(playbook: Path) -> Iterator[dict[str, Any]]:
    """The plays of a playbook, those of imported playbooks among them."""
    for entry in _loaded(playbook) or []:
        imported = _imported(entry)
        if imported:
            yield from plays_of(playbook.parent / imported)
        else:
            yield entry


def _playbooks(playbook: Path) -> Iterator[Path]:
    yield playbook
    for imported in imported_by(playbook):
        yield from _playbooks(imported)


def _imports(playbook: Path) -> list[str]:
    return [name for entry in _loaded(playbook) or [] if (name := _imported(entry))]


def _imported(entry: Mapping[str, Any]) -> str:
    return next((str(value) for key, value in entry.items() if key.endswith("import_playbook")), "")


def _actions(tasks: object) -> Iterator[tuple[str, Any]]:
    """The imports and includes among tasks: (import_role, its arguments), …"""
    if isinstance(tasks, list):
        for task in tasks:
            yield from _actions(task)
    elif isinstance(tasks, dict):
        for key, value in tasks.items():
            action = str(key).removeprefix("ansible.builtin.")
            if action in ("import_role", "include_role", "import_tasks", "include_tasks"):
                yield action, value
            else:
                yield from _actions(value)


def _literal(name: object) -> str:
    """A name that can be known without a run. Raises ValueError for a template: its users could not be told."""
    if "{{" in str(name):
        raise ValueError(f"{name}: roles, task files and playbooks have to be named literally")
    return str(name)


def _mentioned(candidates: list[Path], base: Path, users: set[Path]) -> set[Path]:
    """Of the candidates below `base` those whose name, or a directory of it, stands in a user or in one another."""
    found: set[Path] = set()
    names = _names(users)
    while fresh := {
        path for path in candidates if path not in found and names & set(path.relative_to(base).parts[1:])
    }:
        found |= fresh
        names = _names(fresh)
    return found


def _names(users: set[Path]) -> set[str]:
    """What stands in tasks, variables and templates and could be the name of a file."""
    texts = [path.read_text("utf-8", "replace") for path in users if path.suffix in (".yml", ".j2")]
    return {name.rstrip(".") for text in texts for name in _FILE.findall(text)}


def _words(path: Path) -> set[str]:
    return set(_WORD.findall(_COMMENT.sub("", path.read_text("utf-8", "replace"))))


def _with_used(words: set[str], definitions: Mapping[str, str]) -> set[str]:
    """The words, and those of the definitions that they use, however far."""
    used, waiting = set(words), [name for name in definitions if name in words]
    while waiting:
        fresh = set(_WORD.findall(definitions[waiting.pop()])) - used
        used |= fresh
        waiting += [name for name in definitions if name in fresh]
    return used


def _loaded(path: Path) -> Any:  # noqa: ANN401 - what YAML holds
    return yaml.safe_load(path.read_text("utf-8")) if path.exists() else None


def _files(directory: Path) -> list[Path]:
    """The files below a directory, but for what Python leaves there and pages for readers."""
    return [
        path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"
    ]
