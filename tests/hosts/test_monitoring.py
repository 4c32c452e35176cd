"""Alerts reach a webhook and a mailbox within two minutes, and so does their end; a silent Prometheus is noticed."""

from ipaddress import IPv4Network

import docker
import pytest

from amanat.audit.waiting import wait_until
from amanat.paths import PROJECT_ROOT
from tests.hosts.receivers import make_certificate, receivers

PORTS = (28443, 28587)
TOLD_SECONDS = 120  # the bound
NOTICED_SECONDS = (
    240  # the switch looks every minute, and tells at the second look; a loaded machine takes its time
)
RULES = PROJECT_ROOT / "ansible/roles/monitoring/files/rules"
TESTS = PROJECT_ROOT / "tests/rules"
SETTINGS = """\
  amanat:alert_webhook_url: https://{address}:{webhook}/hook
  amanat:alert_email: operator@example.org
  amanat:alert_smtp_server: {address}:{smtp}
  amanat:trusted_ca_file: {authority}
"""
CONFIGURATION = "/etc/postgresql/17/main/postgresql.conf"
RELOAD = "systemctl reload postgresql@17-main.service"
BREAK = f"cp -p {CONFIGURATION} /run/was.conf; echo \"archive_command = '/bin/false'\" >> {CONFIGURATION}; {RELOAD}"
MEND = f"cp -p /run/was.conf {CONFIGURATION}; rm /run/was.conf; {RELOAD}"
IMPATIENT = (
    'sed -i \'s/"silent_seconds": [0-9]*/"silent_seconds": 30/\' /etc/amanat/monitoring-watch/watch.json'
)


@pytest.fixture(scope="module")
def told(live_stack, tmp_path_factory):
    """What the operator is told, by both ways, of a stack whose settings name them."""
    bridge = docker.from_env().networks.get("bridge").attrs["IPAM"]["Config"][0]
    # The controller's, on every engine; some don't name it, and it is the first of the network then.
    address = bridge.get("Gateway") or str(next(IPv4Network(bridge["Subnet"]).hosts()))
    authority, certificate, key = make_certificate(address, tmp_path_factory.mktemp("receivers"))
    settings = PROJECT_ROOT / f"Pulumi.{live_stack.stack}.yaml"
    before = settings.read_text("utf-8")
    chosen = SETTINGS.format(address=address, webhook=PORTS[0], smtp=PORTS[1], authority=authority)
    settings.write_text(before.replace("config:\n", f"config:\n{chosen}", 1), "utf-8")
    with receivers(address, PORTS, certificate, key) as received:
        up = live_stack.amanat("up", "--no-audit")
        assert up.code == 0, up.err[-4000:]
        yield received
    settings.write_text(before, "utf-8")


def test_broken_archiving_is_told_within_two_minutes_and_so_is_its_end(live_stack, told):
    live_stack.root("store", BREAK)
    live_stack.query("SELECT pg_logical_emit_message(true, 'test', 'something to archive')")
    assert wait_until(lambda: told.told("ArchivingBroken", "firing"), TOLD_SECONDS), told
    live_stack.root("store", MEND)
    assert wait_until(lambda: told.told("ArchivingBroken", "resolved"), TOLD_SECONDS), told


def test_a_silent_prometheus_is_noticed_and_that_it_is_back(live_stack, told):
    live_stack.root("vault", IMPATIENT)
    live_stack.root("logs", "systemctl stop amanat-prometheus.service")
    assert wait_until(lambda: told.told("MonitoringSilent", "firing"), NOTICED_SECONDS)
    live_stack.root("logs", "systemctl start amanat-prometheus.service")
    assert wait_until(lambda: told.told("MonitoringSilent", "resolved"), NOTICED_SECONDS)


@pytest.mark.parametrize("path", sorted(TESTS.glob("*.test.yml")), ids=lambda path: path.stem)
def test_the_rules_do_what_they_say(path, live_stack):
    """promtool is where Prometheus is."""
    rules = {f"rules/{file.name}": file for file in RULES.glob("*.yml")}
    texts = "\n".join(
        f"cat > {name} <<'END-OF-FILE'\n{file.read_text('utf-8')}END-OF-FILE"
        for name, file in {**rules, path.name: path}.items()
    )
    script = (
        f"set -eu; cd $(mktemp -d); mkdir rules; {texts}\npromtool test rules {path.name} 2>&1; rm -r $PWD"
    )
    live_stack.root("logs", script)
