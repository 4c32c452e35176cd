"""What the stack has to do with servers outside it: alerts reach a webhook and a mailbox, sealed days are stamped.

An alert is told within two minutes, and so is its end; a silent Prometheus is noticed.
"""

import json

import docker
import pytest

from amanat.audit.waiting import wait_until
from amanat.paths import PROJECT_ROOT
from tests.hosts.receivers import make_certificate, receivers
from tests.hosts.test_sealed_days import KEEP_STAMPS, RESTORE_STAMPS
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
  amanat:timestamp_ca_file: {stamping}
"""
CONFIGURATION = "/etc/postgresql/17/main/postgresql.conf"
RELOAD = "systemctl reload postgresql@17-main.service"
BREAK = f"cp -p {CONFIGURATION} /run/was.conf; echo \"archive_command = '/bin/false'\" >> {CONFIGURATION}; {RELOAD}"
MEND = f"cp -p /run/was.conf {CONFIGURATION}; rm /run/was.conf; {RELOAD}"
SEALER = "/run/test-outside"
STAMPED = f"""
set -eu
install -d -o log-sealer -g log-collector -m 0750 {SEALER} {SEALER}/stored {SEALER}/sealed
trap 'rm -r {SEALER}' EXIT
PYTHONPATH=/usr/lib/amanat python3 -B - << 'END'
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from amanat_host.logs.entries import Parser
from amanat_host.logs.store import Store

(stored := Path("{SEALER}/stored/trial")).mkdir()
with closing(Store(stored, Path("{SEALER}/sealed/trial"))) as store:
    for number in (1, 2, 3):
        at = int((datetime.now(UTC) - timedelta(days=3 - number)).timestamp() * 1e6)
        raw = (
            f"__CURSOR=s={"a" * 32};i={{number:x}}\\n__REALTIME_TIMESTAMP={{at}}\\n__MONOTONIC_TIMESTAMP=1\\n"
            f"__SEQNUM={{number}}\\n__SEQNUM_ID={"a" * 32}\\nMESSAGE=line {{number}}\\n\\n"
        )
        for entry in Parser().feed(raw.encode()):
            store.add(entry)
    store.commit()
settings = json.load(open("/etc/amanat/logs/seal.json"))
settings |= {{"directory": "{SEALER}/stored", "sealed": "{SEALER}/sealed"}}
Path("{SEALER}/seal.json").write_text(json.dumps(settings))
END
chown -R log-sealer:log-collector {SEALER}
runuser -u log-sealer -- /usr/lib/amanat/logs-seal {SEALER}/seal.json >&2
PYTHONPATH=/usr/lib/amanat python3 -B - << 'END'
import hashlib, json
from pathlib import Path
from amanat_host.logs import outside_stamps, stamps
from amanat_host.logs.verify import verify
sealed = Path("{SEALER}/sealed/trial")
[path] = outside_stamps.outside_stamps(sealed)
stamp = stamps.verify(path.read_bytes(), outside_stamps.AUTHORITY)
record = hashlib.sha256((sealed / "00000002.json").read_bytes()).hexdigest()
whole = verify(Path("{SEALER}/stored/trial"), sealed, Path("/etc/amanat/pki/ca.crt"))
print(json.dumps([path.name, stamp.imprint == record, whole.faults]))
END
"""
IMPATIENT = (
    'sed -i \'s/"silent_seconds": [0-9]*/"silent_seconds": 30/\' /etc/amanat/monitoring-watch/watch.json'
)


@pytest.fixture(scope="module")
def told(live_stack, tmp_path_factory):
    """What the operator is told, by both ways, of a stack whose settings name them and a server of time stamps."""
    networks = docker.from_env().networks
    address = networks.get("bridge").attrs["IPAM"]["Config"][0][
        "Gateway"
    ]  # the controller's, on every engine
    authority, certificate, key = make_certificate(address, tmp_path_factory.mktemp("receivers"))
    outside = StampServer(tmp_path_factory.mktemp("outside") / "tsa")
    settings = PROJECT_ROOT / f"Pulumi.{live_stack.stack}.yaml"
    before = settings.read_text("utf-8")
    webhook, smtp, stamps = PORTS
    chosen = SETTINGS.format(
        address=address,
        webhook=webhook,
        smtp=smtp,
        authority=authority,
        stamps=stamps,
        stamping=outside.authority,
    )
    settings.write_text(before.replace("config:\n", f"config:\n{chosen}", 1), "utf-8")
    with receivers(address, PORTS, certificate, key, outside.reply) as received:
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


def test_sealed_days_are_stamped_outside_the_stack(live_stack, told):
    """By the sealer's own account, on days of the test's own: the newest record has the outside server's stamp."""
    live_stack.root("vault", KEEP_STAMPS)
    try:
        found = json.loads(live_stack.root("logs", STAMPED).splitlines()[-1])
    finally:
        live_stack.root("vault", RESTORE_STAMPS)
    assert found == ["00000002.outside.tsr", True, []]


def test_no_other_account_reaches_the_server_of_time_stamps(live_stack, told):
    url = json.loads(live_stack.root("logs", "cat /etc/amanat/logs/seal.json"))["outside_url"]
    ask = f"-- curl --silent --max-time 10 --output /dev/null {url} && echo reached || echo refused"
    reached = {
        account: live_stack.root("logs", f"runuser -u {account} {ask}").strip()
        for account in ("log-sealer", "log-collector", "prometheus")
    }
    assert reached == {"log-sealer": "reached", "log-collector": "refused", "prometheus": "refused"}


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
