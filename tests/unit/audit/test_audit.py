"""How an audit is started, narrowed and refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from amanat.evidence import verify
from tests.unit.audit.conftest import Auditor

PASSES = '@requirement("U-currency")\ndef test_it(store, bound):\n    assert store.read("id -un")\n'


def test_only_one_requirement_decides_alone(audit: Auditor, tmp_path: Path) -> None:
    verdicts = tmp_path / "verdicts.json"
    other = '@requirement("A3-channels")\ndef test_other():\n    assert False\n'
    result = audit(PASSES + other, "--only", "U-currency", "--json", str(verdicts))
    assert result.exit_status == 0, result.text
    said = json.loads(verdicts.read_text())
    assert said["green"] is True
    assert said["requirements"]["U-currency"]["verdict"] == "satisfied"
    assert said["requirements"]["A3-channels"]["verdict"] == "not-selected"
    assert result.run
    assert verify(result.run) == []


def test_json_on_standard_output_stands_alone(audit: Auditor) -> None:
    result = audit(PASSES, "--only", "U-currency", "--json", "-")
    assert json.loads(result.stdout)["green"] is True
    assert "U-currency" in result.text


def test_a_check_that_is_left_out_is_not_checked(audit: Auditor) -> None:
    result = audit(PASSES, "-k", "nothing")
    assert result.exit_status == 1
    assert result.verdict("U-currency") == (
        "not-checked",
        "it was not chosen for this audit, so it did not run",
    )
    assert result.verdict("A3-channels") == ("not-checked", "no check of it was collected")


@pytest.mark.parametrize("redirection", [">/dev/full", "| true", "2>/dev/full"])
def test_an_audit_is_finished_whatever_its_output_is(
    audit: Auditor, tmp_path: Path, redirection: str
) -> None:
    assert audit(PASSES, "--only", "U-currency").exit_status == 0
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--only=U-currency"]
    words += [f"--evidence={tmp_path}/evidence2", f"--inventory={tmp_path}/hosts.yml", "policies"]
    ended = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {redirection}', *words],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
            "AMANAT_HOME": f"{tmp_path}/home",
            "FAKE_SSH_LOG": f"{tmp_path}/ssh.log",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (run,) = (tmp_path / "evidence2").iterdir()
    assert verify(run) == []
    assert "Traceback" not in ended.stderr
    assert ("can't be written: No space left on device" in ended.stderr) is (redirection == ">/dev/full")


def test_every_policy_without_a_known_requirement_is_named(audit: Auditor) -> None:
    result = audit(
        "def test_bare(): ...\n"
        '@requirement("A3-chanels")\ndef test_misspelt(): ...\n'
        '@requirement("U-currency", "xyz")\ndef test_half(): ...\n'
    )
    assert result.exit_status == 4
    assert 'test_bare: no requirement; add @requirement("<id>")' in result.text
    assert (
        "test_misspelt: A3-chanels is not a requirement of the law register; did you mean A3-channels?"
        in result.text
    )
    assert "test_half: xyz is not a requirement of the law register" in result.text
    assert result.run is None


@pytest.mark.parametrize("marker", ["@requirement()", "@requirement"])
def test_a_marker_without_ids_is_an_error(audit: Auditor, marker: str) -> None:
    result = audit(f"{marker}\ndef test_it(): ...")
    assert result.exit_status == 2
    assert "write the ids in the marker" in result.text
    assert result.run is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "A9-nothing"), "A9-nothing is not a requirement of the register"),
        (("--inventory", "/nonexistent/hosts.yml"), "there is no inventory (/nonexistent/hosts.yml)"),
        (("--stack", "No Stack"), "can't name a stack"),
    ],
)
def test_a_wrong_argument_is_one_clear_message(audit: Auditor, arguments: tuple[str, ...], said: str) -> None:
    result = audit(PASSES, *arguments)
    assert result.exit_status == 4
    assert said in result.text
    assert "Traceback" not in result.text
    assert result.run is None


def test_a_stack_that_was_never_made_says_what_to_run(audit: Auditor) -> None:
    result = audit(PASSES, inventory=False)
    assert result.exit_status == 4
    assert "there is no inventory" in result.text
    assert "make up" in result.text


def test_an_inventory_that_is_no_inventory_is_one_clear_message(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: [1, 2")
    result = audit(PASSES)
    assert result.exit_status == 4
    assert "Ansible can't read the inventory" in result.text


def test_an_unreachable_host_is_not_checked_with_a_clear_reason(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "bin/ssh.down").write_text("192.0.2.10")
    result = audit(PASSES, "--only", "U-currency")
    assert result.exit_status == 1
    verdict, reason = result.verdict("U-currency")
    assert verdict == "not-checked"
    assert reason.startswith("store can't be audited: ssh: connect to host 192.0.2.10")
    assert "Traceback" not in result.text
    assert [record["kind"] for record in result.records()] == ["run-started", "unreachable"]


def test_an_inventory_without_a_store_is_not_checked(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {web: {}, mail: {}}}")
    result = audit(PASSES, "--only", "U-currency")
    assert result.verdict("U-currency") == (
        "not-checked",
        "no machine carries store, so it is not proven there",
    )
    assert result.check("test_it")["outcome"] == "not-checked"


ON_EACH = '@requirement("A5-6-1-access")\ndef test_it(machine):\n    assert machine.read("id -un")\n'


def test_a_machine_of_several_services_is_measured_once(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(
        "all: {hosts: {main: {}, other: {}}, children: {store: {hosts: {main: {}}}, vault: {hosts: {main: {}}}, "
        "logs: {hosts: {main: {}}}, edge: {hosts: {main: {}}}}}"
    )
    result = audit(ON_EACH, "--only", "A5-6-1-access")
    assert result.exit_status == 0, result.text
    assert [check["hosts"] for check in result.manifest["result"]["checks"]] == [["main"]]


def test_each_machine_is_measured_whatever_it_is_called(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(
        "all: {children: {store: {hosts: {alpha: {}}}, vault: {hosts: {beta: {}}}, logs: {hosts: {beta: {}}}, "
        "edge: {hosts: {alpha: {}}}}}"
    )
    result = audit(ON_EACH, "--only", "A5-6-1-access")
    assert result.exit_status == 0, result.text
    assert [check["test"] for check in result.manifest["result"]["checks"]] == [
        f"policies/test_sample.py::test_it[{name}]" for name in ("alpha", "beta")
    ]


def test_a_service_that_no_machine_carries_leaves_its_requirements_unproven(
    audit: Auditor, tmp_path: Path
) -> None:
    (tmp_path / "hosts.yml").write_text(
        "store: {hosts: {alpha: {}}}\nlogs: {hosts: {alpha: {}}}\nedge: {hosts: {alpha: {}}}"
    )
    result = audit(ON_EACH + PASSES.replace("test_it", "test_store"))
    assert result.exit_status == 1
    assert result.verdict("A5-6-1-access") == (
        "not-checked",
        "no machine carries vault, so it is not proven there",
    )
    assert result.check("test_it[alpha]")["outcome"] == "passed"
    assert result.check("test_it[vault]")["reason"]["text"].startswith("no machine carries vault")
    assert result.verdict("U-currency")[0] == "satisfied"


def test_a_failure_weighs_more_than_a_service_that_is_not_there(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(
        "store: {hosts: {alpha: {}}}\nlogs: {hosts: {alpha: {}}}\nedge: {hosts: {alpha: {}}}"
    )
    fails = '@requirement("A5-6-1-access")\ndef test_it(store):\n    assert store.read("id -un") == "x"\n'
    verdict, reason = audit(fails).verdict("A5-6-1-access")
    assert verdict == "not-satisfied"
    assert reason.endswith("[no machine carries vault]")


def test_a_group_names_the_service_of_its_one_machine(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("store: {hosts: {db7: {ansible_host: 192.0.2.7}}}")
    assert audit(PASSES, "--only", "U-currency").exit_status == 0


def test_bounds_come_from_the_law_only(audit: Auditor) -> None:
    policies = (
        '@requirement("A5-6-1-integrity")\ndef test_known(bound):\n'
        '    assert bound("message_retention_days").min == 186\n'
        '@requirement("U-currency")\ndef test_unknown(bound):\n    bound("message_retention_days")\n'
    )
    result = audit(policies)
    assert result.verdict("A5-6-1-integrity")[0] == "satisfied"
    assert "U-currency has no bound message_retention_days" in result.verdict("U-currency")[1]


def test_an_endless_command_is_not_checked(audit: Auditor) -> None:
    result = audit(
        '@requirement("U-currency")\ndef test_slow(store):\n    store.run("sleep 60", seconds=0.2)\n'
        '@requirement("A3-channels")\ndef test_huge(store):\n    store.run("head -c 40000000 /dev/zero")\n'
    )
    assert result.verdict("U-currency")[0] == result.verdict("A3-channels")[0] == "not-checked"
    assert "no end after 0.2 s: sleep 60" in result.verdict("U-currency")[1]
    assert "bytes of output" in result.verdict("A3-channels")[1]


def test_a_killed_audit_leaves_an_unfinished_run(audit: Auditor) -> None:
    killed = (
        'import os, signal\n@requirement("U-currency")\ndef test_it(store):\n'
        '    store.read("true")\n    os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    result = audit(killed)
    assert result.run
    assert [problem.kind for problem in verify(result.run)] == ["unfinished"]


def test_an_interrupted_audit_is_finished_and_not_green(audit: Auditor) -> None:
    result = audit(PASSES + '@requirement("U-currency")\ndef test_stop():\n    raise KeyboardInterrupt\n')
    assert result.exit_status == 2
    assert result.run
    assert verify(result.run) == []
    assert result.verdict("U-currency") == ("not-checked", "it was collected but did not run")


def test_listing_policies_audits_nothing(audit: Auditor) -> None:
    result = audit(PASSES, "--collect-only")
    assert result.exit_status == 0
    assert result.run is None


def test_a_waived_failure_passes_the_audit(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text(
        "waivers: [{requirement: U-currency, authority: The committee, reason: Replaced in autumn,"
        " granted: 2020-01-01, expires: 2199-01-01, hosts: [store]}]"
    )
    result = audit(
        '@requirement("U-currency")\ndef test_it(store):\n    assert store.read("id") == 2\n',
        "--only",
        "U-currency",
    )
    assert result.exit_status == 0
    assert result.verdict("U-currency")[0] == "waived"
    assert "waived by The committee until 2199-01-01 (1577-10-12): Replaced in autumn" in result.text


def test_wrong_waivers_stop_the_audit(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text("waivers: [{requirement: U-currency}]")
    result = audit(PASSES)
    assert result.exit_status == 4
    assert "authority: Field required" in result.text


def test_an_evidence_directory_that_is_a_file_stops_the_audit(audit: Auditor, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    result = audit(PASSES, "--evidence", str(tmp_path / "taken"))
    assert result.exit_status == 4
    assert "evidence can't be stored" in result.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PYTEST_ADDOPTS", "--collect-only"),
        ("PYTEST_ADDOPTS", "--help"),
        ("PYTEST_ADDOPTS", "-k nothing"),
        ("PYTEST_ADDOPTS", "--fixtures"),
        ("PYTEST_ADDOPTS", "--setup-plan"),
        ("PYTEST_ADDOPTS", "--stack=another"),
        ("PYTEST_PLUGINS", "pytester"),
    ],
)
def test_options_behind_the_auditors_back_are_refused(audit: Auditor, name: str, value: str) -> None:
    result = audit(PASSES, "--only", "U-currency", **{name: value})
    assert result.exit_status != 0
    assert result.run is None
    assert f"{name} would change what is measured" in result.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGOPTIONS", "-c search_path=x"),
        ("PGSSLROOTCERT", "/nowhere"),
        ("GIT_DIR", "/nowhere"),
        ("LANGUAGE", "fa"),
        ("SSH_AUTH_SOCK", "/nowhere"),
        ("PYTEST_DEBUG", "1"),
    ],
)
def test_other_variables_reach_neither_a_policy_nor_what_it_starts(
    audit: Auditor, name: str, value: str
) -> None:
    policy = f'''
@requirement("U-currency")
def test_it(store):
    import os
    assert "{name}" not in os.environ
    assert store.read("printenv {name} || echo none") == "none\\n"
'''
    result = audit(policy, "--only", "U-currency", **{name: value})
    assert result.verdict("U-currency")[0] == "satisfied", result.text


@pytest.mark.parametrize("name", ["../outside", "/tmp/x", "newest", "20261126T072747.080883Z-1cf54c/.."])
def test_a_run_is_named_as_runs_are(audit: Auditor, name: str) -> None:
    result = audit(PASSES, f"--run={name}")
    assert result.exit_status == 4
    assert result.run is None
    assert "can't name a run" in result.text
