"""Look at the host's copies as the host itself, and print what was seen as one JSON object.

newest    the newest copy at each destination: when it was made, of what, and that it can be read
restored  the newest copy's configuration, restored beside and compared with the live files
refusals  what the server answers to a client that is not let in, deletes or overwrites
The only thing left on the server is one small object, the same every time, that no copy uses: it is what
`refusals` tries to delete.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from amanat_host import processes
from amanat_host.answers.backups import ListedSnapshot, NewestCopies, Refusals, RestoredCopy, Snapshot, Status
from amanat_host.digests import sha256_of
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.restic.client import AUTHORITY, FIRST, OWN, Restic, Settings, login, pair
from amanat_host.scratch import own_place, scratch

COMPARED = ("/etc", "/usr/lib/amanat", "/usr/local/lib/amanat", "/var/lib/amanat/heads")
UNLOCK = Path("/etc/amanat/volume.key")
GROWING = "/var/lib/amanat/heads"  # lines are only added
SETTLED_SECONDS = 5  # what changed while the copy was made may be in it or not
SCRATCH = b"Amanat's probe of the append-only server; no copy uses this.\n"
CONNECT_SECONDS = 10
RESTIC_SECONDS = 120
HTTPS = 443


def knock(destination: str = FIRST) -> None:
    """Raise `HostError` when nobody answers at a destination: restic itself would wait, and try again, for minutes.

    An answer is a word of TLS: for a server that hangs, its kernel still takes calls.
    """
    there = urlsplit((OWN / destination).read_text(encoding="utf-8").strip().removeprefix("rest:"))
    at = (there.hostname or "", there.port or HTTPS)
    context = ssl.create_default_context(cafile=str(AUTHORITY) if destination == FIRST else None)
    try:
        with (
            socket.create_connection(at, CONNECT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=at[0]),
        ):
            return
    except (ssl.SSLError, ConnectionResetError):
        return  # it refuses, so it is there: what it refuses, restic will say
    except OSError as error:
        raise HostError(f"{at[0]}:{at[1]}, where copies go, does not answer: {error}") from error


def snapshot(restic: Restic, settings: Settings) -> Snapshot:
    """The newest copy; `HostError` when there is none."""
    command = ("snapshots", "--json", "--no-lock", "--latest=1", f"--host={settings.host}")
    found = json.loads(restic.run(*command, seconds=RESTIC_SECONDS).stdout)
    if not found:
        raise HostError("there is no copy yet")
    newest = max(found, key=lambda copy: copy["time"])
    return Snapshot(*(newest[name] for name in ("id", "time", "hostname", "paths")))


def newest(private: Path, settings: Settings) -> NewestCopies:
    """The newest copy at each destination, and how many files it lists by directory."""
    told = {}
    for destination in settings.destinations:
        knock(destination)
        restic = Restic(made(private, destination), destination)
        found = snapshot(restic, settings)
        listed = restic.run("ls", "--json", "--no-lock", found.id, seconds=RESTIC_SECONDS).stdout
        nodes = map(json.loads, listed.splitlines())
        directories = collections.Counter(
            whereabouts(one["path"]) for one in nodes if one.get("type") == "file"
        )
        told[destination] = ListedSnapshot(**asdict(found), files=dict(directories))
    return NewestCopies(told)


def made(private: Path, name: str) -> Path:
    """A new directory in the probe's private one."""
    directory = private / name
    directory.mkdir(mode=0o700)
    return directory


def whereabouts(path: str) -> str:
    """The part of the host that a file belongs to: a directory below the root, or one of the stack's own."""
    return "/".join(path.split("/")[: 5 if path.startswith("/var/lib/amanat/") else 2])


def secrets() -> re.Pattern[bytes]:
    """What must not be in a copy: private keys, and what opens the volume, the backups or the copies themselves."""
    texts = [(OWN / "key").read_bytes().strip(), login().encode()]
    if UNLOCK.exists():
        texts += [UNLOCK.read_bytes(), UNLOCK.read_bytes().hex().encode()]
    known = b"|".join(re.escape(text) for text in texts)
    return re.compile(
        rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|cipher-pass=[0-9A-Za-z]|:archive_anchor:[0-9a-f]{16}|" + known
    )


def restored(private: Path, settings: Settings) -> RestoredCopy:
    """Restore the newest copy's configuration into a scratch directory and compare it with the live files.

    A file that was changed after the copy was made is no difference; one that only grows has to begin alike.
    """
    restic = Restic(made(private, "way"))
    found = snapshot(restic, settings)
    made_at = datetime.fromisoformat(found.time).timestamp()
    same = 0
    different: list[str] = []
    telling: list[str] = []
    hidden = secrets()
    target = made(private, "restored")
    only = [f"--include={path}" for path in COMPARED]
    command = ("restore", found.id, f"--target={target}", "--no-lock", "--verify", *only)
    restic.run(*command, seconds=RESTIC_SECONDS)
    files = [path for path in target.rglob("*") if path.is_file() and not path.is_symlink()]
    names = {path: Path("/") / path.relative_to(target) for path in files}
    names = {path: live for path, live in names.items() if str(live).startswith(COMPARED)}
    for path, live in names.items():
        content = path.read_bytes()
        if hidden.search(content):
            telling.append(str(live))
        if not live.exists():
            continue
        if str(live).startswith(GROWING):
            alike = live.read_bytes().startswith(content)
        elif live.stat().st_ctime > made_at - SETTLED_SECONDS:
            continue
        else:
            alike = sha256_of(path) == sha256_of(live)
        same += alike
        if not alike:
            different.append(str(live))
    return RestoredCopy(**asdict(found), same=same, different=different, with_secrets=telling)


class Server:
    """The server of copies, spoken to as any HTTP client could."""

    def __init__(self, settings: Settings, scratch: Path) -> None:
        self._settings = settings
        self._scratch = scratch
        self._own = (str(pair(scratch)), None)
        self.login = (settings.host, login())

    def ask(
        self,
        method: str,
        path: str,
        login: tuple[str, str] | None,
        body: bytes = b"",
        *,
        certificate: tuple[str, str | None] | None = None,
        newest_tls: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
        anonymous: bool = False,
    ) -> Status:
        """The status of one request, or `refused` when it doesn't come so far."""
        context = ssl.create_default_context(cafile=str(AUTHORITY))
        context.maximum_version = newest_tls
        if not anonymous:
            context.load_cert_chain(*(certificate or self._own))
        there = (self._settings.server, self._settings.port)
        connection = http.client.HTTPSConnection(*there, timeout=CONNECT_SECONDS, context=context)
        return self._answer(connection, method, path, login, body)

    def plain(self, path: str) -> Status:
        """The status of a request without TLS."""
        there = (self._settings.server, self._settings.port)
        connection = http.client.HTTPConnection(*there, timeout=CONNECT_SECONDS)
        return self._answer(connection, "GET", path, self.login, b"")

    @staticmethod
    def _answer(
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        login: tuple[str, str] | None,
        body: bytes,
    ) -> Status:
        headers = {}
        if login:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
        try:
            connection.request(method, path, body, headers)
            return connection.getresponse().status
        except ConnectionRefusedError as error:
            raise HostError("nobody listens where copies go") from error
        except TimeoutError as error:
            raise HostError(f"no answer within {CONNECT_SECONDS} s where copies go") from error
        except (ssl.SSLError, ConnectionError, http.client.HTTPException):
            return "refused"
        finally:
            connection.close()

    def foreign(self) -> tuple[str, str]:
        """A certificate with the host's name that no authority of the stack signed."""
        key, certificate = str(self._scratch / "foreign.key"), str(self._scratch / "foreign.crt")
        command = ["/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        command += ["-nodes", "-days", "1", "-subj", f"/CN={self._settings.host}"]
        command += ["-keyout", key, "-out", certificate]
        processes.run(command, check=True, capture_output=True)
        return certificate, key


def trusted_by_the_system(settings: Settings) -> bool:
    """Whether a client that knows only public authorities would trust the server; so ours is really checked."""
    try:
        connection = http.client.HTTPSConnection(
            settings.server, settings.port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
        )
        connection.connect()
    except ssl.SSLCertVerificationError:
        return False
    connection.close()
    return True


def refusals(private: Path, settings: Settings) -> Refusals:
    """Statuses by what was tried; `authorized` shows that the way itself works."""
    planted = f"/{settings.host}/data/{hashlib.sha256(SCRATCH).hexdigest()}"
    config = f"/{settings.host}/config"
    server = Server(settings, private)
    me, password = server.login
    server.ask("POST", planted, server.login, SCRATCH)  # there from now on, or already
    return Refusals(
        authorized=server.ask("HEAD", config, server.login),
        object_present=server.ask("HEAD", planted, server.login),
        delete=server.ask("DELETE", planted, server.login),
        overwrite=server.ask("POST", planted, server.login, SCRATCH),
        other_content=server.ask("POST", planted, server.login, SCRATCH + b"?"),
        object_still_present=server.ask("HEAD", planted, server.login),
        no_login=server.ask("HEAD", config, None),
        wrong_password=server.ask("HEAD", config, (me, password[::-1])),
        anothers_copies=server.ask("GET", "/somebody-else/snapshots/", server.login),
        anothers_name=server.ask("HEAD", config, ("somebody-else", password)),
        everybodys_copies=server.ask("GET", "/snapshots/", server.login),
        no_tls=server.plain(config),
        old_tls=server.ask("HEAD", config, server.login, newest_tls=ssl.TLSVersion.TLSv1_2),
        no_certificate=server.ask("HEAD", config, server.login, anonymous=True),
        foreign_certificate=server.ask("HEAD", config, server.login, certificate=server.foreign()),
        trusted_by_the_system=trusted_by_the_system(settings),
    )


def asked(look: Callable[[Path, Settings], object]) -> Callable[[], object]:
    """A question that needs a private directory, and the server to be there."""

    def answer() -> object:
        settings = Settings.load()
        knock()
        with scratch("probe-copy", own_place()) as private:
            os.environ["RESTIC_CACHE_DIR"] = str(private / "cache")
            return look(private, settings)

    return answer


main = probe(
    __doc__,
    {"newest": asked(newest), "restored": asked(restored), "refusals": asked(refusals)},
    long_seconds={"newest": 250, "restored": 250},
)
