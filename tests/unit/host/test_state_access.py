"""The dimension access: every account, key, rule and setting of the ways in is an item, and no secret is."""

import fnmatch
import os
from types import SimpleNamespace

import pytest

from amanat_host.state import access, accounts, found, interfaces, keys, pam, sshd, sudo
from amanat_host.state.found import Found

MODULES = (access, accounts, found, keys, pam, sshd, sudo)
BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReVyMnHdVxBk0dMcnhFf0Lj3DGdhgzi"
FINGERPRINT = keys.fingerprint(BLOB)
HASH = "$y$j9T$abcdefgh$secretsecretsecret"
PASSWD = "root:x:0:0:root:/root:/bin/bash\ndeploy:x:1000:1000::/home/deploy:/bin/bash\n"
SHADOW = "root:*:20783:7:60:7:::\ndeploy:!:20783:7:60:7:35::\n"
GROUP = "root:x:0:\ndeploy:x:1000:\nssl-cert:x:102:deploy\n"
LISTING = """Matching Defaults entries for {0} on store:
    env_reset, secure_path=/usr/sbin\\:/usr/bin, use_pty, log_output

User {0} may run the following commands on store:
    (root) NOPASSWD: /usr/sbin/sshd -T, /usr/sbin/nft list ruleset
"""


@pytest.fixture
def host(monkeypatch):
    """host(files, answers, accounts): a machine of these files by path, and programs' answers by their words."""

    def made(files, answers=(), users=(), groups=()):
        def answer(*command):
            return next((text for words, text in dict(answers).items() if words in " ".join(command)), "")

        def matching(*patterns):
            for pattern in patterns:
                yield from sorted(path for path in files if fnmatch.fnmatchcase(path, pattern))

        own = {
            "text": lambda path: files.get(str(path), ""),
            "answer": answer,
            "whole_answer": answer,
            "paths": matching,
            "regular_files": matching,
            "ownership": lambda path: "root:root 0600" if path in files else os.fspath("missing"),
        }
        for module in MODULES:
            for name, replacement in own.items():
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, replacement)
        listed = [
            SimpleNamespace(pw_name=name, pw_uid=uid, pw_gid=uid, pw_dir=home, pw_shell="/bin/sh")
            for name, uid, home in users
        ]
        monkeypatch.setattr("pwd.getpwall", lambda: listed)
        monkeypatch.setattr(
            "grp.getgrall", lambda: [SimpleNamespace(gr_name=name, gr_gid=gid) for name, gid in groups]
        )
        monkeypatch.setattr(os, "listdir", lambda _: ["self", "7"])
        return Found()

    return made


USERS = (("root", 0, "/root"), ("deploy", 1000, "/home/deploy"))
GROUPS = (("root", 0), ("deploy", 1000), ("ssl-cert", 102))
FILES = {"/etc/passwd": PASSWD, "/etc/shadow": SHADOW, "/etc/group": GROUP}


def accounts_of(host, users=USERS, groups=GROUPS, **changed):
    files = FILES | {f"/etc/{name}": text for name, text in changed.items()}
    all_found = host(files, users=users, groups=groups)
    accounts.read(all_found)
    return all_found.items


def test_accounts_are_told_with_what_lets_them_in(host):
    items = accounts_of(host)
    assert items["account root"] == (
        "uid 0, group root, home /root, shell /bin/bash, password none, 7 to 60 days, warned 7 days"
    )
    assert items["account deploy"].startswith("uid of a person, group deploy, home /home/deploy, ")
    assert items["group ssl-cert member deploy"] == "yes"
    assert items["group ssl-cert"] == "system gid"
    assert len(items) == 6


@pytest.mark.parametrize(
    ("changed", "item", "value"),
    [
        ({"passwd": PASSWD + "toor:x:0:0::/root:/bin/sh\n"}, "uid 0 of several accounts", "root toor"),
        ({"passwd": PASSWD + "x::5:5::/:/bin/sh\n"}, "account x", "password empty in /etc/passwd"),
        ({"passwd": PASSWD + f"x:{HASH}:5:5::/:/bin/sh\n"}, "account x", "password yescrypt in /etc/passwd"),
        ({"passwd": PASSWD + "+::::::\n"}, "odd row of /etc/passwd: no name", "7 fields"),
        ({"shadow": SHADOW + f"{HASH}\n"}, "odd row of /etc/shadow: no name", "1 fields"),
        ({"shadow": SHADOW + f"old:{HASH}:1::::::\n"}, "in /etc/shadow alone: old", "password yescrypt"),
        ({"shadow": SHADOW + f"root:{HASH}:1::::::\n"}, "second row of root in /etc/shadow", "yescrypt"),
        ({"shadow": SHADOW.replace("!", "!" + HASH)}, "account deploy", "password locked yescrypt"),
        ({"shadow": SHADOW.replace("!", HASH)}, "account deploy", "password yescrypt,"),
        ({"group": GROUP + "wheel:x:0:\n"}, "gid 0 of several groups", "root wheel"),
        ({"gshadow": f"sudo:{HASH}:deploy:root\n"}, "group sudo password", "yescrypt"),
        ({"gshadow": "sudo:!:deploy:root\n"}, "group sudo administrator deploy", "yes"),
        ({"gshadow": "sudo:!::root\n"}, "group sudo member root in /etc/gshadow alone", "yes"),
        ({"subuid": "deploy:0:70000\n"}, "subuid of deploy", "70000 ids from 0"),
        ({"subgid": "a:100000:9\nb:100005:9\n"}, "subgid of b", "9 ids above all accounts, shared with a"),
    ],
)
def test_what_is_odd_about_accounts_is_an_item_and_no_secret_is(host, changed, item, value):
    items = accounts_of(host, **changed)
    assert value in items[item]
    assert "secretsecret" not in str(items)


def test_whoever_the_name_service_has_beside_the_files_is_found(host):
    items = accounts_of(host, users=(*USERS, ("mallory", 0, "/")), groups=(*GROUPS, ("ops", 27)))
    assert items["account from elsewhere mallory"] == "uid 0, shell /bin/sh"
    assert items["group from elsewhere ops"] == "gid 27"


def keys_of(host, files, settings=("authorizedkeysfile /etc/ssh/authorized_keys.d/%u .ssh/also",)):
    all_found = host(files, {"ssh-keygen": "256 SHA256:abc x (ED25519)"}, USERS)
    keys.read(all_found, settings)
    return all_found.items


@pytest.mark.parametrize(
    "path",
    [
        "/etc/ssh/authorized_keys.d/deploy",
        "/home/deploy/.ssh/also",
        "/home/deploy/.ssh/authorized_keys2",
        "/root/.ssh/authorized_keys",
        "/var/lib/postgresql/.ssh/authorized_keys",
        "/home/gone/.ssh/authorized_keys",
    ],
)
def test_a_key_is_found_wherever_sshd_may_look(host, path):
    items = keys_of(host, {path: f'# mine\nfrom="10.0.0.1",restrict ssh-ed25519 {BLOB} me@home\n'})
    value = 'ssh-ed25519, options from="10.0.0.1",restrict; root:root 0600'
    assert items == {f"key {FINGERPRINT} in {path}": value}


def test_two_keys_of_one_file_are_two_items(host):
    line = f"ssh-ed25519 {BLOB}\n"
    items = keys_of(host, {"/etc/ssh/authorized_keys.d/deploy": line + line})
    assert len(items) == 2


@pytest.mark.parametrize(
    "path", ["/root/.rhosts", "/etc/hosts.equiv", "/run/credstore/passwd.x", "/etc/ssh/sshrc"]
)
def test_what_vouches_by_being_there_is_found(host, path):
    assert keys_of(host, {path: "x"}) == {f"trust file {path}": "root:root 0600"}


def test_a_host_key_is_told_by_kind_and_mode(host):
    items = keys_of(host, {"/etc/ssh/ssh_host_rsa_key": "x"}, ("hostkey /etc/ssh/ssh_host_rsa_key",))
    assert items == {"host key /etc/ssh/ssh_host_rsa_key": "ED25519 256 bits, root:root 0600"}
    items = keys_of(host, {"/etc/ssh/ssh_host_rsa_key": "x"}, ())
    assert items["host key /etc/ssh/ssh_host_rsa_key"].endswith(", not offered")


def test_a_fingerprint_is_that_of_ssh_keygen():
    assert FINGERPRINT == "SHA256:DFIMP3OWdwPj4yz/hI9tb1/wRyCUaz1pNsYkQnCAwZ0"
    assert keys.fingerprint("AAAAA") == "unreadable"


def sshd_of(host, files, settings, monkeypatch, own="10.0.0.2"):
    monkeypatch.setattr(sshd, "settings", settings)
    all_found = host(
        files, {"systemctl": "MainPID=7\nStateChangeTimestamp=Thu 1970-01-01 00:33:20.000500 UTC\n"}, USERS
    )
    sshd.read(all_found, own, ["10.0.0.1"])
    return all_found.items


def test_what_sshd_does_for_all_is_told_once(host, monkeypatch):
    lines = ["permitrootlogin no", "allowusers deploy", "allowusers auditor", "listenaddress 10.0.0.2:22"]
    items = sshd_of(host, {}, lambda *_: lines, monkeypatch)
    assert items["sshd: permitrootlogin"] == "no"
    assert {
        "sshd: allowusers deploy",
        "sshd: allowusers auditor",
        "sshd: listenaddress own address:22",
    } <= set(items)
    assert not [item for item in items if item.startswith("sshd for ")]


def test_a_match_block_shows_itself_and_for_whom_it_counts(host, monkeypatch):
    def settings(account, address, _own):
        one = account == "deploy" and address == "10.0.0.1"
        return ["permitrootlogin no", "allowusers deploy", *(["x11forwarding yes"] if one else [])]

    monkeypatch.setattr(sshd.glob, "glob", lambda pattern: [pattern] if pattern.endswith("more.conf") else [])
    files = {
        sshd.CONFIGURATION: "PermitRootLogin no\nInclude more.conf\n",
        "/etc/ssh/more.conf": "match=Address 10.0.0.1 User deploy\n  X11Forwarding yes # for a day\n",
    }
    items = sshd_of(host, files, settings, monkeypatch)
    assert items["sshd for deploy from a caller: x11forwarding"] == "yes"
    assert "sshd block: match=Address 10.0.0.1 User deploy: X11Forwarding yes" in items
    assert [item for item in items if item.startswith("sshd for ")] == [
        "sshd for deploy from a caller: x11forwarding"
    ]


def test_settings_that_sshd_refuses_are_an_item(host, monkeypatch):
    assert "sshd: its configuration" in sshd_of(host, {}, lambda *_: [], monkeypatch)


def test_each_sshd_that_waits_is_told_by_its_command_line(host, monkeypatch):
    title = "sshd: /usr/sbin/sshd -D -o PermitRootLogin=yes [listener] 0 of 10-60 startups"
    files = {"/proc/7/comm": "sshd\n", "/proc/7/cmdline": title, "/proc/7/cgroup": "0::/user.slice/a.scope\n"}
    assert any(
        item == "sshd runs as: /usr/sbin/sshd -D -o PermitRootLogin=yes"
        for item in sshd_of(host, files, lambda *_: [], monkeypatch)
    )


@pytest.mark.parametrize(
    ("changed", "read"), [(2000.0004, "yes"), (2000.0006, "no: /etc/ssh/sshd_config changed later")]
)
def test_an_sshd_older_than_its_files_is_found(host, monkeypatch, changed, read):
    monkeypatch.setattr(os.path, "exists", lambda _: True)
    monkeypatch.setattr(os, "stat", lambda *_, **__: SimpleNamespace(st_ctime=changed, st_uid=0))
    assert sshd_of(host, {}, lambda *_: ["port 22"], monkeypatch)["sshd has read its files"] == read


def pam_of(host, files):
    all_found = host(files)
    pam.read(all_found)
    return all_found.items


def test_stacks_are_told_line_by_line(host):
    files = {
        "/etc/pam.d/sudo": "# mine\n@include  common-auth\nauth\tsufficient pam_rootok.so \\\n  debug\n",
        "/usr/lib/pam.d/systemd-user": "session optional pam_systemd.so\n",
        "/etc/pam.d/common-auth.pam-old": "auth required pam_unix.so nullok\n",
    }
    items = {item: value for item, value in pam_of(host, files).items() if item.startswith("pam")}
    assert items == {
        "pam sudo line 01": "@include common-auth",
        "pam sudo line 02": "auth sufficient pam_rootok.so debug",
        "pam /usr/lib/pam.d/systemd-user line 01": "session optional pam_systemd.so",
    }


@pytest.mark.parametrize(
    ("path", "content", "item", "value"),
    [
        (
            "/etc/security/limits.d/x.conf",
            "* soft core 1",
            "security limits.d/x.conf line 01",
            "* soft core 1",
        ),
        ("/etc/login.defs", "UMASK\t022", "/etc/login.defs UMASK", "022"),
        ("/etc/default/useradd", "SHELL=/bin/sh", "/etc/default/useradd SHELL", "/bin/sh"),
        ("/etc/doas.conf", "permit nopass a", "/etc/doas.conf line 01", "permit nopass a"),
        ("/etc/shells", "/usr/bin/python3", "shell /usr/bin/python3", "yes"),
        ("/var/lib/systemd/linger/ana", "", "lingers: ana", "yes"),
        ("/etc/polkit-1/rules.d/x.rules", "", "polkit rule /etc/polkit-1/rules.d/x.rules", "root:root 0600"),
    ],
)
def test_what_limits_accounts_is_told(host, path, content, item, value):
    assert pam_of(host, {path: content})[item] == value


def test_a_console_that_is_not_barred_is_found(host, monkeypatch):
    assert pam_of(host, {})["console getty@.service"] == "not masked"
    monkeypatch.setattr(os.path, "lexists", lambda path: path.startswith("/etc/systemd/system/"))
    monkeypatch.setattr(os.path, "realpath", lambda _: "/dev/null")
    assert pam_of(host, {})["console getty@.service"] == "masked"


def sudo_of(host, listings, sudoers="", tmpfiles=""):
    answers = {f"-U {account}": text for account, text in listings.items()}
    answers |= {"cvtsudoers": sudoers, "systemd-tmpfiles": tmpfiles}
    all_found = host({sudo.RECORD: ""}, answers, USERS)
    sudo.read(all_found)
    return all_found.items


def test_rules_are_told_by_account_and_command(host):
    nobody = "User deploy is not allowed to run sudo on store.\n"
    items = sudo_of(host, {"root": LISTING.format("root"), "deploy": nobody})
    assert items["sudo root as root: /usr/sbin/nft list ruleset"] == "NOPASSWD"
    assert items["sudo root as root: /usr/sbin/sshd -T"] == "NOPASSWD"
    assert items["sudo default use_pty"] == "yes"
    assert items["sudo default secure_path=/usr/sbin\\:/usr/bin"] == "yes"
    assert not [item for item in items if "deploy" in item]


def test_defaults_that_differ_for_one_account_are_told(host):
    other = LISTING.format("deploy").replace("log_output", "log_output, !log_output, !authenticate")
    items = sudo_of(host, {"root": LISTING.format("root"), "deploy": other})
    assert items["sudo default for deploy: !authenticate"] == "yes"
    assert items["sudo default for deploy: !log_output"] == "yes"
    assert items["sudo default for deploy: log_output"] == "absent"


def test_a_tag_within_a_list_counts_from_there_on(host):
    listing = LISTING.replace("/usr/sbin/nft", "SETENV: NOPASSWD: /usr/bin/vi *, PASSWD: /usr/sbin/nft")
    items = sudo_of(host, {"root": listing.format("root")})
    assert items["sudo root as root: /usr/bin/vi *"] == "SETENV NOPASSWD"
    assert items["sudo root as root: /usr/sbin/nft list ruleset"] == "PASSWD"


def test_a_comma_within_a_command_does_not_end_it():
    assert sudo.split(r'/bin/a b\,c, /bin/d "e, f", x="g, h"') == [
        r"/bin/a b\,c",
        '/bin/d "e, f"',
        'x="g, h"',
    ]


def test_sudo_that_gives_no_answer_is_found(host):
    assert sudo_of(host, {"root": ""})["sudo for root"] == "no answer"


def test_rules_for_whom_no_account_is_are_told(host):
    sudoers = "Defaults env_reset\n\nroot ALL = ALL\n%sudo ALL = (ALL : ALL) ALL\n#1007 ALL = \\\n    NOPASSWD: ALL\n"
    items = sudo_of(host, {}, sudoers)
    assert [item for item in items if item.startswith("sudoers: ")] == [
        "sudoers: %sudo ALL = (ALL : ALL) ALL",
        "sudoers: #1007 ALL = NOPASSWD: ALL",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("d /var/log/sudo-io 0700 root root 190d", True),
        ("D /var/log/sudo* 0700 root root -", True),
        ("e /var/log - - - 1d", True),
        ("d /var/log 0755 - - -", False),
        ("d /var/lib/x 0755 root root 1d", False),
        ("# R /var/log/sudo-io", False),
    ],
)
def test_what_clears_the_record_is_told(host, line, told):
    items = sudo_of(host, {}, tmpfiles=line + "\n")
    assert (f"sudo record is cleared by: {line}" in items) is told
    assert items["sudo record"] == "/var/log/sudo-io root:root 0600"


def test_the_whole_dimension_is_one_state(host, monkeypatch):
    monkeypatch.setattr(access, "own_address", lambda: "10.0.0.2")
    host(
        FILES,
        {"state established": "0 0 10.0.0.2:22 10.0.0.9:5\n0 0 10.0.0.2:22 [::ffff:10.0.0.1]:5\n"},
        USERS,
        GROUPS,
    )
    assert access.callers() == ["10.0.0.9"]
    state = access.read()
    assert "account root" in state.items
    assert "sudo record" in state.items
    interfaces.forget()
