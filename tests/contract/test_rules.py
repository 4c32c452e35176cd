"""The rules of the monitoring: each is the audit's, has a line in the guide and a test."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from amanat.audit.expectations import expectations
from amanat.topology import built
from amanat_host.monitoring import watch

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "ansible/roles/monitoring"
FILES = sorted((ROLE / "files/rules").glob("*.yml"))
TESTS = sorted((ROOT / "tests/rules").glob("*.test.yml"))
RULES = {
    rule["alert"]: rule
    for path in FILES
    for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
    for rule in group["rules"]
}
HEADINGS = {
    heading.lower()
    for heading in re.findall(r"^#+ (\S+)$", (ROOT / "docs/guide.md").read_text("utf-8"), re.M)
}


def test_the_role_installs_every_file_of_rules():
    assert yaml.safe_load((ROLE / "vars/main.yml").read_text("utf-8"))["monitoring_rules"] == [
        path.stem for path in FILES
    ]


def test_the_audit_expects_these_alerts_and_none_else():
    policy = ast.parse((ROOT / "policies/article7/test_monitoring.py").read_text("utf-8"))
    (expected,) = (
        node.value
        for node in policy.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ALERTS"
    )
    assert {node.value for node in ast.walk(expected) if isinstance(node, ast.Constant)} == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_an_alert_has_a_line_in_the_guide(name):
    page, _, anchor = RULES[name]["annotations"]["runbook"].partition("#")
    assert (page, anchor) == ("docs/guide.md", name.lower())
    assert anchor in HEADINGS


def test_the_switch_looks_for_alerts_that_exist_and_has_a_line_too():
    assert {watch.WATCHDOG, *watch.UNDELIVERED} <= set(RULES)
    assert watch.RUNBOOK.partition("#")[2] in HEADINGS


def test_a_service_that_stops_is_watched_whatever_the_machine_carries():
    expression = RULES["ServiceStopped"]["expr"]
    names = re.search(r'name=~"([^"]+)"', expression)[1].replace("\\\\", "\\")
    always = {unit for service in built() for unit in expectations().of((service,)).active_units}
    assert [unit for unit in sorted(always) if not re.fullmatch(names, unit)] == []


@pytest.mark.parametrize("name", RULES)
def test_an_alert_has_a_test(name):
    assert any(re.search(rf"\b{name}\b", path.read_text("utf-8")) for path in TESTS)
