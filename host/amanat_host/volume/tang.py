"""The key bound to another host: what is kept here (a JWE) opens only with that host's help.

clevis does the exchange. The other host never sees the key, nor does the network: what is sent is blinded, and
what comes back is of use to nobody else. So the exchange needs no TLS, only the right public key, which is
pinned when the key is bound.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass

from amanat_host.commands import run_raw
from amanat_host.errors import HostError
from amanat_host.tang.thumbprint import thumbprint

_CLEVIS_SECONDS = 20.0
_ANSWER_SECONDS = 5.0


class Unanswered(HostError):
    """The other host doesn't help now; it may later. ``silent`` when it doesn't answer at all."""

    def __init__(self, what: str, where: str, fix: str, silent: bool) -> None:
        super().__init__(what, where, fix)
        self.silent = silent


@dataclass(frozen=True)
class Binding:
    """Whom a key is bound to: the URL, the thumbprint of the key that helps, and all that were advertised.

    ``public`` is that key's own public value, by which a copy of it can be found.
    """

    url: str
    exchange: str
    advertised: frozenset[str]
    public: str


def binding(jwe: bytes) -> Binding:
    """Read whom a kept key is bound to; that part of it is no secret.

    Raises:
        HostError: it isn't what clevis makes for tang.
    """
    try:
        first = jwe.split(b".")[0].strip()
        header = json.loads(base64.urlsafe_b64decode(first + b"=" * (-len(first) % 4)))
        server = header["clevis"]["tang"]
        advertised = {thumbprint(key): key for key in server["adv"]["keys"]}
        helper = advertised[header["kid"]]
        return Binding(str(server["url"]), str(header["kid"]), frozenset(advertised), str(helper["x"]))
    except (ValueError, KeyError, TypeError) as error:
        raise HostError(
            "the bound key can't be read", fix="run the playbook again: it binds it anew"
        ) from error


def bind(key: bytes, url: str, signing: str) -> bytes:
    """Bind a key to the host whose signing key has this thumbprint; another one that answers is refused.

    Raises:
        Unanswered: nobody answers.
        HostError: it has another signing key.
    """
    _must_answer(url)
    pin = json.dumps({"url": url, "thp": signing})
    return run_raw("clevis", "encrypt", "tang", pin, given=key, seconds=_CLEVIS_SECONDS).strip()


def unlock(jwe: bytes) -> bytes:
    """Return the key.

    Raises:
        Unanswered: the other host doesn't answer, or no longer has its part.
        HostError: what is kept is damaged.
    """
    url = binding(jwe).url
    _must_answer(url)
    try:
        return run_raw("clevis", "decrypt", given=jwe, seconds=_CLEVIS_SECONDS)
    except HostError as problem:
        raise Unanswered(
            f"{url} answers but does not open the volume's key",
            problem.fix or problem.what,
            "its part of the key is gone or shut: put it back, or run `make up`, which binds the key anew",
            silent=False,
        ) from problem


def _must_answer(url: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/adv", timeout=_ANSWER_SECONDS):
            return
    except urllib.error.HTTPError:
        return  # it answers; what is wrong, clevis says
    except OSError as error:
        raise Unanswered(
            f"{url} does not answer",
            _reason(error),
            "the volume's key is bound to it: start that host. If it is lost for good, run `make up`, which "
            "makes another and binds the key to that",
            silent=True,
        ) from error


def _reason(error: OSError) -> str:
    cause = getattr(error, "reason", error)
    return str(getattr(cause, "strerror", None) or cause)
