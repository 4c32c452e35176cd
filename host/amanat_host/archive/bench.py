"""Measure record_message against plain INSERTs of the same row, on a scratch cluster beside the real archive.

The INSERT puts the same columns, with content of the size sealing gives it, into a table built like archive.message:
partitioned, same indexes, same durability; a second one goes into an unpartitioned table with its key alone. The
sealing job runs all the while. Prints one JSON object; rates are medians in messages per second.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
from pathlib import Path

from amanat_host import processes
from amanat_host.archive.cluster import REAL, Scratch, become_postgres, query, run
from amanat_host.entry import print_json, program
from amanat_host.errors import HostError
from amanat_host.questions import PROGRAMS

MIGRATIONS = Path("/usr/local/lib/amanat/archive")
SAME_AS_REAL = (
    "shared_buffers",
    "wal_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "jit",
    "full_page_writes",
    "wal_compression",
    "synchronous_commit",
    "fsync",
)
CONTENT = (
    "A short message of some hundred and sixty characters, as they come by the million: your parcel is at the post"
    " office until Thursday evening, bring the code 482915."
)
CALL = f"""SELECT archive.record_message('sms', 'out', '+989121234567', '+98300012345', now(), now(),
    '10.20.30.40', 40123, '{CONTENT}');"""
COLUMNS = """xact, recorded_at, sent_at, received_at, key_id, client_port, channel, direction, origin, destination,
    client_ip, content"""
PLAIN = """
CREATE SCHEMA plain;
CREATE SEQUENCE plain.id;
CREATE TABLE plain.partitioned (LIKE archive.message INCLUDING STORAGE INCLUDING INDEXES)
PARTITION BY RANGE (recorded_at);
CREATE TABLE plain.month PARTITION OF plain.partitioned FOR VALUES FROM ('-infinity') TO ('infinity');
ALTER TABLE plain.partitioned ALTER id SET DEFAULT nextval('plain.id');
CREATE TABLE plain.heap (LIKE archive.message INCLUDING STORAGE, PRIMARY KEY (id));
ALTER TABLE plain.heap ALTER id SET DEFAULT nextval('plain.id');
"""


def deploy(scratch: Scratch) -> None:
    """The migrations in the order of the plan, and the sealing key in use."""
    owner = {**scratch.where, "PGOPTIONS": "-c role=archive_owner -c client_min_messages=warning"}
    for line in (MIGRATIONS / "sqitch.plan").read_text().splitlines():
        if line and not line.startswith("%"):
            query((MIGRATIONS / "deploy" / f"{line.split()[0]}.sql").read_text(), owner)
    key = query("SELECT encode(key, 'hex') FROM archive.sealing_key ORDER BY id DESC LIMIT 1;", REAL)
    if not key:
        raise HostError("the archive has no sealing key")
    query(f"INSERT INTO archive.sealing_key (key) VALUES ('\\x{key}'); {PLAIN}", scratch.where)


def scripts(scratch: Scratch) -> dict[str, Path]:
    """One pgbench script for each way of keeping the row."""
    sealed = query(f"{CALL} SELECT encode(content, 'hex') FROM archive.message;", scratch.where).splitlines()[
        -1
    ]
    values = f"""1, clock_timestamp(), now(), now(), 1, 40123, 'sms', 'out', '+989121234567', '+98300012345',
        '10.20.30.40', '\\x{sealed}'"""
    texts = {
        "record": CALL,
        "insert": f"INSERT INTO plain.partitioned ({COLUMNS}) VALUES ({values});",
        "heap": f"INSERT INTO plain.heap ({COLUMNS}) VALUES ({values});",
    }
    paths = {name: scratch.root / f"{name}.pgbench" for name in texts}
    for name, path in paths.items():
        path.write_text(texts[name].replace("\n", " "))
    return paths


def rate(scratch: Scratch, script: Path, clients: int, seconds: int) -> float:
    """Transactions per second of one run."""
    query("CHECKPOINT;", scratch.where)
    options = ["--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2", f"--time={seconds}"]
    said = run(["pgbench", *options, f"--file={script}"], **scratch.where).decode()
    found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    if found is None:
        raise HostError("pgbench printed no rate")
    return float(found.group(1))


def measure(rounds: int, clients: int, seconds: int) -> dict[str, object]:
    """Alternate the three ways, so that what else the machine does falls on all of them."""
    names = ", ".join(f"'{name}'" for name in SAME_AS_REAL)
    settings = json.loads(
        query(
            f"SELECT json_object_agg(name, current_setting(name)) FROM pg_settings WHERE name IN ({names});",
            REAL,
        )
    )
    with Scratch(settings) as scratch:
        deploy(scratch)
        paths = scripts(scratch)
        environment = {**os.environ, **scratch.where, "PGUSER": "archive_sealer"}
        with processes.running([f"{PROGRAMS}/archive-seal"], env=environment, stdout=subprocess.DEVNULL):
            rates: dict[str, list[float]] = {name: [] for name in paths}
            for _ in range(rounds):
                for name, path in paths.items():
                    rates[name].append(rate(scratch, path, clients, seconds))
        bad = query("SELECT * FROM archive.verify();", scratch.where)
    if bad:
        raise HostError(f"the chain did not verify after the bench: {bad}")
    tps = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "record_tps": round(tps["record"], 1),
        "insert_tps": round(tps["insert"], 1),
        "ratio": round(tps["record"] / tps["insert"], 3),
        "insert_unpartitioned_tps": round(tps["heap"], 1),
        "ratio_unpartitioned": round(tps["record"] / tps["heap"], 3),
        "clients": clients,
        "seconds": seconds,
        "rounds": rounds,
        "fsync": settings["fsync"],
    }


@program
def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=8)
    given = parser.parse_args()
    become_postgres()
    print_json(measure(given.rounds, given.clients, given.seconds))
