"""The configuration resource: nothing runs while all is the same; any other input or a drift makes it run."""

import json
from pathlib import Path

import pytest

from amanat import configuration
from amanat.configuration import CERTIFICATES, _Configurations, issued_certificates, unfinished_parts
from amanat.parts import SITE
from amanat.runner import ConvergeFailed, Result

PROPS = {
    "playbook": "store.yml",
    "inventory": "/i",
    "ansible_artifacts": "/r",
    "content_digest": "c1",
    "variables": {"alpha": {"volume_size_gib": 2.0}},
    "groups": {},
    "addresses": {"alpha": "10.0.0.2"},
    "machine_ids": {"alpha": "m1"},
    "certificates": {"alpha": "s1"},
    "secrets": {"groups": {"store": {"volume_key": "k"}}, "machines": {}},
}
STATE = {**PROPS, "drift": [], "recap": {}}


@pytest.fixture
def played(monkeypatch, tmp_path):
    """Runs of playbooks that were asked for, instead of runs."""
    asked = []

    class Fake:
        def __init__(self, path, inventory, runs, secrets):
            self.given = (path, inventory, runs, secrets)

        def run(self):
            asked.append(("run", *self.given))
            stats = {"pki_certificates": {"alpha": "s2"}}
            return Result(recap={"alpha": {"ok": 3}}, changes=["alpha: something"], stats=stats)

        def check(self):
            asked.append(("check", *self.given))
            return Result(changes=["alpha: /etc/ssh/sshd_config"])

    monkeypatch.setattr(configuration, "Playbook", Fake)
    return asked


@pytest.fixture
def props(tmp_path):
    """Inputs with a directory of runs that is there."""
    return {**PROPS, "ansible_artifacts": str(tmp_path)}


def test_the_same_inputs_run_nothing():
    assert _Configurations().diff("id", STATE, dict(PROPS)).changes is False


@pytest.mark.parametrize(
    "news",
    [
        {"content_digest": "c2"},
        {"variables": {"alpha": {"volume_size_gib": 3.0}}},
        {"groups": {"store": ["alpha"]}},
        {"addresses": {"alpha": "10.0.0.3"}},
        {"machine_ids": {"alpha": "m2"}},
        {"machine_ids": {"alpha": "m1", "beta": "m2"}},
        {"certificates": {"alpha": "s2"}},
        {"secrets": {"groups": {"store": {"volume_key": "other"}}, "machines": {}}},
    ],
)
def test_another_input_runs_the_playbook_on_the_same_resource(news):
    diff = _Configurations().diff("id", STATE, {**PROPS, **news})
    assert (diff.changes, diff.replaces) == (True, [])


def test_where_the_files_lie_is_no_reason_to_run():
    assert (
        _Configurations()
        .diff("id", STATE, {**PROPS, "inventory": "/else", "ansible_artifacts": "/e"})
        .changes
        is False
    )


def test_a_drift_makes_the_next_run_converge_and_is_forgotten_then(played, props):
    drifted = _Configurations().read("id", {**STATE, **props})
    assert drifted.id == "id"
    assert drifted.outs["drift"] == ["alpha: /etc/ssh/sshd_config"]
    assert _Configurations().diff("id", drifted.outs, props).changes is True
    outs = _Configurations().update("id", drifted.outs, props).outs
    assert (outs["drift"], outs["recap"]) == ([], {"alpha": {"ok": 3}})
    assert _Configurations().diff("id", outs, props).changes is False
    assert [kind for kind, *_ in played] == ["check", "run"]


def test_a_first_run_gets_the_playbook_and_the_secrets(played, props):
    _Configurations().create(props)
    assert played == [
        ("run", SITE.parent / "store.yml", Path("/i"), Path(props["ansible_artifacts"]), PROPS["secrets"])
    ]


def test_a_failed_run_leaves_no_state(monkeypatch, played, props):
    def fail(self):
        raise ConvergeFailed("it failed")

    monkeypatch.setattr(configuration.Playbook, "run", fail)
    with pytest.raises(ConvergeFailed):
        _Configurations().create(props)
    assert unfinished_parts(Path(props["ansible_artifacts"])) == {"store"}


def test_a_part_that_was_cut_off_has_the_base_run_again(monkeypatch, played, props):
    """So that what the base owns is put back before changes of the other part are accepted as known."""
    (Path(props["ansible_artifacts"]) / "store.unfinished").touch()
    unfinished = unfinished_parts(Path(props["ansible_artifacts"]))
    assert unfinished == {"store"}
    base = {**props, "playbook": "base.yml"}
    known = {**STATE, **base, "unfinished": []}
    assert _Configurations().diff("id", known, {**base, "unfinished": unfinished}).changes is True
    assert _Configurations().diff("id", known, {**base, "unfinished": []}).changes is False
    outs = _Configurations().update("id", known, {**base, "unfinished": unfinished}).outs
    assert _Configurations().diff("id", outs, {**base, "unfinished": []}).changes is False
    _Configurations().create(props)
    assert unfinished_parts(Path(props["ansible_artifacts"])) == set()


@pytest.mark.usefixtures("played")
def test_services_are_told_of_certificates_that_a_run_issued(props, tmp_path):
    """Those of the same `up` come after it, so they copy the new one and take it up."""
    assert issued_certificates(tmp_path, ["alpha"]) == {}
    _Configurations().update("id", STATE, props)
    assert issued_certificates(tmp_path, ["alpha"]) == {"alpha": "s2"}
    assert issued_certificates(tmp_path, ["beta"]) == {}


def test_a_run_that_issues_nothing_keeps_what_is_known(monkeypatch, played, props, tmp_path):
    (tmp_path / CERTIFICATES).write_text(json.dumps({"alpha": "s1"}), "utf-8")
    monkeypatch.setattr(configuration.Playbook, "run", lambda self: Result())
    _Configurations().update("id", STATE, props)
    assert issued_certificates(tmp_path, ["alpha"]) == {"alpha": "s1"}
