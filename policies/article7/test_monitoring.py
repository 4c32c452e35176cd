"""Article 7, our reading of the laws in force: every machine is watched, and the watching is watched itself."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from amanat.audit import requirement
from amanat.audit.expectations import expectations
from amanat.audit.host import Host
from amanat.audit.timing import age_seconds
from amanat.audit.waiting import wait_until
from amanat_host import questions
from amanat_host.answers.monitoring import Monitoring
from amanat_host.answers.system import TlsAttempts

ALERTS = {
    "AlertmanagerDown",
    "AlertsNotDelivered",
    "AnchorsBehind",
    "ArchivingBroken",
    "BackupOld",
    "CertificateEnds",
    "ClockWrong",
    "CollectorFailed",
    "CopyOld",
    "DatabaseDown",
    "DeclarationEnds",
    "DiskFilling",
    "DrillFailed",
    "DrillOld",
    "FilesChanged",
    "FilesNotCompared",
    "JournalRoom",
    "JournalTooSmall",
    "LogsBehind",
    "LogsIncomplete",
    "LogsLost",
    "MachineDown",
    "MetricsOld",
    "RebootNeeded",
    "RecordingsBehind",
    "ServiceStopped",
    "SiteCertificateEnds",
    "SiteDown",
    "UnitFailed",
    "UpdatesNotNoted",
    "UpdatesWait",
    "VerificationFailed",
    "VerificationOld",
    "Watchdog",
}
BEGAN = datetime.now(UTC)
STARTED_SECONDS = 35  # two rounds of asking and computing
NEXT_SECONDS = 20  # one round
LOOKED_SECONDS = 75  # the switch looks every minute
SELF = {"AlertmanagerDown", "AlertsNotDelivered"}
EXPORTERS = ("metrics", "database-metrics", "prometheus")
DAYS = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?.*")


@pytest.fixture(scope="session")
def seen(logs: Host) -> tuple[Monitoring, float]:
    """What is scraped, computed and kept, and what fires, as of this audit: each exporter was visited since it began.
    And when that was asked, as a Unix time.

    One that was just started is given time to look once.
    """
    wait_until(lambda: is_settled(asked(logs)), STARTED_SECONDS)
    found = asked(logs)
    assert found.fault == "", found.fault
    return found, logs.asked_at(questions.MONITORING)


@pytest.fixture(scope="session")
def monitored(seen: tuple[Monitoring, float]) -> Monitoring:
    """What the monitoring said."""
    return seen[0]


@pytest.fixture(scope="session")
def asked_at(seen: tuple[Monitoring, float]) -> float:
    """When it was asked, as a Unix time."""
    return seen[1]


def asked(logs: Host) -> Monitoring:
    """What the monitoring says now."""
    answer: Monitoring = logs.ask(questions.MONITORING)
    return answer


def is_settled(monitored: Monitoring) -> bool:
    """Whether each rule was computed and each exporter answered since the audit began, or nothing will come of it."""
    if monitored.fault:
        return True
    visited = all(one.up and datetime.fromisoformat(one.scraped_at) >= BEGAN for one in monitored.scraped)
    return visited and set(monitored.rules.values()) == {"ok"}


@requirement("A7-protection")
def test_the_machine_is_watched(machine: Host, monitored: Monitoring, asked_at: float, bound):
    """Each exporter of the machine answered the monitoring's last visit, and that was lately."""
    expected = {"machine"}
    expected |= {"database"} if machine.audited.carries("store") else set()
    expected |= {"site"} if machine.audited.carries("edge") else set()
    expected |= {"prometheus", "alertmanager"} if machine.audited.carries("logs") else set()
    found = {one.job: one for one in monitored.scraped if one.machine == machine.name}
    assert set(found) == expected
    assert [job for job, one in found.items() if not one.up] == []
    late = [
        job
        for job, one in found.items()
        if not bound("watch_seconds").allows(age_seconds(one.scraped_at, asked_at))
    ]
    assert late == []


@requirement("A7-protection")
def test_the_site_is_watched_from_outside(edge: Host, logs: Host, monitored: Monitoring):
    """The log server last got the site's first page as a visitor would: over TLS, with a certificate that holds."""
    assert list(monitored.probed) == [edge.name]
    # Another check's flood may just have been refused.
    answered = wait_until(lambda: asked(logs).probed == {edge.name: True}, NEXT_SECONDS)
    assert answered, "it is asked for, and does not answer as it should"


@requirement("A7-protection")
def test_the_rules_of_the_release_are_computed(monitored: Monitoring, asked_at: float, bound):
    """All alerts of this release are loaded and none else, none is broken, and all were computed lately."""
    assert set(monitored.rules) == ALERTS
    assert {name: health for name, health in monitored.rules.items() if health != "ok"} == {}
    assert bound("watch_seconds").allows(age_seconds(monitored.evaluated_at, asked_at))


@requirement("A7-protection")
def test_alerts_come_through(monitored: Monitoring):
    """The alert that always fires does, and none says that Alertmanager is away or can't deliver."""
    firing = {one.alert for one in monitored.firing}
    assert "Watchdog" in firing
    assert firing & SELF == set()


@requirement("A7-protection")
def test_what_was_measured_is_kept(monitored: Monitoring, bound):
    """What was measured can be looked at afterwards, for as long as the bound asks."""
    assert bound("metrics_kept_days").allows(days_of(monitored.kept)), monitored.kept


@requirement("A7-protection")
def test_another_machine_watches_the_monitoring(vault: Host):
    """The dead-man's switch looks every minute, from another machine, and finds the monitoring watching."""
    assert looked(vault)[0] == "active", "its timer is off"
    assert wait_until(lambda: looked(vault) == ("active", "0", True), LOOKED_SECONDS), looked(vault)


def looked(vault: Host) -> tuple[str, str, bool]:
    """Of the switch: its timer's state, its last look's exit status, and whether that was within two minutes."""
    timer = vault.run("systemctl is-active amanat-monitoring-watch.timer").stdout.strip()
    unit = "amanat-monitoring-watch.service"
    shown = vault.run(
        f"systemctl show --property=ExecMainStatus,ExecMainExitTimestamp --timestamp=unix {unit}"
    )
    state = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    ended = float(state.get("ExecMainExitTimestamp", "").removeprefix("@") or 0)
    return timer, state.get("ExecMainStatus", ""), time.time() - ended <= 2 * 60


@requirement("A7-protection")
def test_no_alert_is_silenced(monitored: Monitoring):
    """Nobody told Alertmanager to keep an alert to itself."""
    assert monitored.silences == 0


@pytest.fixture(scope="module")
def attempts(machine: Host, logs: Host, vault: Host) -> dict[str, TlsAttempts]:
    """What another machine gets of an exporter or of Prometheus without the right certificate, by port's name."""
    here = expectations().of_host(machine)
    found: dict[str, TlsAttempts] = {}
    for one in here.listens:
        if one.name in EXPORTERS:
            question = questions.tls_attempts(machine.name, one.port)
            found[one.name] = vault.ask(question) if one.name == "prometheus" else logs.ask(question)
    return found


@requirement("A7-protection")
def test_metrics_are_handed_out_over_mutual_tls_only(attempts: dict[str, TlsAttempts], bound):
    """Neither without a certificate, nor with one of another authority, nor over an older TLS does anything come."""
    assert "metrics" in attempts
    for name, tried in attempts.items():
        each = (tried.no_certificate, tried.foreign_certificate, tried.old_protocol)
        assert [one.received for one in each] == ["", "", ""], name
        assert all(one.error for one in each), name
        assert not tried.old_protocol.handshake, name
        spoken = tried.no_certificate.version
        assert bound("watch_tls_min_version").allows(float(spoken.removeprefix("TLSv"))), f"{name}: {spoken}"


def days_of(written: str) -> float:
    """A duration as Prometheus writes it (1y2w3d4h), in days."""
    found = DAYS.fullmatch(written)
    years, weeks, days, hours = (int(part or 0) for part in (found.groups() if found else (0, 0, 0, 0)))
    return timedelta(days=365 * years + 7 * weeks + days, hours=hours) / timedelta(days=1)
