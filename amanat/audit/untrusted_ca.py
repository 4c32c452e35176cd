"""A certificate authority that nobody trusts, for showing wrong certificates to a server."""

from pathlib import Path

from amanat.certificates import new_authority, new_client
from amanat.files import write_private

VALID_DAYS = 1


def make_certificate(directory: Path, common_name: str) -> tuple[Path, Path, Path]:
    """Write a client certificate from a new authority; returns the files of certificate, key, authority."""
    authority = new_authority("Some other authority", VALID_DAYS)
    client = new_client(common_name, authority, VALID_DAYS)
    paths = directory / "foreign.crt", directory / "foreign.key", directory / "foreign-ca.crt"
    for path, text in zip(
        paths, (client.certificate_pem, client.key_pem, authority.certificate_pem), strict=True
    ):
        write_private(path, text)
    return paths
