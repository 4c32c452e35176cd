"""What each command finds and how it tells it, with the stack and its target replaced."""

import json
import os
from types import SimpleNamespace

import pytest
from pulumi.automation import OpType

from amanat.cli import operations
from amanat.cli.operations import Result, adopt_mirrors, exports, last_audit, render
from amanat.errors import BadInput
from amanat.health import Health
from tests.declared import NAMES, declared
from tests.unit.targets.fake import FakeMachine, FakeOperations

OUTPUTS = {
    "endpoints": {"store": {"ssh": "127.0.0.1:21022"}},
    "network": {"addresses": {"store": "10.99.7.11"}, "controller": "10.99.7.1"},
    "sealing_key": {"fingerprint": "F", "private_half": "/home/private.asc"},
    "secrets": {"key": "SECRETMARK"},
}


def output(name):
    return SimpleNamespace(value=OUTPUTS[name], secret=name == "secrets")


@pytest.fixture
def stack(monkeypatch):
    """The stack and its target; tests set what they find."""
    target = FakeOperations({"store": FakeMachine()})
    found = SimpleNamespace(changes={"same": 9}, drift=[], target=target, asked=[])

    class Stack:
        def __init__(self, paths):
            self.paths = paths

        def up(self, show, *, force):
            found.asked.append(("up", force))
            outputs = {name: output(name) for name in OUTPUTS}
            return SimpleNamespace(outputs=outputs, summary=SimpleNamespace(resource_changes=found.changes))

        def preview(self, show):
            return SimpleNamespace(change_summary=found.changes)

        def drift(self, show):
            return found.drift

        def outputs(self):
            return OUTPUTS

        target = found.target

        def down(self, show):
            found.asked.append("down")

        def environment(self):
            return {"PULUMI_BACKEND_URL": "file:///it's", "HOME": "/root"}

    monkeypatch.setattr(operations, "Stack", Stack)
    return found


def test_an_answer_is_told_either_way(capsys):
    result = Result({"names": ["انبار"]}, ("one", "two"))
    render(result, as_json=False)
    render(result, as_json=True)
    out = capsys.readouterr().out
    assert out.startswith("one\ntwo\n{")
    assert json.loads(out[len("one\ntwo\n") :]) == {"names": ["انبار"]}
    assert "انبار" in out


def test_a_first_up_tells_to_keep_the_sealing_key(stack, paths, capsys):
    stack.changes = {"create": 30}
    answer, secrets = operations.up(paths, force=True)
    assert secrets == {"key": "SECRETMARK"}
    assert answer.lines[0] == "store is reached at ssh://127.0.0.1:21022"
    assert "/home/private.asc" in answer.lines[1]
    assert answer.values["changes"] == {"create": 30}
    assert stack.asked == [("up", True)]
    assert "changes: 30 create" in capsys.readouterr().err


def test_a_later_up_does_not_and_never_tells_a_secret(stack, paths, capsys):
    answer, _ = operations.up(paths, force=False)
    assert len(answer.lines) == 2
    assert "SECRETMARK" not in json.dumps(answer.values)
    assert "nothing to change (9 resources)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", True),
        ("amanat:alert_webhook_url: https://hooks.example/amanat", False),
        ("amanat:alert_email: a@example.org\n  amanat:alert_smtp_server: mail.example.org:587", False),
        ("amanat:placement: {alpha: store, beta: vault}", False),
    ],
)
def test_an_up_after_which_nobody_is_told_of_alerts_says_so(stack, paths, config, said):
    (paths.project / f"Pulumi.{paths.stack}.yaml").write_text(f"config:\n  {config}\n")
    answer, _ = operations.up(paths, force=False)
    assert any("nobody is told: set amanat:alert_webhook_url" in line for line in answer.lines) is said


def test_a_preview_counts(stack, paths):
    stack.changes = {OpType.UPDATE: 2, "same": 3}
    answer = operations.preview(paths)
    assert answer.values["changes"] == {"update": 2, "same": 3}
    assert answer.lines == ("changes: 2 update",)
    assert answer.values["warnings"] == ()


def declare(paths, **changes):
    config = {
        f"amanat:{name}": value for name, value in {**NAMES, "declarations": declared(**changes)}.items()
    }
    (paths.project / f"Pulumi.{paths.stack}.yaml").write_text(json.dumps({"config": config}))


def test_what_ended_is_said_by_preview_up_and_status(stack, paths, monkeypatch):
    monkeypatch.setattr(operations.health, "of_stack", lambda paths, states: {})
    stack.target.machines.clear()
    declare(paths, enamad__issued="1400-06-01", enamad__ends="1401-06-01", price_list__date="1400-09-01")
    answer = operations.preview(paths)
    assert answer.values["warnings"][0].startswith("the eNAMAD seal ended ")
    assert answer.lines[1] == f"warning: {answer.values['warnings'][0]}."
    assert answer.lines[1:] == operations.up(paths, force=False)[0].lines[-2:]
    told = operations.status(paths)
    assert told.values["health"]["declarations"]["well"] is False
    assert told.lines[1].split(maxsplit=1)[0] == "declarations"
    assert "the price list ended" in told.lines[1]


def test_no_drift_is_said(stack, paths):
    answer = operations.drift(paths)
    assert answer.values["drift"] == []
    assert answer.lines == ("no drift: the hosts are as `make up` left them",)


def test_a_drift_inside_and_outside_is_listed_with_what_to_do(stack, paths):
    stack.drift = ["host vault is stopped", "store: sshd"]
    answer = operations.drift(paths)
    assert answer.values["drift"] == stack.drift
    assert answer.lines[:2] == ("host vault is stopped", "store: sshd")
    assert answer.lines[-1] == "next: `make up` puts this right"


def test_the_status_tells_hosts_and_how_they_are_ports_and_the_last_audit(stack, paths, monkeypatch):
    well = {"store": Health(True, "well: all that it needs runs"), "last_drill": Health(False, "none yet")}
    monkeypatch.setattr(operations.health, "of_stack", lambda paths, states: dict(well) if states else {})
    answer = operations.status(paths)
    assert answer.values["hosts"] == {"store": "running"}
    assert answer.values["health"]["store"] == {"well": True, "words": "well: all that it needs runs"}
    assert answer.lines[0].split(maxsplit=2) == ["store", "running", "well: all that it needs runs"]
    assert answer.lines[1].split(maxsplit=2) == ["last", "drill", "none yet"]
    assert answer.lines[2].split() == ["store", "ssh", "127.0.0.1:21022"]
    assert answer.lines[3].split() == ["stack", "id", paths.stack_id]
    assert answer.lines[4] == "last audit: none yet; run `make audit`"
    stack.target.machines.clear()
    assert operations.status(paths).lines[0] == "no host runs"


def test_down_tells_what_is_kept_and_what_is_still_there(stack, paths):
    paths.sealing.mkdir(parents=True)
    stack.target.machines.clear()
    stack.target.data["store"] = "messages"
    answer = operations.down(paths)
    assert answer.values["kept"] == [str(paths.sealing)]
    assert answer.values["left"] == {"data": ["store"]}
    assert answer.lines[1:] == (f"kept: {paths.sealing}", "still there: data store")
    assert stack.asked == ["down"]


def audit(paths, name, green, *verdicts):
    directory = paths.evidence / name
    directory.mkdir(parents=True)
    requirements = {str(number): {"verdict": verdict} for number, verdict in enumerate(verdicts)}
    result = {"green": green, "requirements": requirements}
    manifest = {"finished": {"utc": f"{name}Z", "solar_hijri": "1404"}, "result": result}
    (directory / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def test_the_last_finished_audit_is_told(paths):
    audit(paths, "2026-01-01", True, "satisfied")
    audit(paths, "2026-01-02", False, "satisfied", "satisfied", "not-checked")
    (paths.evidence / "2026-01-03").mkdir()
    assert last_audit(paths) == "2026-01-02Z (1404) NOT green: 2 satisfied, 1 not-checked"


def test_an_audit_of_some_requirements_is_not_told_as_one_of_all(paths):
    audit(paths, "2026-01-02", True, "satisfied", "not-selected", "not-selected")
    assert (
        last_audit(paths)
        == "2026-01-02Z (1404) green for 1 of 3 requirements, the others were not asked for: 1 satisfied"
    )


def test_mirrors_of_the_settings_serve_the_tools_where_the_environment_names_none(paths, monkeypatch):
    monkeypatch.setenv("AMANAT_GOPROXY", "https://environment")
    monkeypatch.setenv("AMANAT_PYPI_INDEX", "to be restored")
    monkeypatch.delenv("AMANAT_PYPI_INDEX")
    adopt_mirrors(paths)  # no settings file yet
    assert "AMANAT_PYPI_INDEX" not in os.environ
    settings = "config: {amanat:pypi_index: https://settings/simple, amanat:go_proxy: https://settings}\n"
    (paths.project / "Pulumi.unit.yaml").write_text(settings, "utf-8")
    adopt_mirrors(paths)
    assert os.environ["AMANAT_PYPI_INDEX"] == "https://settings/simple"
    assert os.environ["AMANAT_GOPROXY"] == "https://environment"


def test_exports_are_there_for_settings_that_are_refused(stack, paths, monkeypatch):
    """Plain Pulumi says what is wrong with them."""

    class Refused(operations.Stack):
        @property
        def target(self):
            raise BadInput("a setting is refused")

    monkeypatch.setattr(operations, "Stack", Refused)
    monkeypatch.setattr(operations, "target_operations", lambda settings, paths: FakeOperations())
    assert "export FAKE_TARGET=here" in exports(paths, {}).splitlines()


def test_exports_hold_only_what_the_tools_need(stack, paths):
    told = exports(paths, {"PATH": "/p", "SSL_CERT_FILE": "/c", "TERM": "x"})
    names = [line.split("=")[0] for line in told.splitlines()]
    assert names == [
        "unset PULUMI_CONFIG_PASSPHRASE",
        "export FAKE_TARGET",
        "export PATH",
        "export PULUMI_BACKEND_URL",
    ]
    assert "export PULUMI_BACKEND_URL='file:///it'\"'\"'s'" in told
