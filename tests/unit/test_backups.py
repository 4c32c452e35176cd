"""Which backup a restore starts from, and the times that none reaches."""

from datetime import UTC, datetime, timedelta

import pytest

from amanat.backups import NoBackup, OutOfReach, Repository

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def backup(hours_ago, kind="full", database=1, **more):
    stop = (NOW - timedelta(hours=hours_ago)).timestamp()
    return {
        "label": f"{kind}-{hours_ago}",
        "type": kind,
        "timestamp": {"start": int(stop) - 60, "stop": int(stop)},
        "info": {"size": 3 * 2**20},
        "database": {"id": database},
        "error": False,
        **more,
    }


def stanza(*backups, code=0, message="ok", databases=(1,)):
    return {
        "status": {"code": code, "message": message},
        "db": [{"id": one, "system-id": 1000 + one} for one in databases],
        "backup": list(backups),
    }


@pytest.fixture
def repository():
    return Repository.of(stanza(backup(30), backup(20, "diff"), backup(10, "incr")), NOW)


def test_all_there_is_comes_from_the_newest_backup(repository):
    plan = repository.plan(None)
    assert (plan.backup.label, plan.target) == ("incr-10", None)
    assert "the end of the archived WAL" in plan.lines(NOW)[1]


@pytest.mark.parametrize(
    ("hours_ago", "label"), [(0, "incr-10"), (9.99, "incr-10"), (10.01, "diff-20"), (30, "full-30")]
)
def test_a_time_is_reached_from_the_last_backup_that_ended_before_it(repository, hours_ago, label):
    assert repository.plan(NOW - timedelta(hours=hours_ago)).backup.label == label


def test_the_plan_says_what_leaves_the_archive(repository):
    lines = repository.plan(NOW - timedelta(minutes=90)).lines(NOW)
    assert "incremental backup incr-10" in lines[0]
    assert "2026-11-22T10:30:00+00:00 (1405-09-01 14:00:00 +03:30)" in lines[1]
    assert "3 MiB" in lines[2]
    assert "last 90 minutes" in lines[3]


def test_a_time_before_the_first_backup_is_refused(repository):
    with pytest.raises(OutOfReach, match="before the first backup, which ended 2026-11-21T06:00:00"):
        repository.plan(NOW - timedelta(hours=31))


def test_a_time_in_the_future_is_refused_by_the_vaults_clock(repository):
    with pytest.raises(OutOfReach, match="in the future: the vault has 2026-11-22T12:00:00"):
        repository.plan(NOW + timedelta(seconds=1))


def test_backups_of_a_cluster_that_is_gone_and_broken_ones_dont_count():
    known = Repository.of(
        stanza(
            backup(30, database=1),
            backup(20, database=2),
            backup(10, database=2, error=True),
            databases=(1, 2),
        ),
        NOW,
    )
    assert [one.label for one in known.backups] == ["full-20"]
    assert known.cluster == 1002


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (stanza(code=1, message="missing stanza path"), "missing stanza path"),
        (stanza(code=2), "holds no backup"),
        (
            {
                **stanza(code=99, message="other"),
                "repo": [{"status": {"code": 99, "message": "[CryptoError] a:\nb"}}],
            },
            "the repository can't be used: .CryptoError. a [(]vault",
        ),
        ({}, "no answer"),
    ],
)
def test_a_repository_without_a_backup_is_told(found, said):
    with pytest.raises(NoBackup, match=said):
        Repository.of(found, NOW)
