"""Which passwords PAM takes and when it locks an account: by its files, and by the library that its module asks."""

from __future__ import annotations

import ctypes
import functools
import itertools
import re
import secrets
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amanat_host.answers.system import Lock, PasswordRules
from amanat_host.errors import HostError
from amanat_host.system.state import text

SERVICES = Path("/etc/pam.d")
FAILLOCK = "/etc/security/faillock.conf"
ASKING = ("login", "sshd", "su", "sudo")  # where a password could be tried
MUST = ("required", "requisite")
PASSWORD_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+:=?@")
LONGEST = 64
TRIES = 8  # a random text may have a sequence in it
DICT_CHECK, ENFORCING, ENFORCE_FOR_ROOT = 15, 17, 19  # pwquality.h
DEFAULT_FAILURES, DEFAULT_LOCK_SECONDS = 3, 600  # faillock.conf(5)


@dataclass(frozen=True)
class Line:
    """One line of a PAM stack: control, module without its directory, arguments."""

    control: str
    module: str
    arguments: Sequence[str]


def stack(service: str, kind: str) -> Iterator[Line]:
    """The lines of a kind (auth, password, …) that a service goes through, with what it includes (pam.d(5))."""
    for line in text(SERVICES / service).replace("\\\n", " ").splitlines():
        words = line.partition("#")[0]
        if included := re.match(r"\s*@include\s+(\S+)", words):
            yield from stack(included[1], kind)
            continue
        found = re.match(rf"\s*-?{kind}\s+(\[[^]]*\]|\S+)\s+(\S+)(.*)", words, re.IGNORECASE)
        if found and found[1] in ("include", "substack"):
            yield from stack(found[2], kind)
        elif found:
            yield Line(found[1], found[2].rpartition("/")[2], found[3].split())


def rules() -> PasswordRules:
    """What may be set by `passwd`, and what a wrong password costs at each service that could ask for one."""
    present = [service for service in ASKING if text(SERVICES / service)]
    return PasswordRules(
        shortest_characters(list(stack("passwd", "password"))),
        {service: lock(list(stack(service, "auth"))) for service in present},
    )


def shortest_characters(lines: Sequence[Line]) -> int | None:
    """The length of the shortest password that is taken; 0 where nothing looks, None where none is taken.

    pam_pwquality has to come first: what stands before it may have taken the password already.
    """
    first = lines[0] if lines else None
    if first is None or first.module != "pam_pwquality.so" or first.control not in MUST:
        return 0
    return Quality(first.arguments).shortest()


def lock(lines: Sequence[Line]) -> Lock:
    """After how many wrong passwords an account locks, and for how long. Without both halves it never does."""
    halves = {half: line for line in lines if line.module == "pam_faillock.so" for half in line.arguments}
    refusing, counting = halves.get("preauth"), halves.get("authfail")
    asked = next((at for at, line in enumerate(lines) if line.module == "pam_unix.so"), len(lines))
    if refusing is None or counting is None or refusing.control not in MUST:
        return Lock(0, 0)
    if not lines.index(refusing) < asked < lines.index(counting):
        return Lock(0, 0)
    both = [faillock(line.arguments) for line in (refusing, counting)]
    least_seconds = min((seconds for _, seconds in both if seconds is not None), default=None)
    failures = [failures for failures, _ in both]
    return Lock(0 if 0 in failures else max(failures), least_seconds)


def faillock(arguments: Sequence[str]) -> tuple[int, int | None]:
    """(failures, seconds) as pam_faillock takes them: its file's, and its arguments' over them; None for no end."""
    options = dict(one.partition("=")[::2] for one in arguments)
    path = options.get("conf", FAILLOCK)
    written = re.findall(r"^\s*(\w+)\s*=\s*(\S+)", text(path), re.MULTILINE)
    options = {**dict(written), **options}
    lasting = options.get("unlock_time", str(DEFAULT_LOCK_SECONDS))
    seconds = None if lasting in ("0", "never") else int(lasting)
    return int(options.get("deny", DEFAULT_FAILURES)), seconds


@functools.cache
def library() -> ctypes.CDLL:
    """libpwquality, which pam_pwquality asks."""
    found = ctypes.CDLL("libpwquality.so.1")
    found.pwquality_default_settings.restype = ctypes.c_void_p
    return found


class Quality:
    """What libpwquality is told by its files and by the arguments of the module, which come last."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._settings = ctypes.c_void_p(library().pwquality_default_settings())
        fault = library().pwquality_read_config(self._settings, None, ctypes.byref(ctypes.c_void_p()))
        if fault:
            raise HostError(f"libpwquality does not read its settings: error {fault}")
        for argument in arguments:  # the module's own words, such as retry=3, are none of the library's
            library().pwquality_set_option(self._settings, argument.encode())
        # Words don't matter for the length, and a host without the dictionary would refuse whatever is tried.
        library().pwquality_set_int_value(self._settings, DICT_CHECK, 0)

    def shortest(self) -> int | None:
        """The shortest random password that passes, by trying; 0 where faults are only warned of."""
        if not (self._number(ENFORCING) and self._number(ENFORCE_FOR_ROOT)):
            return 0
        lengths = (length for length in range(1, LONGEST + 1) for _ in range(TRIES))
        return next((length for length in lengths if self._passes(random_password(length))), None)

    def _number(self, setting: int) -> int:
        value = ctypes.c_int()
        if library().pwquality_get_int_value(self._settings, setting, ctypes.byref(value)):
            raise HostError(f"libpwquality knows no setting {setting}")
        return value.value

    def _passes(self, password: str) -> bool:
        given = (password.encode(), None, None, ctypes.byref(ctypes.c_void_p()))
        return int(library().pwquality_check(self._settings, *given)) >= 0


def random_password(length: int) -> str:
    """Characters of all kinds by turns, no two of one kind beside each other."""
    return "".join(
        secrets.choice(kind) for kind in itertools.islice(itertools.cycle(PASSWORD_CLASSES), length)
    )
