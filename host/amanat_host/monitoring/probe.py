"""Say what is monitored: the exporters that Prometheus scrapes, its rules, what fires, and whom Alertmanager tells.

Asks both over mutual TLS, by the certificate of its machine. No address of a receiver is told.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from amanat_host.answers import monitoring as answers
from amanat_host.entry import probe
from amanat_host.monitoring import prometheus
from amanat_host.monitoring.api import Api, NoAnswer
from amanat_host.times import utc

SETTINGS = Path("/etc/amanat/monitoring/probe.json")
KIND = re.compile(r"^\s*(?:- )?(webhook|email)_configs:", re.M)


def monitored() -> answers.Monitoring:
    """What Prometheus and Alertmanager say, or that they don't."""
    try:
        return asked()
    except NoAnswer as error:
        return answers.Monitoring([], {}, {}, "", [], "", [], 0, str(error))


def asked() -> answers.Monitoring:
    """What Prometheus and Alertmanager say. Raises NoAnswer."""
    where = json.loads(SETTINGS.read_text("utf-8"))
    api = _api(where["prometheus"], where)
    rules = prometheus.rules(api)
    if not rules:
        raise NoAnswer("Prometheus has no rules", f"{api.host}:{api.port}")
    alertmanager = _api(where["alertmanager"], where)
    status, silences = alertmanager.get("/api/v2/status"), alertmanager.get("/api/v2/silences")
    config = str(status["config"]["original"]) if isinstance(status, dict) else ""
    scraped = prometheus.scraped(api)
    return answers.Monitoring(
        scraped=scraped,
        probed=prometheus.probed(api, scraped),
        rules={rule.name: rule.health for rule in rules},
        evaluated_at=utc(min(rule.evaluated for rule in rules)),
        firing=[alert for rule in rules for alert in rule.alerts],
        kept=prometheus.flags(api)["storage.tsdb.retention.time"],
        receivers=sorted(set(KIND.findall(config))),
        silences=len([one for one in silences if one["status"]["state"] == "active"])
        if isinstance(silences, list)
        else 0,
    )


def _api(at: dict[str, object], where: dict[str, object]) -> Api:
    files = (Path(str(where[name])) for name in ("authority", "certificate", "key"))
    return Api(str(at["host"]), int(str(at["port"])), *files)


main = probe(__doc__, {"": monitored})
