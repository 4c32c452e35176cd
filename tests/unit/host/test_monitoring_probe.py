"""The monitoring's probe: numbers, names and moments of what Prometheus and Alertmanager say, and no address."""

import json

import pytest

from amanat_host.monitoring import probe
from amanat_host.monitoring.api import NoAnswer

CONFIG = "receivers:\n  - name: operator\n"
CONFIG += "    webhook_configs:\n      - url: <secret>\n    email_configs:\n      - to: o@x\n"
RULE = {"name": "Watchdog", "state": "firing", "health": "ok", "lastEvaluation": "2026-11-26T10:00:00.5Z"}
ANSWERS = {
    "/api/v1/rules?type=alert": {"groups": [{"rules": [RULE]}]},
    "/api/v1/targets?state=active": {
        "activeTargets": [
            {"labels": {"job": job, "machine": name}, "health": "up", "lastScrape": "2026-11-26T10:00:00Z"}
            for job, name in (("site", "a"), ("site", "b"), ("site", "new"), ("machine", "gone"))
        ]
    },
    "/api/v1/query?query=probe_success": {
        "result": [
            {"metric": {"machine": name}, "value": [1.5, success]}
            for name, success in (("a", "1"), ("b", "0"), ("gone", "1"))
        ]
    },
    "/api/v1/status/flags": {"storage.tsdb.retention.time": "31d"},
}


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """What both answer, by path; tests change it."""
    found = {path: {"status": "success", "data": data} for path, data in ANSWERS.items()}
    found["/api/v2/status"] = {"config": {"original": CONFIG}}
    found["/api/v2/silences"] = [{"status": {"state": "active"}}, {"status": {"state": "expired"}}]
    settings = tmp_path / "probe.json"
    at = {"host": "a", "port": 1}
    files = dict.fromkeys(("authority", "certificate", "key"), "x")
    settings.write_text(json.dumps({"prometheus": at, "alertmanager": at, **files}))
    monkeypatch.setattr(probe, "SETTINGS", settings)
    monkeypatch.setattr(probe.Api, "get", lambda _api, path: found[path])
    return found


def test_what_is_monitored_is_told_without_an_address(answers, call):
    code, out = call(probe.main)
    assert code == 0
    told = json.loads(out)
    assert told["receivers"] == ["email", "webhook"]
    assert told["rules"] == {"Watchdog": "ok"}
    assert told["evaluated_at"].startswith("2026-11-26T10:00:00")
    assert told["probed"] == {"a": True, "b": False, "new": False}
    assert (told["kept"], told["silences"]) == ("31d", 1)
    assert "o@x" not in out


def test_a_prometheus_without_rules_is_a_fault(answers):
    answers["/api/v1/rules?type=alert"]["data"] = {"groups": []}
    with pytest.raises(NoAnswer):
        probe.asked()
    assert "no rules" in probe.monitored().fault
