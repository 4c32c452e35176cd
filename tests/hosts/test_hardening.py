"""What hardening must not break, and what it must really stop: tried on running hosts."""

import pytest

PGBACKREST = "cd / && runuser -u postgres -- pgbackrest --stanza=archive"
REFUSED = "EHOSTUNREACH"  # as the firewall says "prohibited"
INFO = "cd / && runuser -u pgbackrest -- pgbackrest --stanza=archive --output=json info"
# Tells what a connection to the network's gateway, which is no host of the stack, ends with.
KNOCK = """
import errno, socket, sys
gateway = next(l.split()[2] for l in open("/proc/net/route") if l.split()[1] == "00000000")
address = socket.inet_ntoa(bytes.fromhex(gateway)[::-1])
try:
    socket.create_connection((address, int(sys.argv[1])), 5).close()
    print("connected")
except OSError as error:
    print(errno.errorcode.get(error.errno, error))
"""


@pytest.fixture
def old_passwords(live_stack):
    """Every account that may come in has a password that ended years ago; the file is put back as it was."""
    aged = "".join(f"chage --lastday 2001-01-01 {name}; " for name in ("root", "deploy", "auditor"))
    for host in live_stack.machines:
        live_stack.root(host, f"cp --archive /etc/shadow /run/amanat-shadow; {aged}")
    yield
    for host in live_stack.machines:
        live_stack.root(host, "cp --archive /run/amanat-shadow /etc/shadow; rm /run/amanat-shadow")


@pytest.mark.usefixtures("old_passwords")
def test_a_key_gets_in_however_old_the_password_is(live_stack):
    """By SSH and through sudo, both the account that audits and the one that configures."""
    audit = live_stack.audit("A3-channels")
    assert audit.code == 0, audit.out[-3000:] + audit.err[-1000:]
    drift = live_stack.amanat("drift", "--json")
    assert drift.code == 0, drift.out + drift.err


@pytest.mark.parametrize(
    "command", ["--repo1-retention-full=1 expire", "--force stanza-delete", "--no-online stanza-upgrade"]
)
def test_the_stores_account_removes_no_backup(live_stack, command):
    before = live_stack.root("vault", INFO)
    said = live_stack.root("store", f"{PGBACKREST} {command} 2>&1 && echo done || true")
    assert "unable to acquire lock" in said, said
    assert live_stack.root("vault", INFO) == before


def test_what_the_network_reaches_can_neither_write_nor_remove_backups(live_stack):
    """In the server's own view of the disk, as its account."""
    server = live_stack.root("vault", "systemctl show --property=MainPID --value pgbackrest.service").strip()
    inside = "cd / && runuser -u pgbackrest -- sh -c"
    backups = f"/proc/{server}/root/var/lib/amanat/repository/backup"
    tried = f"touch {backups}/made 2>&1 || rm -f {backups}/archive/backup.info 2>&1 || true"
    said = live_stack.root("vault", f"{inside} '{tried}'")
    assert said.count("Read-only file system") == 2, said


@pytest.fixture(scope="module")
def knock(live_stack):
    """knock(account, port) tells how an account of the store ends that connects to the network's gateway."""
    live_stack.root(
        "store", f"cat > /run/amanat-knock.py <<'END'\n{KNOCK}\nEND\nchmod 644 /run/amanat-knock.py"
    )
    yield lambda account, port: live_stack.root(
        "store", f"cd / && runuser -u {account} -- python3 /run/amanat-knock.py {port}"
    ).strip()
    live_stack.root("store", "rm /run/amanat-knock.py")


@pytest.mark.parametrize("port", [53, 80, 443, 8080])
@pytest.mark.parametrize("account", ["postgres", "archive-sealer", "nobody"])
def test_a_service_finds_no_way_out(knock, account, port):
    """The firewall refuses what services send to who is no host of the stack, questions for names included."""
    assert knock(account, port) == REFUSED


def test_root_may_ask_for_names_and_updates(knock):
    """The engine's resolver asks as root, and so does apt: such a packet leaves, whoever answers it."""
    assert {port: knock("root", port) == REFUSED for port in (53, 80, 443, 8080)} == {
        53: False,
        80: False,
        443: False,
        8080: True,
    }
