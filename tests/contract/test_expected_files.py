"""What comes into a machine's files only with time, and no fresh stack has, belongs there all the same."""

import re

import pytest

from amanat.audit.closed_world import expected_state
from amanat_host.state.files_shapes import folding

BACKUP = "/var/lib/amanat/repository/backup/archive/20261126-183538F"
RELATION = f"{BACKUP}/pg_data/base/16384/16999"
OF_PGBACKREST = "file 0640 pgbackrest pgbackrest"
LATER = [
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


@pytest.mark.parametrize(("service", "path", "value"), LATER)
def test_it_is_expected(service, path, value):
    shape = folding(frozenset())(path)
    patterns = expected_state("files").of([service]).patterns
    fitting = [one for one in patterns if re.fullmatch(one.item, shape)]
    assert [one.item for one in fitting if re.fullmatch(one.value, value)], shape
