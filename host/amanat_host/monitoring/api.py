"""Ask Prometheus or Alertmanager over mutual TLS: HTTP GET, JSON back."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

from amanat_host.errors import HostError

SECONDS = 10.0
MOST_BYTES = 8 << 20
OK = 200


class NoAnswer(HostError):
    """It can't be reached, refuses, or answers something else than JSON."""


@dataclass(frozen=True)
class Api:
    """Where it listens, and the PEM files of the stack's authority and of the certificate to show."""

    host: str
    port: int
    authority: Path
    certificate: Path
    key: Path

    def get(self, path: str) -> object:
        """What it answers. Raises NoAnswer."""
        where = f"https://{self.host}:{self.port}{path}"
        try:
            tls = ssl.create_default_context(cafile=str(self.authority))
            tls.minimum_version = ssl.TLSVersion.TLSv1_3
            tls.load_cert_chain(self.certificate, self.key)
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=SECONDS, context=tls)
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                body = response.read(MOST_BYTES)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"no answer: {error}", where) from error
        if response.status != OK:
            raise NoAnswer(f"it answers {response.status}", where)
        try:
            return json.loads(body)
        except ValueError as error:
            raise NoAnswer("it answers no JSON", where) from error
