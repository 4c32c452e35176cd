"""The configuration resource: nothing runs while all is the same; any other input or a drift makes it run."""

import shutil
from pathlib import Path

import pytest

from amanat import converge
from amanat.converge import ANSIBLE, _Configurations, content_digest
from amanat.runner import ConvergeFailed, Result

PROPS = {
    "inventory": "/i",
    "runs": "/r",
    "inventory_digest": "d1",
    "content_digest": "c1",
    "machines": ["m1"],
    "secrets": {"key": "k"},
}
STATE = {**PROPS, "drift": [], "recap": {}}


@pytest.fixture
def played(monkeypatch):
    """Runs of the playbook that were asked for, instead of runs."""
    asked = []

    class Fake:
        def __init__(self, path, inventory, runs, secrets, hosts):
            assert hosts == ["store", "vault"]
            self.given = (path, inventory, runs, secrets)

        def run(self):
            asked.append(("run", *self.given))
            return Result(recap={"store": {"ok": 3}}, changes=["store: something"])

        def check(self):
            asked.append(("check", *self.given))
            return Result(changes=["store: /etc/ssh/sshd_config"])

    monkeypatch.setattr(converge, "Playbook", Fake)
    monkeypatch.setattr(converge, "hosts_of", lambda inventory: ["store", "vault"])
    return asked


def test_the_same_inputs_run_nothing():
    assert _Configurations().diff("id", STATE, dict(PROPS)).changes is False


@pytest.mark.parametrize(
    "news",
    [
        {"inventory_digest": "d2"},
        {"content_digest": "c2"},
        {"machines": ["m2"]},
        {"machines": ["m1", "m2"]},
        {"secrets": {"key": "other"}},
    ],
)
def test_another_input_runs_the_playbook_on_the_same_resource(news):
    diff = _Configurations().diff("id", STATE, {**PROPS, **news})
    assert (diff.changes, diff.replaces) == (True, [])


def test_where_the_files_lie_is_no_reason_to_run():
    assert _Configurations().diff("id", STATE, {**PROPS, "inventory": "/else", "runs": "/e"}).changes is False


def test_a_drift_makes_the_next_run_converge_and_is_forgotten_then(played):
    drifted = _Configurations().read("id", STATE)
    assert drifted.id == "id"
    assert drifted.outs["drift"] == ["store: /etc/ssh/sshd_config"]
    assert _Configurations().diff("id", drifted.outs, dict(PROPS)).changes is True
    outs = _Configurations().update("id", drifted.outs, dict(PROPS)).outs
    assert (outs["drift"], outs["recap"]) == ([], {"store": {"ok": 3}})
    assert _Configurations().diff("id", outs, dict(PROPS)).changes is False
    assert [kind for kind, *_ in played] == ["check", "run"]


def test_a_first_run_gets_the_site_and_the_secrets(played):
    _Configurations().create(dict(PROPS))
    assert played == [("run", ANSIBLE / "site.yml", Path("/i"), Path("/r"), {"key": "k"})]


def test_a_failed_run_leaves_no_state(monkeypatch, played):
    def fail(self):
        raise ConvergeFailed("it failed")

    monkeypatch.setattr(converge.Playbook, "run", fail)
    with pytest.raises(ConvergeFailed):
        _Configurations().create(dict(PROPS))


@pytest.fixture
def roles(tmp_path):
    root = tmp_path / "roles"
    (root / "a").mkdir(parents=True)
    (root / "a" / "one").write_text("1", "utf-8")
    (root / "a" / "two").write_text("2", "utf-8")
    return root


def test_the_digest_does_not_depend_on_place_time_or_order(roles, tmp_path, monkeypatch):
    before = content_digest(roles)
    shutil.copytree(roles, tmp_path / "copy", copy_function=shutil.copy)
    assert content_digest(tmp_path / "copy") == before
    listed = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: sorted(listed(self, pattern), reverse=True))
    assert content_digest(roles) == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda root: (root / "a/one").write_text("1 ", "utf-8"),
        lambda root: (root / "a/one").rename(root / "a/three"),
        lambda root: (root / "a/one").chmod(0o755),
        lambda root: (root / "a/one").unlink(),
        lambda root: (root / "a/new").write_text("", "utf-8"),
        lambda root: (root / "a").rename(root / "b"),
        lambda root: [
            (root / f"a/{name}").write_text(text, "utf-8") for name, text in (("one", "2"), ("two", "1"))
        ],
    ],
    ids=["edited", "renamed", "made executable", "removed", "added", "moved", "swapped"],
)
def test_every_edit_of_a_role_is_another_digest(roles, edit):
    before = content_digest(roles)
    edit(roles)
    assert content_digest(roles) != before


def test_what_python_leaves_behind_is_no_edit(roles):
    before = content_digest(roles)
    (roles / "a/__pycache__").mkdir()
    (roles / "a/__pycache__/one.pyc").write_bytes(b"x")
    (roles / "empty").mkdir()
    assert content_digest(roles) == before
