"""A stack of its own whose machines are not named after their services: green, drilled, broken, and put right."""

import json

import pytest
import yaml

from tests.breaks.reading import Batch, all_breaks
from tests.hosts import warm_audits
from tests.hosts.breaking import check_of, require_red
from tests.hosts.live import settings_of

# One for each machine: a check by the machine's own turn, and one across both.
BROKEN = [
    one
    for one in all_breaks()
    if one.name in ("A5-6-1-access/open-port", "A5-6-1-access/unlock-for-a-laptop")
]


def test_the_first_run_drills_and_is_green(placed_stack):
    status = placed_stack.amanat("status", "--json").json
    assert set(status["network"]["addresses"]) >= {"alpha", "beta", "drill"}
    expected = {"alpha", "beta", "newest_backup", "last_drill", "alerts", "declarations"}
    assert expected == set(status["health"])
    of_now = {name: one for name, one in status["health"].items() if name != "alerts"}
    assert all(one["well"] for one in of_now.values()), of_now
    (drilled,) = (placed_stack.paths.evidence / "drills").iterdir()
    result = json.loads((drilled / "manifest.json").read_text("utf-8"))["result"]
    assert result["passed"]
    assert set(result["copies"]) == {"alpha", "beta"}


def test_machines_know_each_other_by_machine_and_by_service(placed_stack):
    found = placed_stack.root("alpha", "getent hosts beta vault | cut -d' ' -f1")
    assert len(set(found.split())) == 1
    subject = "openssl x509 -noout -subject -ext subjectAltName -in /etc/amanat/pki/host.crt"
    shown = placed_stack.root("beta", subject)
    assert "CN = beta" in shown or "CN=beta" in shown
    assert {"DNS:beta", "DNS:logs", "DNS:vault"} <= {one.strip(" ,") for one in shown.split()}


def test_a_service_leaves_no_records_behind(placed_stack):
    """Names that are swapped, and a service that is left out, are refused by `preview` and `up`; nothing is removed."""
    before = placed_stack.root("alpha", "cat /etc/machine-id")
    file = settings_of(placed_stack.stack)
    text = file.read_text("utf-8")
    for machines in (
        {"alpha": "vault logs", "beta": "store edge desk"},
        {"alpha": "store edge desk"},
        {"gamma": "store edge desk", "beta": "vault logs"},
    ):
        settings = yaml.safe_load(text)
        settings["config"]["amanat:placement"] = machines
        file.write_text(yaml.safe_dump(settings), "utf-8")
        try:
            for command in (["preview"], ["up", "--no-audit"]):
                refused = placed_stack.amanat(*command)
                assert refused.code != 0
                assert "and its records lie on" in refused.err, refused.err[-2000:]
        finally:
            file.write_text(text, "utf-8")
    assert placed_stack.root("alpha", "cat /etc/machine-id") == before
    assert placed_stack.amanat("preview").code == 0


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_break_is_seen_on_the_machine_that_carries_the_service(placed_stack, broken, tmp_path):
    batch = Batch((broken,))
    require_red(placed_stack, batch, tmp_path)
    _, requirements = warm_audits.audited(placed_stack.stack, tmp_path, check_of(placed_stack, batch))
    assert requirements[broken.requirement]["verdict"] == "not-checked", "it was not put right"
