"""Measure what the backups' guarantees cost: pgBackRest as the vault uses it against pg_basebackup over TLS.

Both copy the same throwaway cluster on this host, through its own network address and TLS 1.3; pgBackRest compresses
and encrypts too, and brings it back. The archive and its repository are not touched. Prints one JSON object; rates are
medians in MB of the cluster per second.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from amanat_host import processes
from amanat_host.archive.cluster import Scratch, become_postgres, query, run
from amanat_host.entry import print_json, program
from amanat_host.errors import HostError
from amanat_host.postgresql import BIN
from amanat_host.scratch import scratch as private

STANZA = "bench"
PORT, SERVER_PORT = "5997", "5996"
AUTHORITY = "/etc/amanat/pki/ca.crt"
CERTIFICATE, KEY = "/etc/amanat/pki/pgbackrest.crt", "/etc/amanat/pki/pgbackrest.key"
START_SECONDS = 30
ROW_BYTES = 448  # content as sealing leaves it: nothing in it can be compressed
EACH_SIDE = """
[global]
process-max=2
lock-path={root}/lock
log-level-file=off
log-level-console=warn
"""
REPOSITORY = """
repo1-path={target}/repository
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass={cipher}
repo1-bundle=y
repo1-block=y
compress-type=zst
compress-level=1
start-fast=y
archive-check=n
archive-mode-check=n
tls-server-address={address}
tls-server-port={server_port}
tls-server-ca-file={authority}
tls-server-cert-file={certificate}
tls-server-key-file={key}
tls-server-auth={host}={stanza}
"""
CLUSTER = """
[{stanza}]
pg1-path={root}/data
pg1-port={port}
pg1-socket-path={root}
"""
OTHER_SIDE = """
SIDE-host={host}
SIDE-host-type=tls
SIDE-host-port={server_port}
SIDE-host-config={root}/source.conf
SIDE-host-ca-file={authority}
SIDE-host-cert-file={certificate}
SIDE-host-key-file={key}
"""
CONFIGURATIONS = {
    "source": EACH_SIDE + REPOSITORY + CLUSTER,
    "backup": EACH_SIDE + REPOSITORY + CLUSTER + OTHER_SIDE.replace("SIDE", "pg1"),
    "restore": EACH_SIDE + OTHER_SIDE.replace("SIDE", "repo1") + CLUSTER,
}


def cluster(megabytes: int) -> Scratch:
    """A cluster that lets one account with a password copy it over TLS, and nobody else in."""
    scratch = Scratch(
        {
            "port": PORT,
            "listen_addresses": "127.0.0.1",
            "max_wal_size": "1GB",
            "ssl": "on",
            "ssl_cert_file": CERTIFICATE,
            "ssl_key_file": KEY,
            "ssl_min_protocol_version": "TLSv1.3",
        },
        room_bytes=4 * megabytes << 20,
    )
    access = scratch.root / "hba"
    access.write_text("local all all trust\nhostssl replication copier 127.0.0.1/32 scram-sha-256\n")
    scratch.settings["hba_file"] = str(access)
    return scratch


@contextlib.contextmanager
def elsewhere() -> Iterator[Path]:
    """Where copies go: the host's plain disk, as the vault's is plain."""
    with private("bench-backup", Path("/var/tmp")) as directory:  # noqa: S108 - made 0700
        yield directory


def fill(scratch: Scratch, megabytes: int, password: str) -> None:
    """Rows like the archive's, and the account that copies."""
    query(f"CREATE ROLE copier REPLICATION LOGIN PASSWORD '{password}';", scratch.where)
    blocks = "||".join(f"sha512((n || '-{part}')::bytea)" for part in range(ROW_BYTES // 64))
    rows = (megabytes << 20) // (ROW_BYTES + 100)
    query(
        "CREATE TABLE message (id bigint PRIMARY KEY, at timestamptz, origin text, content bytea STORAGE EXTERNAL);"
        f"INSERT INTO message SELECT n, now(), '+98912' || n, {blocks} FROM generate_series(1, {rows}) AS n;"
        "VACUUM ANALYZE message; CHECKPOINT;",
        scratch.where,
    )


@contextlib.contextmanager
def serving(scratch: Scratch, target: Path) -> Iterator[None]:
    """pgBackRest's TLS server for the cluster, as the store has one for the vault."""
    host = socket.gethostname()
    known = {
        "root": scratch.root,
        "target": target,
        "cipher": secrets.token_urlsafe(48),
        "address": socket.gethostbyname(host),
        "host": host,
        "stanza": STANZA,
        "port": PORT,
        "server_port": SERVER_PORT,
        "authority": AUTHORITY,
        "certificate": CERTIFICATE,
        "key": KEY,
    }
    for name, text in CONFIGURATIONS.items():
        path = scratch.root / f"{name}.conf"
        path.touch(mode=0o600)
        path.write_text(text.format(**known))
    command = ["/usr/bin/pgbackrest", f"--config={scratch.root}/source.conf", "server"]
    with processes.running(command, stdout=subprocess.DEVNULL) as server:
        _wait_for(known["address"], server)
        yield


def _wait_for(address: object, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((str(address), int(SERVER_PORT)), 1).close()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise HostError(f"pgBackRest's server does not come up: {error}") from error
            time.sleep(0.1)
        else:
            return


def pgbackrest(scratch: Scratch, side: str, *given: str) -> None:
    """Run it on the throwaway stanza, as the vault (`backup`) or as the store (`restore`)."""
    run(["/usr/bin/pgbackrest", f"--config={scratch.root}/{side}.conf", f"--stanza={STANZA}", *given])


def basebackup(target: Path, password: str) -> None:
    """A plain copy over TLS, written as it comes."""
    where = f"host={socket.gethostname()} hostaddr=127.0.0.1 port={PORT} user=copier sslmode=verify-full"
    given = ["--checkpoint=fast", "--wal-method=none", "--no-manifest", f"--pgdata={target}/copy"]
    command = [str(BIN / "pg_basebackup"), f"--dbname={where} sslrootcert={AUTHORITY}", *given]
    run(command, PGPASSWORD=password)


def seconds_of(action: Callable[[], None], target: Path) -> float:
    """Time of one action, from written-out disks to written-out disks; what it copied is removed."""
    os.sync()
    began = time.monotonic()
    action()
    os.sync()
    took = time.monotonic() - began
    shutil.rmtree(target / "copy", ignore_errors=True)
    return took


def measure(megabytes: int, rounds: int) -> dict[str, object]:
    """Take turns, so that what else the machine does falls on all of them."""
    password = secrets.token_hex(16)
    with elsewhere() as target, cluster(megabytes) as scratch:
        fill(scratch, megabytes, password)
        size = int(query("SELECT sum(pg_database_size(oid)) FROM pg_database;", scratch.where))
        with serving(scratch, target):
            pgbackrest(scratch, "backup", "stanza-create")
            ways: dict[str, Callable[[], None]] = {
                "backup": lambda: pgbackrest(
                    scratch, "backup", "--type=full", "--repo1-retention-full=1", "backup"
                ),
                "basebackup": lambda: basebackup(target, password),
                "restore": lambda: pgbackrest(
                    scratch, "restore", f"--pg1-path={target}/copy", "--type=none", "restore"
                ),
            }
            rates: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name, action in ways.items():
                    rates[name].append(size / 1e6 / seconds_of(action, target))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "backup_mb_per_s": round(medians["backup"], 1),
        "restore_mb_per_s": round(medians["restore"], 1),
        "basebackup_mb_per_s": round(medians["basebackup"], 1),
        "ratio": round(medians["backup"] / medians["basebackup"], 3),
        "ratio_restore": round(medians["restore"] / medians["basebackup"], 3),
        "cluster_mb": round(size / 1e6),
        "rounds": rounds,
    }


@program
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=256, help="size of the cluster's table")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    become_postgres()
    print_json(measure(given.megabytes, given.rounds))
