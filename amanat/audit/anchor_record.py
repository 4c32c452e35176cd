"""The record that the stack keeps of how far the file of anchors had come, which no host can change."""

from typing import Annotated

from pydantic import Field

from amanat.audit.host import Host
from amanat.audit.stack_record import Records
from amanat.strict_model import StrictModel

DIRECTORY = "anchor_records"  # the inventory's variable: where records lie on the controller
FILE = "/var/lib/amanat/anchors/archive.jsonl"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub"
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class AnchorRecord(StrictModel):
    """By SHA-256: the first `size` bytes of the file of anchors, and the machine as its SSH host key (type and key)."""

    machine: Digest
    size: Annotated[int, Field(ge=0)]
    sha256: Digest


RECORDS = Records(AnchorRecord, DIRECTORY, "anchors", "a shorter file")


def record_of(host: Host) -> AnchorRecord:
    """The record of a host's anchors. Raises `NotChecked` where there is none of this machine."""
    record = RECORDS.of(host)
    if _digest(host.read("cut -d ' ' -f 1,2 %s | sha256sum", HOST_KEY)) != record.machine:
        raise RECORDS.of_another_machine()
    return record


def digest_of_first(host: Host, size_bytes: int) -> str:
    """The SHA-256 of the first bytes of a host's file of anchors, or of all of it where it is shorter."""
    return _digest(host.read("head --bytes=%s %s | sha256sum", str(size_bytes), FILE))


def _digest(told: str) -> str:
    return told.split()[0]
