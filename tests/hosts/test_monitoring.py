"""What services outside the stack are told: alerts and their end, within two minutes; digests, to be stamped."""

import json
from ipaddress import IPv4Network
from urllib.parse import urlsplit

import docker
import pytest

from amanat.audit.waiting import wait_until
from amanat.paths import PROJECT_ROOT
from tests.hosts import test_sealed_days as sealed
from tests.hosts.receivers import make_certificate, receivers
from tests.unit.host.stamping import StampServer

PORTS = (28443, 28587, 28318)
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
  amanat:timestamp_url: https://{address}:{stamps}/tsr
  amanat:timestamp_ca_file: {stamps_authority}
"""
CONFIGURATION = "/etc/postgresql/17/main/postgresql.conf"
RELOAD = "systemctl reload postgresql@17-main.service"
BREAK = f"cp -p {CONFIGURATION} /run/was.conf; echo \"archive_command = '/bin/false'\" >> {CONFIGURATION}; {RELOAD}"
MEND = f"cp -p /run/was.conf {CONFIGURATION}; rm /run/was.conf; {RELOAD}"
STAMP_OUTSIDE = f"""
set -e
{sealed.SETTINGS.format(retention_days=190)}
runuser -u log-sealer -- /usr/lib/amanat/logs-seal {sealed.PLACE}/seal.json
cd {sealed.PLACE}/sealed/trial
newest=$(ls *.json | tail --lines=1)
openssl ts -verify -in "${{newest%.json}}.outside.tsr" -CAfile /etc/amanat/logs/timestamp-ca.crt \\
    -digest "$(sha256sum "$newest" | cut --delimiter=' ' --fields=1)"
"""
IMPATIENT = (
    'sed -i \'s/"silent_seconds": [0-9]*/"silent_seconds": 30/\' /etc/amanat/monitoring-watch/watch.json'
)


@pytest.fixture(scope="module")
def told(live_stack, tmp_path_factory):
    """What the operator is told, by both ways, of a stack whose settings name them."""
    bridge = docker.from_env().networks.get("bridge").attrs["IPAM"]["Config"][0]
    # The controller's, on every engine; some don't name it, and it is the first of the network then.
    address = bridge.get("Gateway") or str(next(IPv4Network(bridge["Subnet"]).hosts()))
    directory = tmp_path_factory.mktemp("receivers")
    authority, *pair = make_certificate(address, directory)
    stamps = StampServer(directory / "stamps")
    settings = PROJECT_ROOT / f"Pulumi.{live_stack.stack}.yaml"
    before = settings.read_text("utf-8")
    chosen = SETTINGS.format(
        address=address,
        webhook=PORTS[0],
        smtp=PORTS[1],
        stamps=PORTS[2],
        authority=authority,
        stamps_authority=stamps.authority,
    )
    settings.write_text(before.replace("config:\n", f"config:\n{chosen}", 1), "utf-8")
    with receivers(address, PORTS, tuple(pair), stamps.reply) as received:
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


def test_a_sealed_chain_is_stamped_outside_too(live_stack, told):
    live_stack.root("vault", sealed.KEEP_STAMPS)
    try:
        live_stack.root("logs", sealed.MAKE + f"chown -R log-sealer: {sealed.PLACE}")
        live_stack.root("logs", STAMP_OUTSIDE)
    finally:
        live_stack.root("logs", f"rm -r {sealed.PLACE}")
        live_stack.root("vault", sealed.RESTORE_STAMPS)


def test_nobody_but_the_sealer_reaches_the_server_of_time_stamps(live_stack, told):
    settings = live_stack.root("logs", "cat /etc/amanat/logs/seal.json")
    outside = urlsplit(json.loads(settings)["outside_url"])
    program = f"import socket; socket.create_connection(({outside.hostname!r}, {outside.port}), 3)"
    connect = f'python3 -c "{program}" 2> /dev/null'
    live_stack.root("logs", f"runuser -u log-sealer -- {connect}")
    for account in ("log-collector", "nobody", "deploy"):
        live_stack.root("logs", f"! runuser -u {account} -- {connect}")


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
