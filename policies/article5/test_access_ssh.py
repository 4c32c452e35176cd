"""Article 5 clause 6-1: who administers the server proves it with a key."""

from hashlib import sha256

import pytest

from amanat.audit import early, requirement
from amanat.audit.host import Host
from amanat.audit.readings import sshd_settings
from amanat_host import questions

ACCOUNTS = {"deploy", "auditor"}
KEYS = "/etc/ssh/authorized_keys.d/%u"  # root's to write, not the account's own


@pytest.fixture(scope="module")
def sshd(machine):
    """What the running sshd would do, not what its file says."""
    return sshd_settings(machine.privileged("sshd -T"))


@requirement("A5-6-1-access", "A7-protection")
@pytest.mark.parametrize("user", ["root", "deploy", "auditor", "postgres", "nobody-here"])
def test_a_stranger_is_offered_keys_only(machine, probe, user):
    """Whoever asks, sshd offers public keys and no password, the same for accounts that don't exist."""
    assert probe.ssh_methods(machine, user) == ["publickey"]


@requirement("A5-6-1-access")
def test_sshd_has_no_options_beside_its_files(machine):
    """What the service starts is sshd by its files: options of a command line would win, and not be shown."""
    shown = machine.read("systemctl show ssh.service --property=ExecStart,Environment,EnvironmentFiles")
    assert "argv[]=/usr/sbin/sshd -D $SSHD_OPTS ;" in shown
    assert "SSHD_OPTS=" not in shown
    assert "EnvironmentFiles=/" not in shown


@requirement("A5-6-1-access")
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("permitrootlogin", "no"),
        ("passwordauthentication", "no"),
        ("kbdinteractiveauthentication", "no"),
        ("permitemptypasswords", "no"),
        ("hostbasedauthentication", "no"),
        ("permituserenvironment", "no"),
        ("x11forwarding", "no"),
        ("gatewayports", "no"),
        ("ignorerhosts", "yes"),
        ("ignoreuserknownhosts", "yes"),
        ("kerberosorlocalpasswd", "no"),
    ],
)
def test_sshd_refuses_the_weak_ways_in(sshd, setting, value):
    """The effective setting is the strict one."""
    assert sshd[setting] == [value], setting


@requirement("A5-6-1-access")
def test_only_named_accounts_may_log_in(sshd):
    """sshd lets in the account that configures and the one that audits."""
    assert {name for line in sshd.get("allowusers", []) for name in line.split()} == ACCOUNTS


@requirement("A5-6-1-access")
def test_keys_are_given_by_root_alone(sshd):
    """sshd takes keys from root's directory only, and no command, certificate or other program vouches for more."""
    assert sshd["authorizedkeysfile"] == [KEYS]
    assert sshd["authorizedkeyscommand"] == ["none"]
    assert sshd["trustedusercakeys"] == ["none"]


@early(questions.ACCOUNTS)
@requirement("A5-6-1-access")
def test_each_account_has_one_key(machine: Host):
    """Each account that may log in has the stack's own key and no other; no other account has any."""
    accounts = machine.ask(questions.ACCOUNTS).accounts
    deploy, auditor = (machine.variables.get(f"base_{name}_public_key", "") for name in ("deploy", "auditor"))
    lines = {"deploy": deploy, "auditor": f"restrict {auditor}"}
    meant = {name: [sha256(line.strip().encode()).hexdigest()] for name, line in lines.items()}
    assert {account.name: [*account.keys] for account in accounts if account.keys} == meant


@requirement("A5-6-1-access")
@pytest.mark.parametrize(
    ("setting", "limit"), [("logingracetime", "login_grace_seconds"), ("maxauthtries", "login_attempts")]
)
def test_sshd_gives_guessing_an_end(sshd, bound, setting, limit):
    """The effective limit on unauthenticated connections is inside the bound."""
    assert bound(limit).allows(int(sshd[setting][0])), f"{setting} {sshd[setting][0]}"


@requirement("A5-6-1-access")
def test_one_login_carries_few_sessions(sshd):
    """A connection that somebody has taken over is no door for many."""
    assert 1 <= int(sshd["maxsessions"][0]) <= 4


@requirement("A5-6-1-access")
def test_an_abandoned_session_ends(sshd, bound):
    """A session whose client no longer answers is closed in time."""
    seconds = int(sshd["clientaliveinterval"][0]) * int(sshd["clientalivecountmax"][0])
    assert bound("ssh_idle_seconds").allows(seconds), f"{seconds} seconds"


@requirement("A5-6-1-access")
@pytest.mark.parametrize("setting", ["ciphers", "macs", "kexalgorithms", "hostkeyalgorithms"])
def test_sshd_offers_no_outdated_algorithm(sshd, setting):
    """Nothing with SHA-1, MD5, CBC, RC4, 3DES or DSA is negotiable."""
    outdated = ("sha1", "md5", "-cbc", "arcfour", "3des", "dss", "group1-")
    offered = sshd[setting][0].split(",")
    assert [one for one in offered if any(word in one.replace("sha1-etm", "sha1") for word in outdated)] == []
