"""Backups meet a wrong passphrase, a full disk, a kill, a wrong clock: one clear message each, and nothing is lost."""

import json
from contextlib import contextmanager

import pytest

from amanat.audit.waiting import wait_until
from tests.hosts.writers import write

CONFIGURATION = "/etc/pgbackrest/pgbackrest.conf"
REPOSITORY = "/var/lib/amanat/repository"
SMALL = "/run/small-disk"
UNIT = "amanat-backup.service"
INFO = "cd / && runuser -u pgbackrest -- /usr/lib/amanat/probe-repository info"
CLOCK = "/var/lib/amanat-test-clock"
DROP_IN = f"/run/systemd/system/{UNIT}.d"
WAITING = "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
MESSAGES = 500
KILL_A_BACKUP = f"""
systemctl start --no-block {UNIT}
for try in $(seq 4000); do
    pgrep --uid pgbackrest --full 'log-level-console=info backup$' >/dev/null && break
done
systemctl kill --signal=KILL {UNIT}
"""
FILL_THE_DISK = f"""
mkdir -p {SMALL}
mount -t tmpfs -o size=$(( $(du -sk {REPOSITORY} | cut -f1) + 512 ))k small {SMALL}
cp -a {REPOSITORY}/. {SMALL}/
chown --reference={REPOSITORY} {SMALL} && chmod --reference={REPOSITORY} {SMALL}
cat /dev/zero > {SMALL}/filler 2>/dev/null || true
mount --bind {SMALL} {REPOSITORY}
systemctl restart pgbackrest.service
"""
# A container can't set the clock, so the job and pgBackRest below it are told another time (faketime(1)). The library
# is unpacked, not installed: what is installed is the file integrity check's matter.
PUT_THE_CLOCK_BACK = f"""
install -d {CLOCK} {DROP_IN}
cd {CLOCK}
apt-get --quiet=2 --option=APT::Sandbox::User=root download libfaketime
dpkg-deb --extract libfaketime_*.deb .
library=$(find {CLOCK} -name libfaketime.so.1)
printf '[Service]\\nEnvironment=LD_PRELOAD=%s FAKETIME=-1h\\n' "$library" > {DROP_IN}/clock.conf
systemctl daemon-reload
"""
SET_THE_CLOCK_RIGHT = f"rm -rf {CLOCK} {DROP_IN}; systemctl daemon-reload"
GIVE_IT_ROOM = f"""
umount {REPOSITORY}
umount {SMALL}
rmdir {SMALL}
systemctl restart pgbackrest.service
"""


def backup(live_stack):
    """Run the job that makes backups to its end: how it ended, and what it said."""
    # Six runs in a few seconds are more than systemd lets start by itself.
    live_stack.root("vault", f"systemctl reset-failed {UNIT}; systemctl start {UNIT} 2>/dev/null || true")
    shown = live_stack.root("vault", f"systemctl show --property=Result,InvocationID {UNIT}")
    job = dict(line.split("=", 1) for line in shown.splitlines())
    journal = f"journalctl --output=cat --no-pager _SYSTEMD_INVOCATION_ID={job['InvocationID']}"
    return job["Result"], live_stack.root("vault", journal)


def labels(live_stack):
    """The repository's backups, oldest first."""
    held = json.loads(live_stack.root("vault", INFO))["stanza"]["backup"]
    return [one["label"] for one in held if not one["error"]]


def catches_up(live_stack):
    """Whether all finished log leaves the store."""
    return wait_until(lambda: live_stack.query(WAITING) == "0", seconds=120)


@contextmanager
def wrong_passphrase(live_stack):
    """The vault's configuration has another passphrase than the one the backups were made with."""
    live_stack.root("vault", f"cp -p {CONFIGURATION} {CONFIGURATION}.kept")
    live_stack.root("vault", f"sed -i 's/^repo1-cipher-pass=.*/repo1-cipher-pass=another/' {CONFIGURATION}")
    try:
        yield
    finally:
        live_stack.root("vault", f"mv {CONFIGURATION}.kept {CONFIGURATION}")


@contextmanager
def full_disk(live_stack):
    """The repository lies on a disk without room."""
    live_stack.root("vault", FILL_THE_DISK)
    try:
        yield
    finally:
        live_stack.root("vault", GIVE_IT_ROOM)


@contextmanager
def clock_put_back(live_stack):
    """The job that makes backups sees the time of an hour ago."""
    try:
        live_stack.root("vault", PUT_THE_CLOCK_BACK)
        yield
    finally:
        live_stack.root("vault", SET_THE_CLOCK_RIGHT)


def test_a_wrong_passphrase_is_named_and_nothing_is_written(live_stack):
    before = labels(live_stack)
    with wrong_passphrase(live_stack):
        result, said = backup(live_stack)
        restore = live_stack.amanat("restore", "--yes")
    assert result == "exit-code"
    assert "repo1-cipher-pass is not the one they were encrypted with" in said
    assert (restore.code, restore.out) == (1, "")
    assert "the repository can't be used" in restore.err
    assert "its passphrase is another one" in restore.err
    assert "Traceback" not in restore.err
    assert labels(live_stack) == before
    assert backup(live_stack)[0] == "success"


def test_a_full_disk_of_the_vault_is_named_and_the_log_waits(live_stack):
    before = labels(live_stack)
    with full_disk(live_stack):
        result, said = backup(live_stack)
        account = write(live_stack.client("archive_writer"), 4, MESSAGES, lambda count: None)
        live_stack.query("SELECT pg_switch_wal()")
        waits = wait_until(lambda: int(live_stack.query(WAITING)) > 0, seconds=60)
    assert result == "exit-code"
    assert f"no space left on the disk of {REPOSITORY}" in said
    assert len(account.acknowledged) == MESSAGES
    assert waits, "the log did not wait"
    assert catches_up(live_stack), "the log does not catch up"
    assert backup(live_stack)[0] == "success"
    assert set(labels(live_stack)) > set(before)


@pytest.mark.parametrize("time", ["first", "second"])
def test_an_interrupted_backup_is_made_up_for_by_the_next(live_stack, time):
    before = labels(live_stack)
    live_stack.root("vault", KILL_A_BACKUP)
    killed = live_stack.root("vault", f"systemctl show --property=Result --value {UNIT}").strip()
    assert killed == "signal", f"the {time} backup was not killed but ended with {killed}"
    result, said = backup(live_stack)
    assert result == "success", said
    assert "MiB added" in said
    assert set(labels(live_stack)) > set(before)


def test_a_clock_that_was_put_back_is_named_and_nothing_is_written(live_stack):
    before = labels(live_stack)
    with clock_put_back(live_stack):
        result, said = backup(live_stack)
    assert result == "exit-code"
    assert f"error: backup {before[-1]} is dated" in said
    assert "minutes ahead: this host's clock is wrong, or was" in said
    assert "Traceback" not in said
    assert labels(live_stack) == before
    assert backup(live_stack)[0] == "success"
