"""Real probes on hosts, interrupted: they leave no cluster, no copy of records, no place of theirs."""

import json
import signal
import subprocess

import pytest

from amanat.audit.waiting import wait_until
from tests.hosts.writers import write

PATIENCE_SECONDS = 40
TOOLS = "/usr/lib/amanat"
CLUSTER = "data/base/16*"  # of the archive's copy: it runs
TAMPER = ("store", "postgres", f"{TOOLS}/probe-tamper", CLUSTER)
# host, account, command line, and what lies in its place once there is something to leave behind
PROGRAMS = {
    "probe-tamper": TAMPER,
    "bench-archive": (
        "store",
        "postgres",
        f"{TOOLS}/bench-archive --rounds 1 --seconds 5",
        CLUSTER,
    ),
    "bench-volume": ("store", "root", f"{TOOLS}/bench-volume --rounds 1 --seconds 5", "data/postmaster.pid"),
    "probe-copy": ("store", "root", f"{TOOLS}/probe-copy restored", "*"),
    "probe-copies": ("vault", "root", f"{TOOLS}/probe-copies damage", "*"),
    "probe-repository": ("vault", "pgbackrest", f"{TOOLS}/probe-repository verify", "archive/*"),
}
SIGNALS = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGQUIT,
    signal.SIGPIPE,
    signal.SIGKILL,
)
# Runs on the host, as root. What is left: places of ours, and processes whose command line names one, or a probe.
LOOK = r"""
import glob, json, os, signal, subprocess, sys, time  # interrupted-probes
PLACES = ("/run", "/run/postgresql", "/run/pgbackrest", "/tmp", "/var/tmp", "/srv/archive", "/srv/archive/postgresql",
          "/srv/archive/postgresql/17", "/var/lib/amanat")
PREFIXES = (".scratch-", ".bench-", "amanat-", "tmp")
def places():
    found = [os.path.join(place, name) for place in PLACES if os.path.isdir(place) for name in os.listdir(place)]
    return {one for one in found if os.path.basename(one).startswith(PREFIXES) and os.path.isdir(one)}
def processes():
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = open(f"/proc/{name}/cmdline", "rb").read().decode(errors="replace").replace("\0", " ").strip()
        except OSError:
            continue
        ours = any(word in line for word in ("/.scratch-", "/.bench-", "/tmp/amanat-", "amanat/probe", "amanat/bench"))
        if ours and int(name) != os.getpid() and "interrupted-probes" not in line:
            found[int(name)] = line
    return found
"""
INTERRUPT = (
    LOOK
    + r"""
account, command, ready, number, keeper = sys.argv[1:]
before = places()
if processes():
    sys.exit(f"there was something before: {processes()}")
process = subprocess.Popen(command.split(), user=account, group=account, extra_groups=[], cwd="/", umask=0o022,
    env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    start_new_session=True)
def there():
    return [one for one in places() - before if glob.glob(os.path.join(one, ready))]
while not there():
    if process.poll() is not None:
        sys.exit(f"it ended with {process.returncode} before there was anything to leave")
    time.sleep(0.01)
if keeper == "too":
    mine = open(f"/proc/{process.pid}/cmdline", "rb").read()
    for child in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split():
        if open(f"/proc/{child}/cmdline", "rb").read() == mine:
            os.kill(int(child), signal.SIGKILL)
os.kill(process.pid, int(number))
process.wait()
deadline = time.monotonic() + (5 if keeper == "too" else 40)
while (places() - before or processes()) and time.monotonic() < deadline:
    time.sleep(0.1)
print(json.dumps([sorted(places() - before), processes(), process.returncode]))
"""
)


@pytest.fixture(scope="module")
def stack(live_stack):
    """The stack, with messages among its newest records and a copy of each host."""
    write(live_stack.client("archive_writer"), 2, 50, lambda _: None)
    waiting = "SELECT archive.lag_seconds()"
    assert wait_until(lambda: live_stack.query(waiting) == "0", PATIENCE_SECONDS)
    for host in live_stack.machines:
        live_stack.root(host, "systemctl start amanat-copy.service")
    return live_stack


def interrupted(stack, program, number, keeper="stays"):
    """Start it on its host, send it the signal in the midst of its work; what is left in the end, and how it ended."""
    host, account, command, ready = PROGRAMS[program]
    words = " ".join(f"'{word}'" for word in (account, command, ready, str(int(number)), keeper))
    return json.loads(stack.root(host, f"python3 - {words} <<'END'\n{INTERRUPT}\nEND").splitlines()[-1])


def left(stack, host):
    """The places and processes of probes on a host now."""
    script = f"{LOOK}\nprint(json.dumps([sorted(places()), processes()]))"
    return json.loads(stack.root(host, f"python3 - <<'END'\n{script}\nEND"))


def ssh(stack, *options, command):
    """Log in as the auditor and leave the command running; gives the client."""
    paths = stack.paths
    return subprocess.Popen(
        [
            "ssh",
            *options,
            "-F",
            "none",
            "-i",
            str(paths.auditor_key),
            "-p",
            str(stack.port("store")),
        ]
        + [
            "-o",
            f"UserKnownHostsFile={paths.known_hosts}",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentityAgent=none",
        ]
        + ["auditor@127.0.0.1", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("program", "number"),
    [("probe-tamper", number) for number in SIGNALS]
    + [
        (program, number)
        for program in PROGRAMS
        if program != "probe-tamper"
        for number in (SIGNALS[0], SIGNALS[-1])
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_signal_leaves_nothing(stack, program, number):
    """Whatever the signal: what it made is gone, and nothing of it runs any more."""
    places, processes, _ = interrupted(stack, program, number)
    assert (places, processes) == ([], {})


@pytest.mark.parametrize("terminal", ["-tt", "-T"])
def test_a_closed_connection_leaves_nothing(stack, terminal):
    """The auditor's client dies, with a terminal and without: the cluster and the copy of records end with it."""
    before = left(stack, "store")[0]
    client = ssh(stack, terminal, command=f"sudo -n -u postgres {TAMPER[2]}")
    made = wait_until(lambda: set(left(stack, "store")[0]) - set(before), PATIENCE_SECONDS)
    assert made, "the probe has made nothing yet"
    client.kill()
    client.wait()
    assert wait_until(lambda: left(stack, "store") == [before, {}], PATIENCE_SECONDS), left(stack, "store")


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_next_run_clears_what_was_killed_with_its_keeper(stack, program):
    """Both killed at once, as at the end of a machine's memory: something is left, until somebody asks again."""
    host, account, command, _ = PROGRAMS[program]
    places, _, _ = interrupted(stack, program, signal.SIGKILL, "too")
    assert places, "nothing was left, so nothing is shown"
    stack.root(host, f"cd / && runuser -u {account} -- {command} > /dev/null")
    assert not set(places) & set(left(stack, host)[0])
    assert left(stack, host)[1] == {}


def test_two_audits_take_their_turns(stack):
    """The second probe waits for the first and works too; a probe isn't refused because another audit goes on."""
    run = f"cd / && runuser -u postgres -- {TAMPER[2]} > /dev/null"
    stack.root("store", f"{run} & first=$!; {run}; wait $first")
    assert left(stack, "store")[1] == {}
