"""What Pulumi says when it fails, as one message that a person can act on."""

import re
from collections.abc import Sequence

from amanat.errors import AmanatError

_DIAGNOSTIC = re.compile(r"^\s*(?:stderr:\s*)?(?:error|Exception): (?P<text>.+)$")
_LABEL = re.compile(r"^code:.*|^(?:stdout|stderr):\s*|^error:\s*")  # before what the automation API passes on
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@")
_PROVIDER = re.compile(r"^Exception calling application: ")
# What Pulumi says when a program or provider ended and it knows no more.
_NO_REASON = re.compile(
    "exited with non-zero exit code|error reading from server|transport is closing|desc = EOF"
)
_GRPC_DETAILS = re.compile(r'^\s*details = "(.+)"$', re.MULTILINE)
_EXCEPTION = re.compile(r"[\w.]+(?:Error|Exception|Exit|Interrupt): ")
_TRACEBACK = "Traceback (most recent call last)"
_NOISE = (
    "update failed",
    "preview failed",
    "program failed",
    "resource monitor shut down",
    "step execution failed",
)
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "incorrect passphrase",
        "the passphrase does not open this stack's secrets",
        "Put the right passphrase file back; or, if Pulumi.<stack>.yaml was copied here from another checkout, the"
        " `encryptionsalt` that this stack had.",
    ),
    (
        "could not (?:load|deserialize|unmarshal)|unexpected end of JSON|invalid character|failed to load checkpoint",
        "the state file is damaged",
        "Restore it from its .bak beside it (`pulumi stack import`), or from your backup.",
    ),
    ("currently locked by", "another Pulumi run holds this stack", "Wait for it to end, or `pulumi cancel`."),
    (
        "address already in use|port is already allocated",
        "a port is taken",
        "Set the port to 0, or stop what uses it.",
    ),
    (
        "PULUMI_ACCESS_TOKEN must be set",
        "the backend of the state asks for a login",
        "Log in to it (`pulumi login`, or PULUMI_ACCESS_TOKEN); or unset PULUMI_BACKEND_URL, and the state lies here.",
    ),
    (
        r"unable to open bucket|\.pulumi/meta\.yaml|missing google credentials|failed to \w+ cached credentials",
        "the backend of the state can't be used",
        "Give what the store that PULUMI_BACKEND_URL names asks for (credentials, region); or unset it, and the state"
        " lies here.",
    ),
    ("Cannot connect to the Docker daemon", "no Docker engine answers", "Start it, or set amanat:engine."),
)


class PulumiFailed(AmanatError):
    """Pulumi ended with an error."""


def explain(text: str, diagnostics: Sequence[str] = (), printed: Sequence[str] = ()) -> AmanatError:
    """One error for a failed Pulumi command.

    `diagnostics` are the errors Pulumi reported while it ran, `printed` what the program and its providers wrote to
    their error streams; `text` is what the command printed, for a failure before anything could be reported.
    """
    text, diagnostics, printed = (
        _without_passwords(text),
        [_without_passwords(line) for line in diagnostics],
        [_without_passwords(line) for line in printed],
    )
    own = [_PROVIDER.sub("", line.removeprefix("error: ")).strip() for line in diagnostics]
    telling = [line for line in dict.fromkeys(own) if line and not line.lower().startswith(_NOISE)]
    if telling and all(_NO_REASON.search(line) for line in telling):
        telling = [f"{telling[0]}: {cause}" for cause in [_cause("\n".join(printed))] if cause] or telling
    if telling and not any(_TRACEBACK in line for line in telling):
        return _from_lines("\n".join(telling))
    for pattern, what, fix in _KNOWN:
        found = re.search(pattern, text, re.IGNORECASE)
        if found:
            return PulumiFailed(what=what, where=_line_of(text, found.start()), fix=fix)
    lines = [match["text"] for line in text.splitlines() if (match := _DIAGNOSTIC.match(line))]
    rest = [line for line in dict.fromkeys(lines) if not line.startswith(_NOISE)]
    last_of_traceback = [line.strip().splitlines()[-1] for line in telling]
    message = "; ".join([*last_of_traceback, *rest][:3])[:800] or _last_words(text)
    return PulumiFailed(
        what=message or "Pulumi failed without saying why",
        where="pulumi",
        fix="Remove the cause and run the same command again; what is done is kept.",
    )


def _without_passwords(text: str) -> str:
    return _PASSWORD_IN_URL.sub(r"\1:***@", text)


def _last_words(text: str) -> str:
    """The end of what a command printed that marks nothing as an error."""
    lines = [_LABEL.sub("", line.strip()) for line in text.splitlines()]
    telling = [line for line in lines if line and not line.lower().startswith(_NOISE)]
    return "; ".join(telling[-3:])[:800]


def _cause(printed: str) -> str:
    """What a traceback comes down to: gRPC's own words, else the last exception, else the last line."""
    details = _GRPC_DETAILS.findall(printed)
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    exceptions = [line for line in lines if _EXCEPTION.match(line)]
    return next((found[-1][:400] for found in (details, exceptions, lines) if found), "")


def _from_lines(text: str) -> AmanatError:
    for pattern, what, fix in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return PulumiFailed(what=what, where=text.splitlines()[0][:160], fix=fix)
    what, _, fix = text.partition("\n")
    return PulumiFailed(what=what, fix="\n".join(line.strip() for line in fix.strip().splitlines()))


def _line_of(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 :].splitlines()[0].strip()
    line = line.removeprefix("stderr:").strip().removeprefix("error:").strip()
    return line[:160]
