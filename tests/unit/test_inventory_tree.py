"""An inventory as data: who is in which group, who a play is for, and what a machine is told."""

import pytest

from amanat.inventory_tree import InventoryTree

TEXT = """
all:
  vars: {ansible_user: deploy, shared: 1, level: all}
  hosts:
    alpha: {ansible_port: 2201, own: alpha}
    beta: {own: beta}
  children:
    store: {hosts: {alpha: {}}, vars: {level: store, volume: 9}}
    vault: {hosts: {beta: }, vars: {level: vault}}
    desk: {hosts: {alpha: }}
"""
DRILL = "all: {hosts: {drill: {own: drill}}}"


@pytest.fixture
def tree():
    return InventoryTree.of_text(TEXT, DRILL)


def test_groups_list_their_machines(tree):
    assert tree.groups == {
        "all": ["alpha", "beta", "drill"],
        "store": ["alpha"],
        "vault": ["beta"],
        "desk": ["alpha"],
    }


@pytest.mark.parametrize(
    ("pattern", "machines"),
    [
        ("all", ["alpha", "beta", "drill"]),
        ("store", ["alpha"]),
        ("beta", ["beta"]),
        ("store:vault", ["alpha", "beta"]),
        ("desk:store", ["alpha"]),
        ("all:!drill", ["alpha", "beta"]),
        ("all:!store", ["beta", "drill"]),
        ("logs", []),
    ],
)
def test_a_pattern_gives_machines(tree, pattern, machines):
    assert tree.matching(pattern) == machines


def test_a_machine_is_told_what_all_its_groups_and_itself_are(tree):
    assert tree.variables("alpha") == {"shared": 1, "level": "store", "volume": 9, "own": "alpha"}
    assert tree.variables("beta") == {"shared": 1, "level": "vault", "own": "beta"}
    assert tree.variables("drill") == {"shared": 1, "level": "all", "own": "drill"}
