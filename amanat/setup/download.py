"""Official archives of Pulumi's tools, over verified TLS, taken only if their SHA-256 is as published."""

import hashlib
import re
import socket
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from amanat.setup.errors import DownloadRefused, DownloadUnreachable
from amanat.setup.progress import Reporter, elapsed
from amanat.setup.versions import OFFICIAL, Component

CONNECT_SECONDS = 4
READ_SECONDS = 30
TRIES = 2  # a moment's stall isn't worth the quarter of an hour that building takes
CHUNK_BYTES = 1 << 18
LISTED = re.compile(r"(?P<digest>[0-9a-fA-F]{64})\s+[*]?(?:\./)?(?P<file>\S+)")
BUILD_INSTEAD = (
    "Build them instead: make tools SOURCE=build. Or set AMANAT_PULUMI_DOWNLOADS to a mirror you trust."
)


class Downloads:
    """One place with the layout of get.pulumi.com: the official one, or a mirror of it."""

    def __init__(self, base: str, ca_bundle: Path | None, report: Reporter) -> None:
        self._mirror = bool(base)
        self._base = base or OFFICIAL
        self._report = report
        self._session = requests.Session()
        self._session.auth = lambda request: (
            request
        )  # or requests sends a login of ~/.netrc, whoever it is for
        self._session.headers["Accept-Encoding"] = (
            "identity"  # sizes and digests are of the bytes as published
        )
        self._session.mount("https://", HTTPAdapter(max_retries=Retry(TRIES, backoff_factor=0.3)))
        self._verify = (
            str(ca_bundle) if ca_bundle else None
        )  # given per request: REQUESTS_CA_BUNDLE beats a session

    def fetch(self, component: Component, directory: Path) -> Path:
        """Return the verified archive in `directory`, resuming one that a killed run left half-fetched.

        Raises DownloadUnreachable (no way there, no such file), DownloadRefused (a digest that isn't theirs).
        """
        expected = component.pin or self._published(component)
        directory.mkdir(parents=True, exist_ok=True)
        archive = directory / component.file
        if archive.is_file() and _sha256(archive) == expected:
            return archive
        part = directory / f"{component.file}.part"
        resumed = part.exists()
        self._receive(component, part)
        if _sha256(part) != expected and resumed:
            part.unlink()  # it may have begun with another file's bytes
            self._receive(component, part)
        actual = _sha256(part)
        if actual != expected:
            part.unlink()
            raise DownloadRefused(
                what=f"{component.file} has SHA-256 {actual}, but {expected} is {_origin(component)}",
                where=self._archive_url(component),
                fix="Nothing of it was kept. Find out who changed it, or: make tools SOURCE=build.",
            )
        part.replace(archive)
        return archive

    def _archive_url(self, component: Component) -> str:
        return f"{self._base}/{component.archive}"

    def _published(self, component: Component) -> str:
        url = component.checksums
        if self._mirror:
            url = f"{self._base}/{component.archive.rsplit('/', 1)[0]}/{url.rsplit('/', 1)[-1]}"
        with self._get(url, {}) as response:
            text = self._body(response, url)
        for match in LISTED.finditer(text):
            if match["file"] == component.file:
                return match["digest"].lower()
        raise DownloadUnreachable(
            what=f"the published list names no {component.file}", where=url, fix=BUILD_INSTEAD
        )

    def _body(self, response: requests.Response, url: str) -> str:
        try:
            return response.text
        except requests.RequestException as error:
            raise _broke_off(url, error) from error

    def _receive(self, component: Component, part: Path) -> None:
        url, began = self._archive_url(component), monotonic()
        have = part.stat().st_size if part.exists() else 0
        with self._get(url, {"Range": f"bytes={have}-"} if have else {}) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                return  # all of it is here already; its digest decides
            if response.status_code != requests.codes.partial_content:
                have = 0
            total = have + int(response.headers.get("Content-Length") or 0)
            with part.open("ab" if have else "wb") as file:
                try:
                    for chunk in response.iter_content(CHUNK_BYTES):
                        file.write(chunk)
                        have += len(chunk)
                        self._report.tick(
                            f"downloading {component.file}: {have >> 20} of {total >> 20} MiB,"
                            f" {elapsed(monotonic() - began)}"
                        )
                except (requests.RequestException, OSError) as error:
                    raise _broke_off(url, error) from error
        if have < total:
            raise _broke_off(url, f"{have} of {total} bytes came")

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        _knock(url)
        try:
            response = self._session.get(
                url,
                headers=headers,
                stream=True,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                verify=self._verify,
            )
        except requests.exceptions.SSLError as error:
            raise DownloadUnreachable(
                what=f"the certificate of the downloads isn't trusted: {_reason(error)}",
                where=url,
                fix="If the authority is yours, name its file in AMANAT_CA_BUNDLE. " + BUILD_INSTEAD,
            ) from error
        except requests.RequestException as error:
            raise DownloadUnreachable(
                what=f"the downloads can't be reached: {_reason(error)}", where=url, fix=BUILD_INSTEAD
            ) from error
        if response.status_code >= requests.codes.bad and response.status_code != 416:
            response.close()
            raise DownloadUnreachable(
                what=f"the server answers {response.status_code} {response.reason}",
                where=url,
                fix=BUILD_INSTEAD,
            )
        return response


def _knock(url: str) -> None:
    """Raise DownloadUnreachable if nothing answers at the address within seconds.

    A name server that never answers, or many dead addresses of one name, would hold a request for minutes.
    """
    if requests.utils.get_environ_proxies(url):
        return  # the proxy resolves and connects
    for _ in range(TRIES):
        failure = _failure_of_connecting(url)
        if failure is None:
            return
    raise DownloadUnreachable(
        what=f"the downloads can't be reached: {_reason(failure)}", where=url, fix=BUILD_INSTEAD
    )


def _failure_of_connecting(url: str) -> OSError | None:
    parts = urlsplit(url)
    failure: list[OSError] = [TimeoutError(f"no answer in {CONNECT_SECONDS} s")]

    def connect() -> None:
        try:
            socket.create_connection((parts.hostname, parts.port or 443), CONNECT_SECONDS).close()
            failure.clear()
        except OSError as error:
            failure[:] = [error]

    attempt = threading.Thread(target=connect, daemon=True)
    attempt.start()
    attempt.join(CONNECT_SECONDS)
    return failure[0] if failure else None


def extract(archive: Path, target: Path, wanted: Callable[[str], bool]) -> list[str]:
    """Put the wanted regular files of `archive` into `target`, flat and executable; return their names.

    Links, devices and paths inside the archive are never followed. Raises DownloadRefused for a broken one.
    """
    names: list[str] = []
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in tar:
                name = member.name.rsplit("/", 1)[-1]
                content = tar.extractfile(member) if member.isfile() and wanted(name) else None
                if content is None:
                    continue
                path = target / name
                with path.open("wb") as file:
                    while chunk := content.read(CHUNK_BYTES):
                        file.write(chunk)
                path.chmod(0o755)
                names.append(name)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DownloadRefused(
            what=f"{archive.name} can't be unpacked: {error}", where=str(archive.parent), fix=BUILD_INSTEAD
        ) from error
    return names


def _broke_off(url: str, reason: object) -> DownloadUnreachable:
    return DownloadUnreachable(
        what=f"the download broke off: {_reason(reason)}",
        where=url,
        fix="Run the command again: it goes on where it stopped. " + BUILD_INSTEAD,
    )


def _reason(error: object) -> str:
    """The innermost cause: the outer ones repeat the address and name library classes."""
    while isinstance(error, BaseException):
        inner = getattr(error, "reason", None) or error.__cause__ or next(iter(error.args), None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    words = getattr(error, "strerror", None) or str(error).strip()
    return words or type(error).__name__


def _origin(component: Component) -> str:
    return "pinned in toolchain/versions.toml" if component.pin else "published by its makers"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
