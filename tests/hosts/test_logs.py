"""No line is lost or stored twice: server and shipper are killed, the network is cut, a machine goes down meanwhile."""

import json
import secrets
import time

import docker

from amanat.audit.waiting import wait_until

LINES = 50_000  # of each machine
MACHINES = ("store", "vault")
CUT_SECONDS = 120
CATCH_UP_SECONDS = 180
# A burst of 500 lines, then a pause: writers take half a minute, so that what happens meanwhile happens amid lines.
WRITER = (
    "systemd-run --quiet --collect --unit=test-lines sh -c 'seq 1 {lines} | while read number; do "
    'echo "{token} $number"; [ $((number % 500)) = 0 ] && sleep 0.2; done | systemd-cat --identifier=test-lines\''
)
CUT = (
    "nft 'add table inet test_cut; add chain inet test_cut out { type filter hook output priority -10; }; "
    "add rule inet test_cut out tcp dport 19531 drop'"
)
# With each pair: whether the store's journal is told, and whether the vault stamps. The sealer's own would leave a
# stamp that belongs to no day.
OPENED_BY = """
PYTHONPATH=/usr/lib/amanat python3 -B << 'END'
import json
from pathlib import Path
from amanat_host.logs.source import Address, NoAnswer, TlsSource, context
from amanat_host.logs.stamps import NoStamp, StampServer

settings = json.load(open("/etc/amanat/logs/seal.json"))
port = json.load(open("/etc/amanat/logs/collect.json"))["port"]


def reads(tls):
    try:
        return TlsSource(Address("store", port), tls).ends().last is not None
    except NoAnswer:
        return False


def stamps(tls):
    try:
        return bool(StampServer(settings["stamp_host"], settings["stamp_port"], tls).stamp("ab" * 32))
    except NoStamp:
        return False


found = {}
for name in ("host", "logs", "log-seal"):
    pki = Path("/etc/amanat/pki")
    tls = context(pki / "ca.crt", pki / f"{name}.crt", pki / f"{name}.key")
    found[name] = [reads(tls), None if name == "log-seal" else stamps(tls)]
print(json.dumps(found))
END
"""
MEND = "nft delete table inet test_cut"
KILL_SERVER = "systemctl kill --signal=KILL amanat-logs.service"
KILL_SHIPPER = "systemctl kill --signal=KILL amanat-journal.service"


def test_every_line_is_stored_once_whatever_is_killed(live_stack):
    token = f"line-{secrets.token_hex(8)}"
    for machine in MACHINES:
        live_stack.root(machine, WRITER.format(lines=LINES, token=token))
    assert wait_until(lambda: stored(live_stack, "store", token) > LINES // 10, 60)
    live_stack.root("logs", KILL_SERVER)
    live_stack.root("store", KILL_SHIPPER)
    live_stack.root("logs", CUT)
    cut_at = time.monotonic()
    for machine in MACHINES:
        assert wait_until(lambda machine=machine: has_written(live_stack, machine), CUT_SECONDS)
    assert wait_until(lambda: time.monotonic() - cut_at >= CUT_SECONDS, CUT_SECONDS + 1)
    assert stored(live_stack, "store", token) < LINES, "nothing was left to come after the cut"
    live_stack.root("logs", f"systemctl stop amanat-logs.service; {MEND}")
    live_stack.root("store", KILL_SHIPPER)
    restart(live_stack, "store")
    live_stack.root("logs", "systemctl start amanat-logs.service")
    live_stack.root("logs", KILL_SERVER)
    for machine in MACHINES:
        assert wait_until(
            lambda machine=machine: stored(live_stack, machine, token) >= LINES, CATCH_UP_SECONDS
        )
        assert (stored(live_stack, machine, token), distinct(live_stack, machine, token)) == (LINES, LINES)
    verified = live_stack.amanat("logs", "verify", "--json")
    assert verified.code == 0, verified.out + verified.err
    assert {one["lost"] for one in verified.json.values()} == {0}


def test_the_machines_own_certificate_reads_no_journal_and_gets_no_stamp(live_stack):
    """Each service of the log server's machine has a copy of it; the collector's own reads, and gets no stamp."""
    told = json.loads(live_stack.root("logs", OPENED_BY))
    assert told == {"host": [False, False], "logs": [True, False], "log-seal": [False, None]}


def stored(live_stack, machine, token):
    """How many lines of a writer are stored."""
    return int(live_stack.root("logs", f"{found(machine, token)} | wc -l"))


def distinct(live_stack, machine, token):
    """How many of them are different ones."""
    return int(live_stack.root("logs", f"{found(machine, token)} | sort -u | wc -l"))


def found(machine, token):
    return f"(grep --text --no-filename '^MESSAGE={token} ' /var/lib/amanat/logs/{machine}/*.export || test $? = 1)"


def has_written(live_stack, machine):
    """Whether a machine's writer has ended."""
    return "inactive" in live_stack.root(machine, "systemctl is-active test-lines.service || test $? -ge 3")


def restart(live_stack, machine):
    """Kill a machine, and start it."""
    client = docker.from_env()
    try:
        container = client.containers.get(f"{live_stack.paths.stack_id}-{machine}")
        container.kill()
        container.start()
    finally:
        client.close()
    assert wait_until(lambda: "running" in boot_state(live_stack, machine), 120)


def boot_state(live_stack, machine):
    return live_stack.root(machine, "systemctl is-system-running || true")
