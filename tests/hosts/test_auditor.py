"""What the auditor's account can't do with sudo on real hosts: other words, other accounts, variables, directories."""

import json
import shlex

import psycopg
import pytest

from amanat.audit.waiting import wait_until

TOOLS = "/usr/lib/amanat"
HOSTS = ("logs", "store", "vault")
PARTY = "+989355512345"
# Of the probes' own libraries and programs, of the shell, and what sudo lets through where nobody forbids it.
VARIABLES = (
    *(
        "LC_ALL",
        "LC_TIME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TERM",
        "COLORTERM",
        "LINGUAS",
        "DISPLAY",
        "HOSTNAME",
        "PS2",
    ),
    *(
        "KRB5CCNAME",
        "LS_COLORS",
        "XAUTHORITY",
        "BASH_ENV",
        "IFS",
        "PYTHONSTARTUP",
        "PYTHONHOME",
        "PGSERVICEFILE",
    ),
    *(
        "PGPASSFILE",
        "PGSYSCONFDIR",
        "PGBACKREST_REPO1_PATH",
        "RESTIC_REPOSITORY",
        "DPKG_ROOT",
        "GCONV_PATH",
        "LOCPATH",
    ),
    *("SYSTEMD_LOG_TARGET", "JOURNAL_STREAM", "HTTPS_PROXY", "SSL_CERT_FILE", "CURL_HOME", "LD_LIBRARY_PATH"),
)
# What sudo, the host's PAM and the shell make themselves.
MADE = {"HOME", "LOGNAME", "MAIL", "PATH", "SHELL", "USER", "LANG"}
OTHER_WORDS = ("+989121234567", "--help", "/etc/shadow", "-", "''", "look look", "--no-config", "--since=-1h")
GRANT = 'auditor ALL=(root) NOPASSWD: /usr/bin/env "", /usr/bin/pwd ""'


def auditor(stack, host, script):
    """Run a shell script as the auditor; (exit status, output)."""
    line = f"runuser -u auditor -- /bin/sh -c {shlex.quote(script)} 2>&1; status=$?; echo; echo $status"
    *said, status = stack.root(host, line).splitlines()
    return int(status), "\n".join(said)


def granted(stack, host):
    """The command lines that sudo grants the auditor there, as (account, line)."""
    listed = stack.root(host, "sudo -l -U auditor").replace("\\\n", " ")
    found = []
    for line in listed.splitlines():
        if "NOPASSWD:" in line:
            account, _, commands = line.strip().partition(") NOPASSWD: ")
            found += [(account.strip("("), one.strip()) for one in commands.replace("\\,", "\0").split(",")]
    return [(account, command.replace("\0", ",").replace("\\", "")) for account, command in found]


@pytest.fixture
def grant(live_stack):
    """For one test the auditor may also see what came along."""
    for host in HOSTS:
        live_stack.root(
            host, f"echo {shlex.quote(GRANT)} > /etc/sudoers.d/zz-test && chmod 0440 /etc/sudoers.d/zz-test"
        )
    yield
    for host in HOSTS:
        live_stack.root(host, "rm /etc/sudoers.d/zz-test")


@pytest.mark.parametrize("host", HOSTS)
def test_no_grant_takes_another_word(live_stack, host):
    found = granted(live_stack, host)
    assert len(found) > 10
    let_through = []
    for account, command in found:
        for word in OTHER_WORDS:
            line = command.removesuffix('""').strip()
            status, said = auditor(live_stack, host, f"sudo -n -u {account} {line} {word} </dev/null")
            if status == 0 or "a password is required" not in said:
                let_through.append((line, word, said[:200]))
    assert let_through == []


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "way",
    [
        "-u postgres {probe} accounts",
        "-u pgbackrest {probe} accounts",
        "-g root {probe} accounts",
        "-E {probe} accounts",
        "--preserve-env=PYTHONPATH {probe} accounts",
        "PYTHONPATH=/tmp {probe} accounts",
        "LD_PRELOAD=/tmp/x.so {probe} accounts",
        "-D /tmp {probe} accounts",
        "-s",
        "-i",
        "-e /etc/shadow",
        "/usr/bin/python3 {probe} accounts",
        "/usr/bin/journalctl --identifier=postgresql",
        "/usr/lib/amanat/integrity accept converge",
        "/usr/lib/amanat/integrity baseline because",
        "/usr/lib/amanat/../amanat/bench-archive",
        "/usr/lib/amanat/restore-cluster --data /tmp",
    ],
)
def test_no_other_way_is_let_through(live_stack, host, way):
    status, said = auditor(
        live_stack, host, f"PYTHONPATH=/tmp sudo -n {way.format(probe=f'{TOOLS}/probe')} </dev/null"
    )
    assert status != 0, said
    assert '"accounts"' not in said


@pytest.mark.usefixtures("grant")
@pytest.mark.parametrize("host", HOSTS)
def test_nothing_of_the_callers_comes_along(live_stack, host):
    given = " ".join(f"{name}=C" for name in VARIABLES)
    status, said = auditor(live_stack, host, f"env {given} sudo -n /usr/bin/env </dev/null 2>/dev/null")
    assert status == 0
    names = {line.partition("=")[0] for line in said.splitlines() if line}
    values = {line.partition("=")[0]: line.partition("=")[2] for line in said.splitlines()}
    assert {name for name in names if not name.startswith("SUDO_")} <= MADE | {"TERM"}, said
    assert values.get("LANG") != "C"
    assert auditor(live_stack, host, "cd /tmp && sudo -n /usr/bin/pwd")[1].strip() == "/"


def test_a_known_party_can_not_be_asked_for(live_stack):
    """A party's number lies in the database: no probe lets the caller name it, digit by digit or whole."""
    with psycopg.connect(**live_stack.client("archive_writer"), autocommit=True) as writer:
        writer.execute(
            "SELECT archive.record_message('sms', 'out', %s, '+98300012345', now(), NULL, '192.0.2.1', 40000, 'hello')",
            (PARTY,),
        )
    searching = {
        "store": ("sudo -n {0}/probe-marker look", "sudo -n {0}/probe-log"),
        "vault": ("sudo -n -u pgbackrest {0}/probe-repository look",),
    }
    live_stack.root("store", f"cd / && {TOOLS}/probe-marker draw")
    live_stack.root("vault", f"cd / && runuser -u pgbackrest -- {TOOLS}/probe-repository draw")
    for host, lines in searching.items():
        for line in lines:
            answers = set()
            for guess in (PARTY, PARTY[:-1] + "6", PARTY[:8], "never-recorded"):
                status, said = auditor(live_stack, host, f"printf '%s\\n' {guess} | {line.format(TOOLS)}")
                assert status == 0, said
                assert guess not in said
                answers.add(json.dumps(json.loads(said).get("markers")))
            assert len(answers) == 1, f"{line} answers for what the caller names"


def test_a_full_disk_tells_no_record(live_stack):
    """A probe that fails among the newest records names the failure and no record: here by a limit on files."""
    assert wait_until(lambda: live_stack.query("SELECT archive.lag_seconds()") == "0", 40)
    script = f"cd / && ulimit -f 40000 && runuser -u postgres -- {TOOLS}/probe-tamper 2>&1 || true"
    for blocks in (200, 2000, 16000, 30000):
        said = live_stack.root("store", script.replace("40000", str(blocks)))
        assert PARTY not in said
        assert "CONTEXT" not in said
