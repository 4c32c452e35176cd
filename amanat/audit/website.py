"""The operator's site as the public reaches it; what was asked and what came of it becomes evidence."""

import hashlib
import http.client
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from amanat.audit.errors import NotChecked, NotDeclared
from amanat.audit.expectations import expectations
from amanat.audit.host import Host
from amanat.audit.names import address_of
from amanat.audit.options import OUTSIDE, Options
from amanat.audit.session import Audit
from amanat.declarations import SETTING, Declarations
from amanat.paths import StackPaths
from amanat.setting_errors import NAMESPACE
from amanat.settings import Settings
from amanat.site.check import language_of
from amanat.site.content import Content
from amanat.site.facts import Fact, Language, declared, published
from amanat.site.markup import Page
from amanat.site.render import render

SECONDS = 10
NAME = "edge"  # that its certificate holds for, whatever its machine is called
VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
# As a visitor's telephone asks: a page may be another one for programs than for people.
BROWSER = {
    "User_Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept_Encoding": "gzip",
    "Accept_Language": "fa-IR,fa;q=0.9",
    "Referer": "https://www.example/",
}
MOST_BYTES = 8 * 1024 * 1024  # that are read of an answer: a server that was taken over may send without end
GZIP = 16 + zlib.MAX_WBITS  # as zlib calls that format
MOST_TEXT = 64 * 1024  # of a page that is kept as evidence


@dataclass(frozen=True)
class Answer:
    """What came of a request: the status, the headers by lower-case names (repeated ones joined), the body unpacked.

    `caller` is where it came from: address and port.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    caller: tuple[str, int]

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")


class Pace:
    """Lets so many requests through at once and so many a second after that: fewer than the site refuses."""

    AT_ONCE = 60
    PER_SECOND = 20

    def __init__(self) -> None:
        self._left, self._since = float(self.AT_ONCE), time.monotonic()

    def wait(self) -> None:
        """Return when the next may go."""
        while not self._may_go():
            time.sleep(1 / self.PER_SECOND)

    def _may_go(self) -> bool:
        now = time.monotonic()
        self._left = min(self._left + (now - self._since) * self.PER_SECOND, self.AT_ONCE)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Website:
    """The operator's site, asked at the machine's own address; the stack's authority is trusted and nobody else."""

    def __init__(self, audit: Audit, edge: Host) -> None:
        self._audit = audit
        self._host = edge
        self._address = address_of(edge, edge)
        expected = expectations().of(["edge"])
        self._ports = {"http": expected.listening("http").port, "https": expected.listening("https").port}
        self._pages: dict[str, Answer] = {}
        self._pace = Pace()

    def get(self, path: str, *, method: str = "GET", scheme: str = "https", **headers: str) -> Answer:
        """Ask for a path as it is written, over a connection of its own. Raises `NotChecked` where nobody answers."""
        where = f"{scheme}://{self._host.name}{path}"
        try:
            answer = self._ask(method, path, scheme, headers)
        except (OSError, zlib.error, http.client.HTTPException) as error:
            raise self._silent(error, f"{method} {where} at ", scheme) from error
        tried = {scheme: f"{method} {where}", "headers": dict(headers)}
        self._audit.recorder.client(self._host.identity, tried, _outcome(answer))
        return answer

    def page(self, path: str) -> Answer:
        """A file of the site as a visitor's browser gets it, asked for once in an audit."""
        if path not in self._pages:
            self._pages[path] = self.get(f"/{path}", **BROWSER)
        return self._pages[path]

    def handshake(self, version: str) -> str:
        """Try nothing but this version of TLS: the version that was agreed on ("TLSv1.2"), or "" where it was refused.

        Raises `NotChecked` where nobody answers, or where this machine can't speak it at all.
        """
        context = self._context()
        # Old versions want signatures that OpenSSL refuses above this level: it would be us who refuse, not the server.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = VERSIONS[version]
        agreed, complaint = "", ""
        try:
            with socket.create_connection((self._address, self._ports["https"]), SECONDS) as plain:
                try:
                    with context.wrap_socket(plain, server_hostname=NAME) as wrapped:
                        agreed = wrapped.version() or ""
                except ssl.SSLCertVerificationError:
                    raise
                except (ssl.SSLError, ConnectionError) as error:
                    complaint = str(error)
        except OSError as error:
            raise self._silent(error) from error
        if "NO_PROTOCOLS_AVAILABLE" in complaint:
            raise NotChecked(f"this machine's OpenSSL speaks no TLS {version}", "the auditor's machine")
        outcome = {"agreed": agreed, "error": complaint}
        self._audit.recorder.client(self._host.identity, {"tls": version}, outcome)
        return agreed

    def certificate(self) -> x509.Certificate:
        """The certificate that the site shows, and that holds. Raises `NotChecked` where nobody answers."""
        with self._connected(self._context()) as wrapped:
            shown = x509.load_der_x509_certificate(wrapped.getpeercert(binary_form=True) or b"")
        outcome = {"certificate": shown.public_bytes(Encoding.PEM).decode()}
        self._audit.recorder.client(self._host.identity, {"tls": "certificate"}, outcome)
        return shown

    def protocols(self, offered: Sequence[str]) -> str:
        """Offer these protocols over TLS (ALPN); the one that the server chose, "" for none."""
        context = self._context()
        context.set_alpn_protocols(list(offered))
        with self._connected(context) as wrapped:
            chosen = wrapped.selected_alpn_protocol() or ""
        self._audit.recorder.client(self._host.identity, {"alpn": list(offered)}, {"chosen": chosen})
        return chosen

    def facts(self, names: Iterable[str]) -> frozenset[Fact]:
        """What these pages publish, as they are served."""
        return published(Page.read(self.page(name).text) for name in names)

    @contextmanager
    def _connected(self, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
        """A connection to the site, over TLS. Raises `NotChecked` where nobody answers."""
        try:
            with (
                socket.create_connection((self._address, self._ports["https"]), SECONDS) as plain,
                context.wrap_socket(plain, server_hostname=NAME) as wrapped,
            ):
                yield wrapped
        except OSError as error:
            raise self._silent(error) from error

    def _ask(self, method: str, path: str, scheme: str, headers: Mapping[str, str]) -> Answer:
        self._pace.wait()
        port = self._ports[scheme]
        connection = http.client.HTTPConnection(self._address, port, timeout=SECONDS)
        connection.sock = socket.create_connection((self._address, port), SECONDS)
        caller = connection.sock.getsockname()[:2]
        try:
            if scheme == "https":
                connection.sock = self._context().wrap_socket(connection.sock, server_hostname=NAME)
            named = {
                "Host": NAME,
                **{name.replace("_", "-"): said for name, said in headers.items()},
            }
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, said in named.items():
                connection.putheader(name, said)
            connection.endheaders()
            response = connection.getresponse()
            found: dict[str, str] = {}
            for name, said in response.getheaders():
                lower = name.lower()
                found[lower] = f"{found[lower]}, {said}" if lower in found else said
            body = response.read(MOST_BYTES)
            if found.get("content-encoding") == "gzip":
                body = zlib.decompressobj(GZIP).decompress(body, MOST_BYTES)
            return Answer(response.status, found, body, caller)
        finally:
            connection.close()

    def _silent(self, error: Exception, asked: str = "", scheme: str = "https") -> NotChecked:
        """What is to be said where nobody answers, or not as a web server does."""
        return NotChecked(
            f"the site does not answer: {error or type(error).__name__}",
            f"{asked}{self._address}:{self._ports[scheme]}",
            "See `systemctl status amanat-nginx` on the host.",
        )

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._authority))

    @cached_property
    def _authority(self) -> Path:
        directory = self._audit.options.clients
        path = directory / "ca.crt" if directory else None
        if path is None or not path.is_file():
            raise NotChecked(
                "the auditor has no certificate of the stack's authority",
                str(directory or "--clients"),
                "Give the directory of client certificates with --clients DIR.",
            )
        return path


@dataclass(frozen=True)
class DeclaredSite:
    """The site that the operator's declarations make: what they say, and its files by path as they are rendered."""

    content: Content
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, options: Options) -> Self:
        """From the settings of the audited stack. Raises `NotChecked` where no stack or no settings tell."""
        if options.stack == OUTSIDE:
            raise NotChecked("no stack says what the operator declares", "--stack", "Name it with --stack.")
        paths = StackPaths(options.stack)
        settings = Settings.of(paths)
        if settings.declared is None:
            # Not `NotDeclared`: something is served, and nothing says what it should be.
            file = paths.settings_file.name
            raise NotChecked(f"{NAMESPACE}:{SETTING} is not set", file, "Declare who runs the site.")
        content = Content.of(settings)
        return cls(content, render(content, settings.own_site_templates(paths.project)))

    @property
    def declarations(self) -> Declarations:
        """What the operator declares."""
        return self.content.declared

    def require_own(self) -> None:
        """Raise `NotDeclared` for the sample that a new stack's settings begin with: it is nobody's."""
        if self.declarations.is_sample:
            raise NotDeclared(
                "the site shows the sample",
                f"{NAMESPACE}:{SETTING}",
                "Declare who you are, and run `make up`.",
            )

    def pages(self, language: Language) -> list[str]:
        """The paths of a language's pages."""
        return [name for name in self.files if name.endswith(".html") and language_of(name) == language]

    def facts(self, language: Language) -> frozenset[Fact]:
        """What the pages of a language have to publish."""
        return declared(self.content, language)


def require_declared(given: object, what: str) -> None:
    """Raise `NotDeclared` where a part of the declarations is empty."""
    if not given:
        raise NotDeclared(f"{what} is not declared", f"{NAMESPACE}:{SETTING}", "Declare it once you have it.")


def _outcome(answer: Answer) -> dict[str, object]:
    said: dict[str, object] = {
        "caller": list(answer.caller),
        "status": answer.status,
        "headers": dict(answer.headers),
        "bytes": len(answer.body),
        "sha256": hashlib.sha256(answer.body).hexdigest(),
    }
    if answer.headers.get("content-type", "").startswith("text/html") and len(answer.body) <= MOST_TEXT:
        said["text"] = answer.text
    return said
