"""No line is lost or stored twice: server and shipper are killed, the network is cut, a machine goes down meanwhile."""

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
