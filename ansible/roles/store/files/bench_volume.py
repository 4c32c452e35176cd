#!/usr/bin/python3 -B
"""Measure what the encryption costs: pgbench on the volume and on the plain file system below it, in turns.

Two throwaway clusters with the same settings, on a socket of their own; the store is not touched. Prints one
JSON object with the medians. Exit status: 0 measured, 1 a problem (one message on standard error).
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from amanat_volume import ext4
from amanat_volume.layout import Layout
from amanat_volume.problem import Problem, run

BIN = "/usr/lib/postgresql/17/bin"
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


class Cluster:
    """A throwaway cluster on one file system."""

    def __init__(self, parent: Path, port: int) -> None:
        free = shutil.disk_usage(parent).free
        if free < ROOM_BYTES:
            raise Problem(f"{free >> 20} MiB are free, a bench takes {ROOM_BYTES >> 20}", str(parent))
        self.root = Path(tempfile.mkdtemp(prefix=".bench-", dir=parent))
        self.port = str(port)
        self.rates: list[float] = []
        shutil.chown(self.root, "postgres", "postgres")

    def start(self) -> None:
        """Make it, start it, fill it."""
        data, log = str(self.root / "data"), str(self.root / "log")
        given = {**SETTINGS, "port": self.port, "unix_socket_directories": str(self.root)}
        options = " ".join(f"-c {name}='{value}'" for name, value in given.items())
        self._run("initdb", "--data-checksums", "--auth=trust", "--no-instructions", "--pgdata", data)
        self._run("pg_ctl", "--wait", "--pgdata", data, "--log", log, "--options", options, "start")
        self._run("pgbench", *self._where(), "--initialize", "--quiet", "--scale", str(SCALE), "postgres")

    def measure(self, seconds: int) -> None:
        """Add one run's transactions per second."""
        self._run("psql", *self._where(), "--quiet", "--command=CHECKPOINT", "postgres")
        said = self._run("pgbench", *self._where(), "--no-vacuum", "--client", str(CLIENTS), "--jobs", "2",
                         "--time", str(seconds), "postgres")
        found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
        if not found:
            raise Problem("pgbench gave no rate", str(self.root), said)
        self.rates.append(float(found[1]))

    def remove(self) -> None:
        """Stop it and remove every trace."""
        if (self.root / "data/postmaster.pid").exists():
            self._run("pg_ctl", "--wait", "--mode=immediate", "--pgdata", str(self.root / "data"), "stop")
        shutil.rmtree(self.root)

    def _where(self) -> tuple[str, ...]:
        return "--host", str(self.root), "--port", self.port

    def _run(self, program: str, *given: str) -> str:
        return run("runuser", "-u", "postgres", "--", f"{BIN}/{program}", *given)


def bench(seconds: int, rounds: int) -> dict[str, object]:
    """Measure both file systems in turns and return their medians."""
    layout = Layout.load()
    if not ext4.mounted_device(layout.mount):
        raise Problem("the volume is not open", str(layout.mount), "systemctl start amanat-volume")
    clusters: dict[str, Cluster] = {}
    try:
        clusters["encrypted"] = Cluster(layout.vault, 5998)
        clusters["plain"] = Cluster(layout.backing.parent, 5999)
        for cluster in clusters.values():
            cluster.start()
        for _ in range(rounds):
            for cluster in clusters.values():
                cluster.measure(seconds)
    finally:
        for cluster in clusters.values():
            cluster.remove()
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


def main() -> int:
    """Print the result and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="length of one run")
    parser.add_argument("--rounds", type=int, default=3, help="runs on each file system")
    given = parser.parse_args()
    try:
        sys.stdout.write(json.dumps(bench(given.seconds, given.rounds)) + "\n")
    except (Problem, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
