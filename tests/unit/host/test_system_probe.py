"""What the host says of itself: accounts, files, updates, and never a hash."""

import json
import os
import stat
from hashlib import sha256
from types import SimpleNamespace

import pytest

from amanat_host import processes
from amanat_host.system import probe, state, updates

KEY = sha256(b"ssh-ed25519 AAAA").hexdigest()
SHADOW = "root:*:20000:0:99999:7:::\nana:$y$j9T$secrethash:20001:1:365:7:30::\nopen::20002::::::\n"
SYSTEMCTL = """Id=ssh.service
ActiveState=active
UnitFileState=enabled

Id=apt-daily.timer
ActiveState=inactive
"""


@pytest.fixture
def host(monkeypatch, tmp_path):
    """host(files, outputs): texts by path, and the output of each program by its name."""

    def made(files, outputs=()):
        def run(command, **_options):
            return SimpleNamespace(stdout=dict(outputs).get(os.path.basename(command[0]), ""), returncode=0)

        read = lambda path: files.get(str(path), "")  # noqa: E731
        monkeypatch.setattr(probe, "text", read)
        monkeypatch.setattr(state, "text", read)
        monkeypatch.setattr(updates, "text", read)
        monkeypatch.setattr(processes, "run", run)
        wanted = {
            "units": [
                {"name": "ssh.service", "state": "started"},
                {"name": "getty@.service", "state": "masked"},
            ],
            "setuid_allowed": [str(tmp_path / "allowed")],
            "newer_than_service": {"ssh.service": ["/etc/ssh/sshd_config"]},
        }
        (tmp_path / "base.json").write_text(json.dumps(wanted))
        monkeypatch.setattr(state, "WANTED", tmp_path / "base.json")
        state.wanted.cache_clear()

    yield made
    state.wanted.cache_clear()


def account(name, uid, gid, shell="/bin/sh"):
    return SimpleNamespace(pw_name=name, pw_uid=uid, pw_gid=gid, pw_shell=shell)


def group(name, gid, members=()):
    return SimpleNamespace(gr_name=name, gr_gid=gid, gr_mem=members)


def test_accounts_are_told_by_the_kind_of_their_password_and_never_its_hash(host, call, monkeypatch):
    host({"/etc/shadow": SHADOW, "/etc/ssh/authorized_keys.d/ana": "# a note\nssh-ed25519 AAAA\n\n"})
    listed = [
        account("root", 0, 6),
        account("ana", 1000, 1000),
        account("open", 1001, 1001, "/usr/sbin/nologin"),
    ]
    monkeypatch.setattr(probe.pwd, "getpwall", lambda: listed)
    groups = [
        group("sudo", 27, ["ana"]),
        group("ana", 1000, ["ana"]),
        group("nogroup", 1001),
        group("disk", 6),
    ]
    monkeypatch.setattr(probe.grp, "getgrall", lambda: groups)
    found = probe.accounts()
    by_name = {one.name: one for one in found.accounts}
    assert found.uid_zero == ["root"]
    assert [by_name[name].password for name in ("root", "ana", "open")] == ["locked", "yescrypt", "empty"]
    assert (by_name["ana"].keys, by_name["ana"].groups, by_name["ana"].max_days) == ([KEY], ["sudo"], 365)
    assert (by_name["open"].groups, by_name["root"].groups) == ([], ["disk"])
    assert (by_name["open"].login_shell, by_name["open"].max_days) == (False, None)
    assert "secrethash" not in call(probe.main, "accounts")[1]


def test_a_file_with_anothers_rights_is_told_with_its_package(host, monkeypatch, tmp_path):
    stray, allowed = tmp_path / "stray", tmp_path / "allowed"
    for path in (stray, allowed):
        path.touch()
        path.chmod(0o4755)
    host({}, {"find": f"{allowed}\0{stray}\0", "dpkg": f"sudo: {allowed}"})
    found = probe.setuid().files
    assert [(one.path, one.mode, one.package) for one in found] == [
        (str(allowed), "4755", "sudo"),
        (str(stray), "4755", "sudo"),
    ]
    assert stat.S_IMODE(stray.stat().st_mode) == 0o4755, "it only looks"


def test_files_of_others_are_each_told_once(host):
    host({"/proc/self/mounts": "/dev/sda / ext4 rw 0 0\n"}, {"find": "/etc/b\0/etc/a\0/etc/a\0"})
    found = probe.files()
    assert found.writable == ["/etc/a", "/etc/b"]
    assert found.foreign_directories[0] == "/etc/a"


def test_updates_that_wait_are_those_of_security(host, monkeypatch):
    simulated = (
        "Inst libssl3 [3.5.1] (3.5.4 Debian-Security:13/stable-security [amd64])\nInst bash (5.2 Debian:13)\n"
    )
    outputs = {
        "apt-get": simulated + "Debian/Debian-Security\n",
        "apt-config": 'APT::Periodic::Update-Package-Lists "1";\n',
        "systemctl": SYSTEMCTL,
    }
    kept = {"noted_at": "2026-11-20T00:00:00Z", "since": {"libssl3": "2026-11-01T00:00:00Z", "gone": "x"}}
    host({str(updates.NOTES): json.dumps(kept)}, outputs)
    monkeypatch.setattr(probe, "when", lambda path: os.path.basename(path))
    found = probe.updates()
    assert found.waiting_since == {"libssl3": "2026-11-01T00:00:00Z"}
    assert found.noted_at == "2026-11-20T00:00:00Z"
    assert found.security_source
    assert found.periodic_days == {"Update-Package-Lists": "1"}
    assert found.timers == {"apt-daily.timer": "inactive", "apt-daily-upgrade.timer": None}
    assert (found.lists_refreshed, found.last_unattended_run) == (
        "update-success-stamp",
        "unattended-upgrades-stamp",
    )


def test_the_auditors_rights_are_those_that_sudo_knows(host, monkeypatch):
    host({}, {"sudo": "User auditor may run:\n    (root) NOPASSWD: /usr/sbin/sshd -T\n    (postgres) /x\n"})
    monkeypatch.setattr(probe.Path, "glob", lambda *_: iter(()))
    monkeypatch.setenv("BROUGHT_ALONG", "secret value")
    found = probe.sudo()
    assert found.auditor == [("root", "/usr/sbin/sshd -T"), ("postgres", "/x")]
    assert "BROUGHT_ALONG" in found.environment
    assert "secret value" not in str(found)
    assert found.recorded_sessions == 0


def test_a_kernel_setting_is_compared_with_what_is_wanted(host):
    settings = "# a note\n-kernel.dmesg_restrict = 1\nnet.ipv4.tcp_syncookies = 1\n"
    host({"/etc/sysctl.d/60-amanat.conf": settings, "/proc/sys/kernel/dmesg_restrict": "1\n"})
    found = probe.sysctl().settings
    assert (found["kernel.dmesg_restrict"].actual, found["kernel.dmesg_restrict"].met) == ("1", True)
    assert (found["net.ipv4.tcp_syncookies"].actual, found["net.ipv4.tcp_syncookies"].met) == (None, False)


def test_what_is_wanted_is_read_from_what_the_role_wrote(host):
    host({}, {"systemctl": SYSTEMCTL})
    assert state.wanted().named(masked=True) == ["getty@.service"]
    assert state.units()["ssh.service"]["UnitFileState"] == "enabled"
