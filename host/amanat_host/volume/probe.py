"""Tell where PostgreSQL's data really lies and how it is encrypted, as one JSON object. Only reads.

What is said about encryption is the kernel's answer, and the directories are those of the running server.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from amanat_host.answers import volume as answers
from amanat_host.entry import probe
from amanat_host.errors import HostError
from amanat_host.volume import ext4, fscrypt, loop, tang
from amanat_host.volume.layout import Layout

PID_FILE = Path("/run/postgresql/17-main.pid")


def filesystem(path: Path) -> answers.Mount:
    """Return the mount a path lies on: its directory, device and options."""
    best: list[str] = ["", "", "", ""]
    for line in Path("/proc/self/mounts").read_text().splitlines():
        fields = line.split()
        if path.is_relative_to(fields[1]) and len(fields[1]) >= len(best[1]):
            best = fields
    options = [option for option in best[3].split(",") if "dir=" not in option]  # an engine's own paths
    return answers.Mount(mount=best[1], device=best[0], type=best[2], options=options)


def placed(path: Path, layout: Layout) -> answers.ServerDirectory:
    """Return where a directory lies and which policy the kernel applies to it."""
    real = path.resolve()
    on_volume = real.is_relative_to(layout.encrypted_dir)
    return answers.ServerDirectory(
        path=str(real),
        on_volume=on_volume and real.stat().st_dev == layout.mount.stat().st_dev,
        policy=fscrypt.policy_of(real),
    )


def server_directories() -> dict[str, Path]:
    """Return the running server's data, WAL, temporary and tablespace directories.

    A container's root may not look at another account's process, so the directory is the one the server was
    started with, if the server itself has signed it with its process id.

    Raises:
        HostError: it does not run.
    """
    try:
        pid = PID_FILE.read_text().strip()
        started = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        data = Path(started[started.index("-D") + 1])
        signed = (data / "postmaster.pid").read_text().split("\n")[0]
    except (OSError, ValueError) as error:
        raise HostError("PostgreSQL does not run", str(PID_FILE)) from error
    if signed != pid:
        raise HostError("PostgreSQL runs elsewhere", str(data))
    found = {"data": data, "wal": data / "pg_wal", "relations": data / "base"}
    found |= {f"tablespace {link.name}": link for link in (data / "pg_tblspc").iterdir()}
    if (data / "base/pgsql_tmp").exists():
        found["temporary"] = data / "base/pgsql_tmp"
    return found


def key_kept(layout: Layout) -> answers.KeptKey:
    """Return what may be told about the key as it is kept here; never the key."""
    bound = layout.bound.exists()
    kept = layout.bound if bound else layout.key
    status = kept.stat()
    found = tang.binding(kept.read_bytes()) if bound else None
    return answers.KeptKey(
        path=str(kept),
        mode=f"{stat.S_IMODE(status.st_mode):04o}",
        owner=status.st_uid,
        filesystem=filesystem(kept.resolve()),
        on_volume=status.st_dev == layout.mount.stat().st_dev,
        bound_to=answers.BoundTo(found.url, found.exchange, sorted(found.advertised)) if found else None,
        plaintext_key=layout.key.exists(),
    )


def mapping(device: str) -> answers.Mapped | None:
    """Return a mounted device's name and UUID in the device mapper; LUKS has CRYPT-LUKS in front."""
    entry = Path("/sys/class/block") / os.path.basename(os.path.realpath(device)) / "dm"
    if not entry.exists():
        return None
    return answers.Mapped(*((entry / name).read_text().strip() for name in ("name", "uuid")))


def volume() -> answers.Volume:
    """Gather everything."""
    layout = Layout.load()
    policy = fscrypt.policy_of(layout.encrypted_dir)
    directories = {name: placed(path, layout) for name, path in server_directories().items()}
    return answers.Volume(
        method=layout.method,
        backing=answers.Backing(
            path=str(layout.backing),
            bytes=layout.backing.stat().st_size,
            reserved_bytes=layout.backing.stat().st_blocks * 512,
            holds=ext4.signature(layout.backing),
            filesystem=filesystem(layout.backing.resolve()),
        ),
        loop=list(loop.attachments(layout.backing)),
        mapping=mapping(ext4.mounted_device(layout.mount)),
        volume=filesystem(layout.encrypted_dir.resolve()),
        encrypted_dir=answers.EncryptedDirectory(
            path=str(layout.encrypted_dir),
            policy=policy,
            key_state=fscrypt.key_state(layout.mount, policy.key_identifier) if policy else None,
        ),
        key=key_kept(layout),
        server=directories,
    )


main = probe(__doc__, {"": volume})
