"""What the probes of volumes and of tang answer: the schema that they fill and the audit's policies read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Mount:
    """The file system that a path lies on."""

    mount: str
    device: str
    type: str
    options: Sequence[str]


@dataclass(frozen=True)
class Backing:
    """The image file or block device that a volume lies in."""

    path: str
    bytes: int
    reserved_bytes: int
    holds: str
    filesystem: Mount


@dataclass(frozen=True)
class Attachment:
    """A loop device and how it holds its image."""

    device: str
    autoclear: bool
    direct_io: bool


@dataclass(frozen=True)
class Mapped:
    """A device's name and UUID in the device mapper; LUKS has CRYPT-LUKS in front."""

    name: str
    uuid: str


@dataclass(frozen=True)
class Policy:
    """A directory's encryption policy, as the kernel tells it."""

    version: int
    contents: str
    filenames: str
    key_identifier: str


@dataclass(frozen=True)
class EncryptedDirectory:
    """The directory whose every file is encrypted."""

    path: str
    policy: Policy | None
    key_state: str | None


@dataclass(frozen=True)
class BoundTo:
    """Whom the volume's key is bound to: a tang server and its keys' thumbprints."""

    url: str
    exchange: str
    advertised: Sequence[str]


@dataclass(frozen=True)
class KeptKey:
    """What is kept of the volume's key, and where; never the key."""

    path: str
    mode: str
    owner: int
    filesystem: Mount
    on_volume: bool
    bound_to: BoundTo | None
    plaintext_key: bool


@dataclass(frozen=True)
class ServerDirectory:
    """A directory of the running server, and the encryption policy the kernel applies to it."""

    path: str
    on_volume: bool
    policy: Policy | None


@dataclass(frozen=True)
class Volume:
    """Where PostgreSQL's data really lies and how it is encrypted."""

    method: str
    backing: Backing
    loop: Sequence[Attachment]
    mapping: Mapped | None
    volume: Mount
    encrypted_dir: EncryptedDirectory
    key: KeptKey
    server: Mapping[str, ServerDirectory]


@dataclass(frozen=True)
class Unlock:
    """Whether the host alone opens its volume, and which files hold a key to it."""

    bound: bool
    opens_alone: bool
    opens_with_help: bool
    key_identifier: str
    searched_files: int
    key_found_in: Sequence[str]
    helper_found_in: Sequence[str]


@dataclass(frozen=True)
class SearchedImage:
    """The raw image, and how much of it was searched."""

    path: str
    searched_bytes: int


@dataclass(frozen=True)
class SearchedFiles:
    """The server's files, and how much of them was searched."""

    root: str
    files: int
    searched_bytes: int


@dataclass(frozen=True)
class Found:
    """Where a marker is: yes or no, not where and not how often."""

    in_image: bool
    in_files: bool


@dataclass(frozen=True)
class PlantedOnDisk:
    """Whether the same search found what was laid in its way: so that it can find.

    `plain` lies unencrypted on the disk, `sealed` in a file of the encrypted directory.
    """

    plain_in_image: bool
    sealed_in_files: bool
    sealed_in_image: bool


@dataclass(frozen=True)
class MarkersOnDisk:
    """Whether each marker drawn lately lies on the disk."""

    image: SearchedImage
    files: SearchedFiles
    planted: PlantedOnDisk
    markers: Mapping[str, Found]


@dataclass(frozen=True)
class Access:
    """Who may read a file or directory."""

    path: str
    owner: str
    group: str
    mode: str


@dataclass(frozen=True)
class TangKey(Access):
    """A key of a tang server by its thumbprint, and who may read it."""

    thumbprint: str
    use: str
    advertised: bool


@dataclass(frozen=True)
class Advertised:
    """Thumbprints of the keys that a tang server advertises."""

    signing: Sequence[str]
    exchange: Sequence[str]


@dataclass(frozen=True)
class TangKeys:
    """The keys of a tang server."""

    directory: Access
    keys: Sequence[TangKey]
    advertised: Advertised
