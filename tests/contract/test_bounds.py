"""Every bound of what this release measures is read by a policy of its requirement: none is there for show."""

import ast
from collections.abc import Iterator

import pytest

from amanat.law import register
from amanat.paths import PROJECT_ROOT

POLICIES = sorted((PROJECT_ROOT / "policies").glob("*/test_*.py"))
WARNING = "_warning_days"  # when people are warned, before there is anything that a policy could find
BOUNDS = [
    (one.id, name)
    for one in register().automated_now()
    for name, bound in one.bounds.items()
    if not bound.measured_by and not name.endswith(WARNING)
]


def definitions(tree: ast.Module) -> dict[str, ast.AST]:
    """What a module defines by name: functions, fixtures, and tables."""
    found: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return found


def reached(test: ast.FunctionDef, known: dict[str, ast.AST]) -> list[ast.AST]:
    """A test and what of its module it uses, by name: helpers, fixtures, tables."""
    waiting, seen = [test.name], dict[str, ast.AST]()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in known:
            continue
        seen[name] = known[name]
        for node in ast.walk(known[name]):
            waiting += [node.id] if isinstance(node, ast.Name) else []
            waiting += [node.arg] if isinstance(node, ast.arg) else []
    return list(seen.values())


def requirements(test: ast.FunctionDef) -> set[str]:
    """The ids that a test is marked with."""
    return {
        str(argument.value)
        for mark in test.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "requirement"
        for argument in mark.args
        if isinstance(argument, ast.Constant)
    }


def read_bounds(source: str) -> Iterator[tuple[str, str]]:
    """(requirement, name) of each bound that tests read by `bound(name)`, where the name is written or in a table."""
    known = definitions(ast.parse(source))
    for test in known.values():
        if not isinstance(test, ast.FunctionDef) or not requirements(test):
            continue
        nodes = [node for part in reached(test, known) for node in ast.walk(part)]
        calls = [n for n in nodes if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "bound"]
        written = {one.value for call in calls for one in call.args if isinstance(one, ast.Constant)}
        if any(not isinstance(one, ast.Constant) for call in calls for one in call.args):
            written |= {
                node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
        yield from ((owner, str(name)) for owner in requirements(test) for name in written)


@pytest.fixture(scope="module")
def read() -> set[tuple[str, str]]:
    return {one for path in POLICIES for one in read_bounds(path.read_text("utf-8"))}


def test_a_bound_of_warnings_is_read_where_they_come_from():
    warns = (PROJECT_ROOT / "amanat/validity.py").read_text("utf-8")
    names = [name for one in register().automated_now() for name in one.bounds if name.endswith(WARNING)]
    assert len(names) == 3
    assert [name for name in names if f'"{name}"' not in warns] == []


@pytest.mark.parametrize(("requirement", "name"), BOUNDS, ids=lambda value: value)
def test_a_bound_is_read_by_a_policy_of_its_requirement(read, requirement, name):
    assert (requirement, name) in read


POLICY = """
LIMITS = {{"setting": "age_days"}}
@requirement("{requirement}")
def test_it(machine, {fixture}):
    {body}
def helper(bound):
    assert bound("lag_seconds").allows(1)
"""


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('assert bound("age_days").allows(1)', {"age_days"}),
        ('assert bound(LIMITS["setting"]).allows(1)', {"age_days"}),
        ("helper(bound)", {"lag_seconds"}),
        ('assert "age_days"', set()),
        ('"""age_days"""', set()),
    ],
)
def test_what_a_policy_reads_is_known(body, names):
    found = set(read_bounds(POLICY.format(requirement="A7-protection", fixture="bound", body=body)))
    assert {name for owner, name in found if owner == "A7-protection"} & {"age_days", "lag_seconds"} == names
