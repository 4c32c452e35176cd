"""What PAM's files say of passwords and locks, and what libpwquality makes of its settings."""

import ctypes
from types import SimpleNamespace

import pytest

from amanat_host.answers.system import Lock
from amanat_host.errors import HostError
from amanat_host.system import passwords

AUTH = """\
auth requisite pam_faillock.so preauth
auth [success=2 default=ignore] pam_unix.so try_first_pass
auth [default=die] pam_faillock.so authfail
"""
OURS = {
    "/etc/pam.d/passwd": "@include common-password\n",
    "/etc/pam.d/common-password": "password requisite pam_pwquality.so retry=3\npassword required pam_unix.so\n",
    "/etc/pam.d/common-auth": AUTH,
    "/etc/pam.d/sudo": "session required pam_limits.so\n@include common-auth # as all do\n",
    "/etc/security/faillock.conf": "audit\ndeny = 5\n# deny = 9\nunlock_time = 900\n",
}


@pytest.fixture
def host(monkeypatch):
    """host(**changes): files by path, ours where nothing else is given."""

    def made(changes=()):
        files = {**OURS, **dict(changes)}
        monkeypatch.setattr(passwords, "text", lambda path: files.get(str(path), ""))

    return made


class Library:
    """A libpwquality that knows lengths, and takes `options` as pam_pwquality hands them over."""

    def __init__(self, *, shortest=14, enforcing=1, for_root=1, fault=0):
        self.numbers = {passwords.ENFORCING: enforcing, passwords.ENFORCE_FOR_ROOT: for_root}
        self.shortest, self.fault, self.options = shortest, fault, []

    def pwquality_default_settings(self):
        return 1

    def pwquality_read_config(self, _settings, _path, _why):
        return self.fault

    def pwquality_set_option(self, _settings, option):
        self.options.append(option)
        name, _, value = option.partition(b"=")
        self.shortest = int(value) if name == b"minlen" else self.shortest
        return 0

    def pwquality_set_int_value(self, _settings, setting, value):
        assert (setting, value) == (passwords.DICT_CHECK, 0)

    def pwquality_get_int_value(self, _settings, setting, value):
        ctypes.cast(value, ctypes.POINTER(ctypes.c_int))[0] = self.numbers[setting]
        return 0

    def pwquality_check(self, _settings, password, *_others):
        return 50 if len(password) >= self.shortest else -7


@pytest.fixture
def library(monkeypatch):
    """library(…): such a library for the probe."""

    def made(**settings):
        one = Library(**settings)
        monkeypatch.setattr(passwords, "library", lambda: one)

    return made


def test_ours_are_told_as_they_are(host, library):
    host()
    library()
    assert passwords.rules().shortest_characters == 14
    assert passwords.rules().locks == {"sudo": Lock(5, 900)}


@pytest.mark.parametrize(
    ("line", "shortest"),
    [
        ("password requisite pam_pwquality.so retry=3 minlen=8", 8),
        ("-password required /usr/lib/security/pam_pwquality.so", 14),
        ("password optional pam_pwquality.so", 0),
        ("password sufficient pam_unix.so\npassword requisite pam_pwquality.so", 0),
        ("# password requisite pam_pwquality.so", 0),
        ("", 0),
    ],
)
def test_what_looks_at_a_password_must_come_first_and_count(host, library, line, shortest):
    host({"/etc/pam.d/common-password": line})
    library()
    assert passwords.rules().shortest_characters == shortest


@pytest.mark.parametrize(
    ("settings", "shortest"),
    [({"enforcing": 0}, 0), ({"for_root": 0}, 0), ({"shortest": 7}, 7), ({"shortest": 1000}, None)],
)
def test_what_is_only_warned_of_is_no_rule(host, library, settings, shortest):
    host()
    library(**settings)
    assert passwords.rules().shortest_characters == shortest


def test_settings_that_cannot_be_read_are_an_error(host, library):
    host()
    library(fault=-14)
    with pytest.raises(HostError, match="error -14"):
        passwords.rules()


@pytest.mark.parametrize(
    ("changes", "lock"),
    [
        ({"/etc/security/faillock.conf": "deny = 0\n"}, Lock(0, 600)),
        ({"/etc/security/faillock.conf": ""}, Lock(3, 600)),
        ({"/etc/security/faillock.conf": "unlock_time = never\n"}, Lock(3, None)),
        ({"/etc/pam.d/common-auth": AUTH.replace("preauth", "preauth unlock_time=60")}, Lock(5, 60)),
        ({"/etc/pam.d/common-auth": AUTH.replace("authfail", "authfail deny=100")}, Lock(100, 900)),
        ({"/etc/pam.d/common-auth": AUTH.replace("authfail", "authfail conf=/x")}, Lock(5, 600)),
        (
            {"/etc/pam.d/common-auth": AUTH.replace("requisite pam_faillock", "optional pam_faillock")},
            Lock(0, 0),
        ),
        ({"/etc/pam.d/common-auth": "\n".join(AUTH.splitlines()[1:])}, Lock(0, 0)),
        ({"/etc/pam.d/common-auth": "\n".join(AUTH.splitlines()[:2])}, Lock(0, 0)),
        ({"/etc/pam.d/common-auth": "\n".join(reversed(AUTH.splitlines()))}, Lock(0, 0)),
    ],
)
def test_a_lock_has_both_halves_and_the_weaker_of_their_numbers(host, library, changes, lock):
    host(changes)
    library()
    assert passwords.rules().locks == {"sudo": lock}


def test_what_another_file_says_is_followed(host):
    host({"/etc/pam.d/a": "auth substack b\n", "/etc/pam.d/b": "auth\\\n required pam_x.so one two\n"})
    assert list(passwords.stack("a", "auth")) == [passwords.Line("required", "pam_x.so", ["one", "two"])]


@pytest.mark.parametrize("length", [1, 5, 14])
def test_a_tried_password_has_its_length_and_all_kinds(length):
    made = passwords.random_password(length)
    assert len(made) == length
    assert sum(any(sign in kind for sign in made) for kind in passwords.PASSWORD_CLASSES) == min(length, 4)


def test_the_library_is_loaded_once(monkeypatch):
    loaded = []
    fake = SimpleNamespace(pwquality_default_settings=SimpleNamespace())
    monkeypatch.setattr(ctypes, "CDLL", lambda name: loaded.append(name) or fake)
    passwords.library.cache_clear()
    assert passwords.library() is passwords.library() is fake
    assert loaded == ["libpwquality.so.1"]
    passwords.library.cache_clear()
