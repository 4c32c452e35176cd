"""The record that the stack keeps of how far the file of anchors had come, which no host can change."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from amanat.audit.errors import NotChecked
from amanat.audit.host import Host
from amanat.strict_model import StrictModel

DIRECTORY = "anchor_records"  # the inventory's variable: where records lie on the controller
FILE = "/var/lib/amanat/anchors/archive.jsonl"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
REMEDY = "Converge it with `make up`, or run the audit where that was done."
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class AnchorRecord(StrictModel):
    """By SHA-256: the first `size` bytes of the file of anchors, and the machine as its SSH host key (type and key)."""

    machine: Digest
    size: Annotated[int, Field(ge=0)]
    sha256: Digest


def record_of(host: Host) -> AnchorRecord:
    """The record of a host's anchors. Raises `NotChecked` where there is none of this machine."""
    directory = host.variables.get(DIRECTORY)
    if not directory:
        raise NotChecked(
            f"the inventory names no record of the anchors of {host.name}, so that a shorter file can't be told",
            f"the variable {DIRECTORY}",
            REMEDY,
        )
    record = load(Path(str(directory)) / f"{host.name}.json")
    if _digest(host.read("cut -d ' ' -f 1,2 %s | sha256sum", HOST_KEY)) != record.machine:
        raise NotChecked(
            "the record of anchors is another machine's, or this one has been made anew", fix=REMEDY
        )
    return record


def load(path: Path) -> AnchorRecord:
    """Read a record. Raises `NotChecked` when it isn't there or is none."""
    try:
        return AnchorRecord.model_validate(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise NotChecked(f"there is no record of the anchors: {error.strerror}", str(path), REMEDY) from error
    except (ValueError, ValidationError) as error:
        raise NotChecked("the record of the anchors is broken", str(path), REMEDY) from error


def digest_of_first(host: Host, size_bytes: int) -> str:
    """The SHA-256 of the first bytes of a host's file of anchors, or of all of it where it is shorter."""
    return _digest(host.read("head --bytes=%s %s | sha256sum", str(size_bytes), FILE))


def _digest(told: str) -> str:
    return told.split()[0]
