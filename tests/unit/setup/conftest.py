"""A mirror of Pulumi's downloads on the loopback, an authority of its own, and tools that only pretend."""

import datetime as dt
import hashlib
import http.server
import io
import ipaddress
import ssl
import tarfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PULUMI = """#!/bin/sh
case "$1" in
version) echo v3.258.0 ;;
plugin)
  place="$PULUMI_HOME/plugins/resource-$4-v$5"
  mkdir -p "$place" && cp "$7" "$place/pulumi-resource-$4" && echo "$@" >>"$PULUMI_HOME/installed" ;;
esac
"""
COMPANIONS = ("pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")


@dataclass
class Mirror:
    """What the server serves, what it was asked, and how it misbehaves."""

    base: str
    authority: Path
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    breaks_off_after: int | None = None

    def publish(self, component, content, digest=None):
        """Put an archive there, and a list beside it that names its (or another) digest."""
        self.files[f"/{component.archive}"] = content
        folder = component.archive.rsplit("/", 1)[0]
        digest = digest or hashlib.sha256(content).hexdigest()
        listed = f"{'0' * 64}  another.tar.gz\n{digest}  {component.file}\n"
        self.files[f"/{folder}/{component.checksums.rsplit('/', 1)[-1]}"] = listed.encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        mirror = self.server.mirror
        wanted = self.headers.get("Range")
        mirror.asked.append((self.path, wanted))
        content = mirror.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start >= len(content):
            self.send_error(416)
            return
        content = content[start:]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if mirror.breaks_off_after is not None and self.path.endswith(".tar.gz"):
            content = content[: mirror.breaks_off_after]
            self.close_connection = True
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that refuses our certificate is what some tests are about."""


def _certificate(name, key, issuer, issuer_key, extension):
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )
    return builder.add_extension(extension, critical=True).sign(issuer_key, hashes.SHA256())


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    """An authority's certificate file and a server's certificate with its key."""
    directory = tmp_path_factory.mktemp("authority")
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("test CA", "mirror")
    )
    root = _certificate(
        root_name, root_key, root_name, root_key, x509.BasicConstraints(ca=True, path_length=0)
    )
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = _certificate(name, key, root_name, root_key, here)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "ca.crt").write_bytes(root.public_bytes(pem))
    (directory / "server.pem").write_bytes(leaf.public_bytes(pem) + private)
    return directory / "ca.crt", directory / "server.pem"


@pytest.fixture
def mirror(pair, monkeypatch):
    """A running mirror; its address needs the trust in its authority."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    authority, server_pem = pair
    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_pem)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.mirror = Mirror(f"https://127.0.0.1:{server.server_port}", authority)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.mirror
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """An empty cache, an empty Pulumi home, no Pulumi and no Go on PATH; returns the environment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tools = tmp_path / "path"
    tools.mkdir()
    for name in ("PULUMI_HOME", "PULUMI_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(tmp_path), "PULUMI_HOME": str(tmp_path / "pulumi")}


@pytest.fixture
def program(tmp_path):
    """Write a script into the directory that comes first on the machine's PATH."""

    def write(name, text):
        path = tmp_path / "path" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def archives():
    """The two official archives, as small as they can be."""
    sdk = dict.fromkeys((f"pulumi/{name}" for name in COMPANIONS), b"#!/bin/sh\n")
    sdk |= {"pulumi/pulumi": PULUMI.encode(), "pulumi/pulumi-language-go": b"not wanted"}
    return {
        "pulumi": tarball(sdk),
        "docker": tarball({"pulumi-resource-docker": b"plugin", "LICENSE": b"text"}),
    }


def tarball(files):
    """A .tar.gz of regular files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
