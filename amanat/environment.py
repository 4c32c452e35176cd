"""The environment of the kit and of every program it starts: built from what the guide names, never inherited whole."""

import os
import pwd
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress

LOCALE = "C.UTF-8"  # glibc has it without generating it, and tools' words are read in English
SHORT_TMPDIR_BYTES = 33  # ssh's control socket below it needs 74 more, and sun_path holds 107 (unix(7))
SHOWN_NAMES = 8

PERSON = (
    "HOME USER LOGNAME SHELL PATH LD_LIBRARY_PATH TMPDIR TERM COLORTERM NO_COLOR COLUMNS LINES XDG_CACHE_HOME"
    " XDG_CONFIG_HOME XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS"
)
NETWORK = "http_proxy https_proxy all_proxy grpc_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY GRPC_PROXY NO_PROXY"
SOURCES = (
    "SSL_CERT_FILE SSL_CERT_DIR PIP_CERT PIP_INDEX_URL REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO"
    " GOPROXY GOSUMDB GOPRIVATE GONOPROXY GONOSUMDB GOPATH GOCACHE GOMODCACHE GOROOT GOTOOLCHAIN"
)
ENGINE = "DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_TLS_VERIFY DOCKER_CERT_PATH"
STATE = "PULUMI_HOME PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE_FILE"
HONOURED = frozenset(" ".join((PERSON, NETWORK, SOURCES, ENGINE, STATE)).split())
OWN_PREFIX = "AMANAT_"
# What the kit sets for Pulumi itself; its children start children of their own.
OWN = frozenset(
    {
        "PULUMI_SKIP_UPDATE_CHECK",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
        "GRPC_ENABLE_FORK_SUPPORT",
    }
)
# Logins of a state backend: for Pulumi and our own programs, which start it, and for nobody else.
LOGINS = re.compile(r"PULUMI_ACCESS_TOKEN|(AWS|AZURE|GOOGLE)_[A-Z0-9_]+")

FIXED = {"LANG": LOCALE, "LC_ALL": LOCALE, "PYTHONNOUSERSITE": "1"}

# Variables that steer a tool of ours, but for those that editors, images and shells set without meaning us.
_STEERING = re.compile(
    r"(ANSIBLE|PULUMI|PYTEST|PIP|GIT|DOCKER|LD|CGO|TAR|SSL|OPENSSL|DPKG|DEB|APT)_[A-Z0-9_]+"
    r"|(PYTHON|PG|GO|PERL5|KRB5)[A-Z0-9]+|GNUPGHOME|TMPDIR|SOURCE_DATE_EPOCH|SSLKEYLOGFILE|RES_OPTIONS|HOSTALIASES"
)
_HARMLESS = re.compile(
    r"PYTHON(DONTWRITEBYTECODE|UNBUFFERED|IOENCODING|UTF8|NOUSERSITE|HASHSEED|STARTUP|_\w+)"
    r"|GIT_(EDITOR|PAGER|ASKPASS|SSH\w*|PS1_\w+|AUTHOR_\w+|COMMITTER_\w+|TERMINAL_PROMPT|LFS_\w+)"
    r"|PIP_(DISABLE_PIP_VERSION_CHECK|DEFAULT_TIMEOUT|NO_CACHE_DIR|CACHE_DIR|FIND_LINKS|ROOT_USER_ACTION)"
    r"|PYTEST_(CURRENT_TEST|VERSION|XDIST_\w+)|GOBIN"
)
# Read by Python or by a library of it before any line of ours runs: only a new process is free of them.
_TOO_LATE = re.compile(r"PYTHON[A-Z0-9]+|LD_PRELOAD|OPENSSL_\w+")


def built(source: Mapping[str, str] = os.environ, *, logins: bool = False) -> dict[str, str]:
    """What of `source` counts, made sane, and the locale; with `logins` those of the state backend too.

    What is set but empty counts as not set.
    """
    kept = {name: value for name, value in source.items() if value and _counts(name, logins)}
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        if not kept.get(name, "/").startswith("/"):
            del kept[name]
    if "HOME" not in kept and (home := _home_of_user()):
        kept["HOME"] = home
    if not _fits(kept.get("TMPDIR", "")):
        kept.pop("TMPDIR", None)
    # An empty or relative directory would make programs of whatever lies where we stand.
    paths = [one for one in kept.get("PATH", "").split(os.pathsep) if one.startswith("/")]
    kept["PATH"] = os.pathsep.join(paths) or os.defpath
    return {**kept, **FIXED}


def adopt(environ: MutableMapping[str, str] = os.environ) -> list[str]:
    """Make this process's environment the built one, for libraries that read it themselves (libpq, Docker's, Pulumi's).

    Returns the names of what was ignored and would have steered a tool of ours.
    """
    before = dict(environ)
    kept = built(before, logins=True)
    for name in before.keys() - kept.keys():
        del environ[name]
    environ.update(kept)
    tempfile.tempdir = None  # it may remember a TMPDIR that is gone
    # An empty passphrase is one to Pulumi; to all else, empty is not set.
    return steering(
        name
        for name, value in before.items()
        if value != kept.get(name) and (value or name == "PULUMI_CONFIG_PASSPHRASE")
    )


def steering(names: Iterable[str]) -> list[str]:
    """Those of `names` that would steer a tool of ours, sorted."""
    return sorted(name for name in names if _STEERING.fullmatch(name) and not _HARMLESS.fullmatch(name))


def needs_new_process(ignored: Iterable[str], locale: str | None) -> bool:
    """Whether this process itself is still under what `adopt` ignored, or under a `locale` that can't write Persian."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return (encoding.lower() != "utf-8" and locale != LOCALE) or any(map(_TOO_LATE.fullmatch, ignored))


def announce(ignored: Iterable[str]) -> None:
    """Say in one line on the error stream what was ignored; nothing for nothing."""
    names = list(ignored)
    if names and sys.stderr:
        more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
        listed = ", ".join(names[:SHOWN_NAMES])
        line = f"ignored in your environment: {listed}{more} (what counts: docs/guide.md, Environment)\n"
        with suppress(OSError):
            os.write(2, line.encode())  # past a buffer that would fail once more when it is flushed


def _counts(name: str, logins: bool) -> bool:
    return (
        name in HONOURED
        or name in OWN
        or name.startswith(OWN_PREFIX)
        or (logins and LOGINS.fullmatch(name) is not None)
    )


def _fits(directory: str) -> bool:
    """Whether sockets below the directory get names that the kernel takes, and it can be written to."""
    short = directory.startswith("/") and len(os.fsencode(directory)) <= SHORT_TMPDIR_BYTES
    return short and os.path.isdir(directory) and os.access(directory, os.W_OK | os.X_OK)


def _home_of_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""
