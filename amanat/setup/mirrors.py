"""Where packages, modules and images come from, and whom to trust: the same settings for all tools.

Unset means: whatever the system and each tool are configured to use.
"""

import hashlib
import os
import re
import shutil
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amanat import files, paths
from amanat.errors import shown
from amanat.setup.errors import BadMirror
from amanat.urls import REGISTRY, BadUrl, checked_url, go_proxies

LOCAL_AUTHORITIES = Path("/usr/local/share/ca-certificates")
SYSTEM_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/cert.pem"),
)
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
TRUST_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")


@dataclass(frozen=True)
class Mirrors:
    """Mirrors as URLs, extra certificate authorities as PEM text; an empty string leaves a tool as it is."""

    debian: str = ""
    debian_security: str = ""
    pypi: str = ""
    goproxy: str = ""
    image_registry: str = ""
    pulumi_downloads: str = ""
    trusted_ca: str = ""
    trust_is_chosen: bool = False  # by AMANAT_CA_BUNDLE, so it wins over what tools were told before

    @classmethod
    def from_environment(
        cls, env: Mapping[str, str] = os.environ, local_authorities: Path = LOCAL_AUTHORITIES
    ) -> "Mirrors":
        """Read and check the AMANAT_… settings. Raises BadMirror naming the variable."""
        bundle = env.get("AMANAT_CA_BUNDLE", "").strip()
        return cls(
            debian=_url(env, "AMANAT_DEBIAN_MIRROR"),
            debian_security=_url(env, "AMANAT_DEBIAN_SECURITY_MIRROR"),
            pypi=_url(env, "AMANAT_PYPI_INDEX"),
            goproxy=_goproxy(env),
            image_registry=_registry(env),
            pulumi_downloads=_url(env, "AMANAT_PULUMI_DOWNLOADS", schemes=("https",)),
            trusted_ca=_bundle(Path(bundle).expanduser()) if bundle else _found(local_authorities),
            trust_is_chosen=bool(bundle),
        )

    def ca_bundle(self) -> Path | None:
        """A file with the system's authorities and the extra ones, or None when there are no extra ones.

        Tools replace their trust by such a file rather than add to it, so it has to hold both.
        """
        if not self.trusted_ca:
            return None
        text = _system_authorities() + self.trusted_ca
        path = paths.cache() / "trust" / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.pem"
        if not path.is_file():
            files.write_private(path, text, mode=0o644)
        return path

    def environment(self, env: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Variables that make pip, Go, requests, curl and git use the mirrors and the trust.

        What the user already told a tool stays, unless the kit's own setting says otherwise.
        """
        chosen: dict[str, str] = {}
        if self.pypi:
            chosen["PIP_INDEX_URL"] = self.pypi
        if self.goproxy:
            chosen["GOPROXY"] = self.goproxy
        bundle = self.ca_bundle()
        if bundle:
            chosen |= {
                name: str(bundle) for name in TRUST_VARIABLES if self.trust_is_chosen or not env.get(name)
            }
        return chosen

    def mmdebstrap_options(self, scratch: Path) -> list[str]:
        """Options of mmdebstrap for the trust; the mirrors themselves are its positional arguments.

        `scratch`: a directory for a copy of the authorities; the users of its namespace can't read the cache.
        """
        bundle = self.ca_bundle()
        if not bundle:
            return []
        copy = Path(shutil.copy(bundle, scratch))
        copy.chmod(0o644)
        return [f'--aptopt=Acquire::https::CAInfo "{copy}"']


def _bad(variable: str, value: str, why: str, fix: str) -> BadMirror:
    return BadMirror(what=f"{variable} = {shown(value)} {why}", where="environment", fix=fix)


def _url(env: Mapping[str, str], variable: str, schemes: tuple[str, ...] = ("https", "http")) -> str:
    value = env.get(variable, "").strip()
    return _checked_url(variable, value, schemes) if value else ""


def _checked_url(variable: str, value: str, schemes: tuple[str, ...]) -> str:
    fix = f"Set it to an address such as {schemes[0]}://mirror.example/path, or unset it."
    try:
        return checked_url(value, schemes)
    except BadUrl as error:
        raise _bad(variable, value, str(error), fix) from error


def _goproxy(env: Mapping[str, str]) -> str:
    value = env.get("AMANAT_GOPROXY", "").strip()
    for part in go_proxies(value):
        _checked_url("AMANAT_GOPROXY", part, ("https", "http", "file"))
    return value


def _registry(env: Mapping[str, str]) -> str:
    value = env.get("AMANAT_IMAGE_REGISTRY", "").strip().rstrip("/")
    if value and not REGISTRY.fullmatch(value):
        fix = "Set it to host[:port][/path] without a scheme, such as registry.example:5000/hub, or unset it."
        raise _bad("AMANAT_IMAGE_REGISTRY", value, "can't stand before an image's name", fix)
    return value


def _bundle(path: Path) -> str:
    fix = "Name a readable file of PEM certificates, or unset it."
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad("AMANAT_CA_BUNDLE", str(path), f"can't be read: {error}", fix) from error
    found = _certificates(text)
    if not found:
        raise _bad("AMANAT_CA_BUNDLE", str(path), "holds no PEM certificate", fix)
    try:
        ssl.create_default_context(cadata=found)
    except ssl.SSLError as error:
        raise _bad("AMANAT_CA_BUNDLE", str(path), f"holds a broken certificate: {error}", fix) from error
    return found


def _found(directory: Path) -> str:
    """Authorities the administrator added to the system; files without any are passed over."""
    texts: list[str] = []
    for path in sorted(directory.glob("**/*.crt")):
        try:
            texts.append(_certificates(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError):
            continue
    return "".join(texts)


def _certificates(text: str) -> str:
    return "".join(f"{certificate}\n" for certificate in CERTIFICATE.findall(text))


def _system_authorities() -> str:
    default = ssl.get_default_verify_paths().openssl_cafile
    for path in (*SYSTEM_BUNDLES, Path(default)):
        if path.is_file():
            return _certificates(path.read_text(encoding="utf-8", errors="replace"))
    return ""
