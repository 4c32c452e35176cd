"""Measure what the encryption costs: pgbench on the volume and on the plain file system below it, in turns.

Two throwaway clusters with the same settings, on a socket of their own; the store is not touched. Prints one
JSON object with the medians.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import statistics
from pathlib import Path

from amanat_host.commands import run
from amanat_host.entry import print_json, program
from amanat_host.errors import HostError
from amanat_host.postgresql import BIN
from amanat_host.scratch import scratch
from amanat_host.volume import ext4
from amanat_host.volume.layout import Layout

SCALE = 10
CLIENTS = 8
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "autovacuum": "off",
}
ROOM_BYTES = 1 << 30
PREFIX = ".bench-"


class Cluster:
    """A throwaway cluster on one file system."""

    def __init__(self, root: Path, port: int) -> None:
        free = shutil.disk_usage(root).free
        if free < ROOM_BYTES:
            raise HostError(f"{free >> 20} MiB are free, a bench takes {ROOM_BYTES >> 20}", str(root.parent))
        self.root = root
        self.port = str(port)
        self.rates: list[float] = []
        shutil.chown(self.root, "postgres", "postgres")

    def start(self) -> None:
        """Make it, start it, fill it."""
        data, log = str(self.root / "data"), str(self.root / "log")
        given = {**SETTINGS, "port": self.port, "unix_socket_directories": str(self.root)}
        options = " ".join(f"-c {name}='{value}'" for name, value in given.items())
        as_postgres("initdb", "--data-checksums", "--auth=trust", "--no-instructions", "--pgdata", data)
        as_postgres("pg_ctl", "--wait", "--pgdata", data, "--log", log, "--options", options, "start")
        as_postgres("pgbench", *self._where(), "--initialize", "--quiet", "--scale", str(SCALE), "postgres")

    def measure(self, seconds: int) -> None:
        """Add one run's transactions per second."""
        as_postgres("psql", *self._where(), "--quiet", "--command=CHECKPOINT", "postgres")
        said = as_postgres(
            "pgbench",
            *self._where(),
            "--no-vacuum",
            "--client",
            str(CLIENTS),
            "--jobs",
            "2",
            "--time",
            str(seconds),
            "postgres",
        )
        found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
        if not found:
            raise HostError("pgbench gave no rate", str(self.root), said)
        self.rates.append(float(found[1]))

    def _where(self) -> tuple[str, ...]:
        return "--host", str(self.root), "--port", self.port


def as_postgres(name: str, *given: str) -> str:
    """Run one of PostgreSQL's programs as its account and return the output."""
    return run("runuser", "-u", "postgres", "--", f"{BIN}/{name}", *given)


def bench(seconds: int, rounds: int) -> dict[str, object]:
    """Measure both file systems in turns and return their medians."""
    layout = Layout.load()
    if not ext4.mounted_device(layout.mount):
        raise HostError("the volume is not open", str(layout.mount), "systemctl start amanat-volume")
    places = {"encrypted": layout.encrypted_dir, "plain": layout.backing.parent}
    with contextlib.ExitStack() as made:
        clusters = {
            name: Cluster(made.enter_context(scratch(f"bench-{name}", place, prefix=PREFIX, seconds=0)), port)
            for port, (name, place) in enumerate(places.items(), start=5998)
        }
        for cluster in clusters.values():
            cluster.start()
        for _ in range(rounds):
            for cluster in clusters.values():
                cluster.measure(seconds)
    medians = {name: statistics.median(cluster.rates) for name, cluster in clusters.items()}
    return {
        "encrypted_tps": round(medians["encrypted"]),
        "plain_tps": round(medians["plain"]),
        "ratio": round(medians["encrypted"] / medians["plain"], 3),
        "method": layout.method,
        "clients": CLIENTS,
        "scale": SCALE,
        "seconds": seconds,
        "rounds": {name: [round(rate) for rate in cluster.rates] for name, cluster in clusters.items()},
    }


@program
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="length of one run")
    parser.add_argument("--rounds", type=int, default=3, help="runs on each file system")
    given = parser.parse_args()
    print_json(bench(given.seconds, given.rounds))
