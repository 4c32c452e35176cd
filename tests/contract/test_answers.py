"""Every field that a probe answers is read by a check, or is there for the evidence's reader, with the reason."""

import ast
import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Any

import pytest

from amanat.paths import PROJECT_ROOT
from amanat_host import questions
from amanat_host.answers import archive, backups, logs, site, system, volume
from amanat_host.questions import Question

READERS = sorted(
    [
        *PROJECT_ROOT.glob("policies/*/test_*.py"),
        PROJECT_ROOT / "amanat/health.py",
        PROJECT_ROOT / "amanat/log_seals.py",
        PROJECT_ROOT / "amanat/audit/holes.py",
    ]
)
FOR_PEOPLE = {
    "Anchors.restored": "which states of the archive somebody went back to, for whoever asks why heads repeat",
    "Attachment.autoclear": "why a loop device outlived its host",
    "Attachment.device": "the same",
    "Attachment.direct_io": "why a volume is slow",
    "BoundTo.url": "which server was meant; its keys are what counts, and are compared",
    "Comparison.baseline_at": "since when the host is compared with this baseline",
    "Comparison.baseline_sha256": "whether two runs compared with the same one",
    "Drift.files": "what role base puts right",
    "Drift.handler": "how role base puts it right",
    "Drift.why": "what the audit's finding says: the whole entry is shown",
    "Drifts.recorded": "whether role base has to write them down",
    "Drifts.unsettable": "what role base writes down",
    "EncryptedDirectory.key_state": "why the volume can't be read",
    "EncryptedDirectory.path": "which directory the policy is of",
    "KernelSetting.met": "what drift counts by",
    "KernelSetting.wanted": "what the role asked for; policies have their own values",
    "KeptKey.filesystem": "what the key's file lies on",
    "KeptKey.path": "which file it is",
    "Mapped.name": "which mapping it is",
    "Mount.device": "which device it is",
    "Mount.mount": "where it is mounted",
    "PrivilegedFile.group": "whose rights the file gives",
    "PrivilegedFile.mode": "which rights it gives",
    "PrivilegedFile.owner": "whose rights the file gives",
    "SealedChain.purged": "what `amanat logs verify` tells; the verifier compares each with its record",
    "SealedChain.sealed": "what `amanat logs verify` tells",
    "SearchedFiles.root": "where was searched",
    "SearchedImage.path": "what was searched",
    "ServerDirectory.path": "where the directory is",
    "Snapshot.id": "which copy it is, for `restic` by hand",
    "StrayFile.override": "how role base puts it right",
    "StrayFile.path": "what role base puts right",
    "TangKey.advertised": "which keys are old ones",
    "TangKey.use": "what it is for",
    "Updates.last_unattended_run": "when updates were last tried, for whoever asks why one waits",
    "Volume.loop": "how the image is attached",
    "Volume.method": "what was chosen; the kernel's answer is what counts",
}
MODULES = (archive, backups, logs, site, system, volume)
ANSWERS = {
    name: one
    for module in MODULES
    for name, one in inspect.getmembers(module, inspect.isclass)
    if dataclasses.is_dataclass(one) and one.__module__ == module.__name__
}
OWN = {name: [*one.__dict__.get("__annotations__", {})] for name, one in ANSWERS.items()}
HINTS = {name: typing.get_type_hints(one) for name, one in ANSWERS.items()}
FIELDS = [f"{name}.{field}" for name, fields in OWN.items() for field in fields]


class Reads(ast.NodeVisitor):
    """The fields of answers that a module reads, by the types of what they are read from.

    Types come from annotations and questions alone: an answer whose type isn't written counts as read by nobody.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.found: set[str] = set()
        self.names: dict[str, Any] = {}
        self.texts: set[str] = set()  # what a test's decorators name, for getattr
        self.module: dict[str, Any] = {}
        self.returns = {
            one.name: annotated(one.returns) for one in tree.body if isinstance(one, ast.FunctionDef)
        }
        for node in tree.body:
            self.visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:  # noqa: N802 - ast's own name
        before = self.names
        self.names = dict(self.module)
        marks = [part for mark in node.decorator_list for part in ast.walk(mark)]
        self.texts = {
            one.value for one in marks if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
        for argument in node.args.args:
            self.names[argument.arg] = annotated(argument.annotation)
        # Twice: a name may be used before, in the order of the tree, a comprehension gives it its type.
        for _ in range(2):
            for statement in node.body:
                self.visit(statement)
        self.names = before

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        for target in node.targets:
            self.bind(target, self.type_of(node.value), node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802
        self.bind(node.target, annotated(node.annotation), None)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:  # noqa: N802
        self.bind(node.target, self.element(node.iter), None)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.bind(node.target, self.element(node.iter), None)
        self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        # A comprehension's element stands before its loops, which give its names their types.
        for loop in getattr(node, "generators", ()):
            self.visit(loop)
        super().generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:  # noqa: N802
        self.read(self.type_of(node.value), node.attr)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:  # noqa: N802
        if isinstance(node.func, ast.Name) and node.func.id == "getattr":
            for text in self.texts:
                self.read(self.type_of(node.args[0]), text)
        if isinstance(node.func, ast.Name) and node.func.id in ANSWERS:  # compared as a whole
            self.found |= {f"{node.func.id}.{field}" for field in OWN[node.func.id]}
        self.generic_visit(node)

    def read(self, kind: Any, field: str) -> None:
        for one in _classes(kind):
            for base in one.__mro__:
                if field in OWN.get(base.__name__, ()):
                    self.found.add(f"{base.__name__}.{field}")

    def bind(self, target: ast.expr, kind: Any, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = kind
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, its in zip(target.elts, value.elts, strict=False):
                self.bind(one, self.type_of(its), its)
        elif isinstance(target, ast.Tuple) and typing.get_origin(kind) is tuple:
            for one, its in zip(target.elts, typing.get_args(kind), strict=False):
                self.bind(one, its, None)

    def element(self, node: ast.expr) -> Any:
        """What iterating over an expression gives."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            kind, method = self.type_of(node.func.value), node.func.attr
            given = typing.get_args(kind)
            if _is_mapping(kind) and method in ("values", "items"):
                return given[1] if method == "values" else tuple[given[0], given[1]]
        return _inner(self.type_of(node))

    def type_of(self, node: ast.expr) -> Any:  # noqa: PLR0911 - one for each kind of expression
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Call):
            asked = [one for one in node.args if ast.unparse(one).startswith("questions.")]
            if asked and isinstance(asked[0], ast.Attribute):
                question = getattr(questions, asked[0].attr, None)
                return question.answer if isinstance(question, Question) else None
            return self.returns.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if isinstance(node, ast.Attribute):
            for one in _classes(self.type_of(node.value)):
                if node.attr in HINTS[one.__name__]:
                    return HINTS[one.__name__][node.attr]
            return None
        if isinstance(node, ast.List):
            held = [
                _inner(self.type_of(one.value)) if isinstance(one, ast.Starred) else self.type_of(one)
                for one in node.elts
            ]
            found = tuple(cls for kind in held for cls in _classes(kind))
            return Sequence[typing.Union[found]] if found else None  # noqa: UP007 - made of values
        if isinstance(node, ast.Subscript):
            kind = self.type_of(node.value)
            if isinstance(node.value, ast.DictComp):
                kind = Mapping[str, self.element(node.value.generators[0].iter)]
            given = typing.get_args(kind)
            return given[-1] if given else None
        return None


def annotated(node: ast.expr | None) -> Any:
    """The type that an annotation names; None where it names no answer."""
    text = ast.unparse(node) if node else ""
    known = {"Mapping": Mapping, "str": str, **ANSWERS}
    return eval(text, known) if set(re.findall(r"\w+", text)) <= set(known) and text else None  # noqa: S307 - our own


def _is_mapping(kind: Any) -> bool:
    return typing.get_origin(kind) is Mapping


def _inner(kind: Any) -> Any:
    """What a sequence holds; the keys of a mapping, which are no answers."""
    given = typing.get_args(kind)
    return (
        given[0]
        if given and typing.get_origin(kind) not in (typing.Union, tuple) and not _is_mapping(kind)
        else None
    )


def _classes(kind: Any) -> Iterator[type]:
    """The answers among a type and its alternatives."""
    for one in (kind, *typing.get_args(kind)) if typing.get_origin(kind) is not Mapping else ():
        if isinstance(one, type) and one is not NoneType and one.__name__ in ANSWERS:
            yield one


@pytest.fixture(scope="module")
def read() -> set[str]:
    return {field for path in READERS for field in Reads(ast.parse(path.read_text("utf-8"))).found}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_read_by_a_check_or_has_a_reason(read, field):
    assert field in read or field in FOR_PEOPLE


def test_the_reasons_are_those_of_fields_that_no_check_reads(read):
    assert [field for field in FOR_PEOPLE if field not in FIELDS or field in read] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def test_it(v: Volume):\n    assert v.backing.bytes", {"Volume.backing", "Backing.bytes"}),
        ("def test_it(h):\n    assert h.ask(questions.DAMAGE).whole", {"Damage.whole"}),
        (
            "def test_it(h):\n    for a in h.ask(questions.ACCOUNTS).accounts:\n        a.name",
            {"Accounts.accounts", "Account.name"},
        ),
        (
            "def test_it(s: NewestCopies):\n    for d, n in s.destinations.items():\n        n.time",
            {"NewestCopies.destinations", "Snapshot.time"},
        ),
        ("def of(h) -> Volume: ...\ndef test_it(h):\n    v = of(h)\n    v.loop", {"Volume.loop"}),
        ("def test_it(other):\n    assert other.backing.bytes", set()),
    ],
)
def test_what_a_check_reads_is_known(text, found):
    assert Reads(ast.parse(text)).found == found
