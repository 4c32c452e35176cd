#!/usr/bin/python3 -B
"""Tell where PostgreSQL's data really lies and how it is encrypted, as one JSON object. Only reads.

What is said about encryption is the kernel's answer, and the directories are those of the running server.
Exit status: 0 told, 1 a problem (one message on standard error).
"""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import asdict
from pathlib import Path

from amanat_volume import ext4, fscrypt, loop, tang
from amanat_volume.layout import Layout
from amanat_volume.problem import Problem

PID_FILE = Path("/run/postgresql/17-main.pid")


def filesystem(path: Path) -> dict[str, object]:
    """Return the mount a path lies on: its directory, device and options."""
    best: list[str] = ["", "", "", ""]
    for line in Path("/proc/self/mounts").read_text().splitlines():
        fields = line.split()
        if path.is_relative_to(fields[1]) and len(fields[1]) >= len(best[1]):
            best = fields
    options = [option for option in best[3].split(",") if "dir=" not in option]  # an engine's own paths
    return {"mount": best[1], "device": best[0], "type": best[2], "options": options}


def place(path: Path, layout: Layout) -> dict[str, object]:
    """Return where a directory lies and which policy the kernel applies to it."""
    real = path.resolve()
    policy = fscrypt.policy_of(real)
    return {
        "path": str(real),
        "on_volume": real.is_relative_to(layout.vault) and real.stat().st_dev == layout.mount.stat().st_dev,
        "policy": policy and policy.as_dict(),
    }


def server_directories() -> dict[str, Path]:
    """Return the running server's data, WAL, temporary and tablespace directories.

    A container's root may not look at another account's process, so the directory is the one the server was
    started with, if the server itself has signed it with its process id.

    Raises:
        Problem: it does not run.
    """
    try:
        pid = PID_FILE.read_text().strip()
        started = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        data = Path(started[started.index("-D") + 1])
        signed = (data / "postmaster.pid").read_text().split("\n")[0]
    except (OSError, ValueError) as error:
        raise Problem("PostgreSQL does not run", str(PID_FILE)) from error
    if signed != pid:
        raise Problem("PostgreSQL runs elsewhere", str(data))
    found = {"data": data, "wal": data / "pg_wal", "relations": data / "base"}
    found |= {f"tablespace {link.name}": link for link in (data / "pg_tblspc").iterdir()}
    if (data / "base/pgsql_tmp").exists():
        found["temporary"] = data / "base/pgsql_tmp"
    return found


def key_kept(layout: Layout) -> dict[str, object]:
    """Return what may be told about the key as it is kept here; never the key."""
    bound = layout.bound.exists()
    kept = layout.bound if bound else layout.key
    status = kept.stat()
    found = tang.binding(kept.read_bytes()) if bound else None
    return {
        "path": str(kept),
        "bytes": status.st_size,
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "owner": status.st_uid,
        "filesystem": filesystem(kept.resolve()),
        "on_volume": status.st_dev == layout.mount.stat().st_dev,
        "bound_to": found
        and {"url": found.url, "exchange": found.exchange, "advertised": sorted(found.advertised)},
        "lies_open": layout.key.exists(),
    }


def mapping(device: str) -> dict[str, object] | None:
    """Return a mounted device's name and UUID in the device mapper; LUKS has CRYPT-LUKS in front."""
    entry = Path("/sys/class/block") / os.path.basename(os.path.realpath(device)) / "dm"
    if not entry.exists():
        return None
    return {name: (entry / name).read_text().strip() for name in ("name", "uuid")}


def facts() -> dict[str, object]:
    """Gather everything."""
    layout = Layout.load()
    policy = fscrypt.policy_of(layout.vault)
    directories = {name: place(path, layout) for name, path in server_directories().items()}
    return {
        "method": layout.method,
        "backing": {
            "path": str(layout.backing),
            "bytes": layout.backing.stat().st_size,
            "reserved_bytes": layout.backing.stat().st_blocks * 512,
            "holds": ext4.signature(layout.backing),
            "filesystem": filesystem(layout.backing.resolve()),
        },
        "loop": [asdict(found) for found in loop.attachments(layout.backing)],
        "mapping": mapping(ext4.mounted_device(layout.mount)),
        "volume": filesystem(layout.vault.resolve()),
        "vault": {
            "path": str(layout.vault),
            "policy": policy and policy.as_dict(),
            "key_state": policy and fscrypt.key_state(layout.mount, policy.key_identifier),
        },
        "key": key_kept(layout),
        "server": directories,
        "all_on_volume": all(found["on_volume"] for found in directories.values()),
    }


def main() -> int:
    """Print the facts and return the exit status."""
    try:
        sys.stdout.write(json.dumps(facts(), indent=2) + "\n")
    except (Problem, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
