"""What comes into a machine's files only with time, and no fresh stack has, belongs there all the same."""

import re

import pytest

from amanat.audit.closed_world import expected_state
from amanat_host.state.files_shapes import folding

BACKUP = "/var/lib/amanat/repository/backup/archive/20261126-183538F"
RELATION = f"{BACKUP}/pg_data/base/16384/16999"
OF_PGBACKREST = "file 0640 pgbackrest pgbackrest"
WAL = "/srv/archive/postgresql/17/main/pg_wal/00000002000000000000004C"
LATER = [
    ("store", WAL, "file 0600 postgres postgres"),
    ("store", WAL, "file 0640 postgres postgres"),  # restored, and used again
    ("store", "/run/runit/supervise", "directory 0755 root root"),
    ("store", "/run/systemd/transient", "directory 0755 root root"),
    ("vault", "/run/systemd/system.control", "directory 0755 root root"),
    ("vault", f"{RELATION}.pgbi", OF_PGBACKREST),
    ("vault", f"{RELATION}.1.pgbi", OF_PGBACKREST),
    ("vault", f"{RELATION}.zst", OF_PGBACKREST),
    ("vault", "/var/lib/amanat-backup-verify/verified.new", "file 0600 pgbackrest pgbackrest"),
    (
        "vault",
        "/var/lib/amanat-copies-verify/verified.new",
        "file 0600 restic-rest-server restic-rest-server",
    ),
    ("store", "/var/lib/postgresql/.psql_history", "file 0600 postgres postgres"),
    ("store", "/var/lib/unattended-upgrades/kept-back", "file 0644 root root"),
    ("vault", "/var/lib/unattended-upgrades/kept-back", "file 0644 root root"),
]

# Of these all are alike.
FOLDED_ONLY = {f"{RELATION}{end}" for end in (".pgbi", ".1.pgbi", ".zst")}


@pytest.mark.parametrize(("service", "path", "value"), LATER)
def test_it_is_expected(service, path, value):
    patterns = expected_state("files").of([service]).patterns
    for told in (folding(frozenset())(path), path):  # what is otherwise than most is told by its own path
        if told in FOLDED_ONLY:
            continue
        assert [one for one in patterns if re.fullmatch(one.item, told) and re.fullmatch(one.value, value)], (
            told
        )
