"""Article 5 clause 6-1: records can't be altered or removed unnoticed."""

from contextlib import ExitStack
from datetime import datetime

import pytest

from amanat.audit import prefetch, requirement
from amanat.audit.archive import CHAINED_WITHIN_SECONDS, CLIENTS, RECORD_MESSAGE, Message
from amanat.audit.host import Host
from amanat_host import questions
from amanat_host.answers.archive import TamperTrial
from amanat_host.errors import Exit

NOT_ALLOWED = "42501"
WITHOUT_LIMITS = [
    f"SET {limit} = 0"
    for limit in (
        "statement_timeout",
        "idle_in_transaction_session_timeout",
        "transaction_timeout",
        "idle_session_timeout",
    )
]
KEPT = {
    "message": "origin",
    "transaction": "reference",
    "disclosure": "approver",
    "event": "kind",
    "seal": "total",
    "data_key": "sealed",
    "sealing_key": "key",
    "channel": "description",
    "means": "description",
}
NOT_IN_THE_CHAIN = "SELECT seal, reason FROM archive.verify_head(%s, %s)"
BEYOND = 1_000_000  # seals that nobody makes while an audit goes on
CHANGES = ("UPDATE archive.{} SET {} = {}", "DELETE FROM archive.{}", "TRUNCATE archive.{}")


@requirement("A5-6-1-integrity")
@pytest.mark.parametrize("role", CLIENTS)
@pytest.mark.parametrize("table", KEPT)
def test_no_role_changes_a_record(store, client, role, table):
    """UPDATE, DELETE and TRUNCATE are refused for lack of the right to each role whose key the auditor has."""
    column = KEPT[table]
    with client.login(store, role) as session:
        for change in CHANGES:
            statement = change.format(table, column, column)
            assert session.refusal(statement) == NOT_ALLOWED, statement


@requirement("A5-6-1-integrity")
def test_every_table_refuses_change_even_to_its_owner(store, client):
    """Each table and partition has a trigger, always on, against UPDATE, DELETE and TRUNCATE."""
    query = """
        SELECT c.relname FROM pg_class AS c
        WHERE c.relnamespace = 'archive'::regnamespace AND c.relkind IN ('r', 'p')
          AND c.relname NOT IN ('machine', 'access_days')  -- their one row changes, on record
          -- The vault's time, and what may go between its comparison and its removal: no record, and what is purged
          -- by them says so in the chain.
          AND c.relname NOT IN ('witness', 'cleared')
          AND c.relnatts > 0
          AND NOT EXISTS (
            SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgenabled = 'A' AND NOT t.tgisinternal
              AND t.tgtype & 58 = 58 AND t.tgtype & 1 = 0 AND t.tgqual IS NULL AND t.tgattr = ''
              AND t.tgfoid = 'archive.refuse_change'::regproc)
    """  # tgtype: 2 before, 8 delete, 16 update, 32 truncate; 1 would be by row (pg_trigger.h)
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(query) == []


@requirement("A5-6-1-integrity")
def test_the_whole_chain_holds(store, client):
    """The verifier finds no altered, missing or added record."""
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows("SELECT kind, id, seal, reason FROM archive.verify()") == []


@requirement("A5-6-1-integrity")
def test_a_new_record_is_chained_in_time(store, client, archive, bound):
    """A message that was just recorded is under a head of the chain within the bound."""
    limit = bound("sealing_lag_seconds")
    # It is handed out once the chain has reached what came after it: this message, whatever others record meanwhile.
    bundle = archive.find(archive.record(Message()), "message", limit.max)
    [message], [seal] = bundle.messages, bundle.parts["seal"]
    took = datetime.fromisoformat(seal["sealed_at"]) - datetime.fromisoformat(message["recorded_at"])
    assert limit.allows(took.total_seconds()), f"{took.total_seconds():.1f} seconds"
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(NOT_IN_THE_CHAIN, (seal["seq"], seal["hash"])) == []


@pytest.mark.slow
@requirement("A5-6-1-integrity")
def test_nobody_holds_up_the_chain(store, client, archive, bound):
    """While each role holds a transaction open without limits, a new record is chained within the bound."""
    with ExitStack() as opened:
        for role in CLIENTS:
            session = opened.enter_context(client.login(store, role, fresh=True))
            started = session.sequence(*WITHOUT_LIMITS, "BEGIN", "SELECT pg_current_xact_id()::text")
            assert started[-1].rows, f"{role}: {started[-1].message}"
        # The request to disclose it is younger, and is chained when the record is found.
        archive.find(archive.record(Message()), "message", bound("sealing_lag_seconds").max)


@requirement("A5-6-1-integrity")
def test_no_message_is_sealed_with_a_key_that_a_rollback_took_away(store, client, archive, bound):
    """A session's data key that was rolled back is not used again, whatever the session sets: it can be opened."""
    with client.login(store, "archive_writer", fresh=True) as writer:
        record = (RECORD_MESSAGE, Message().parameters())
        kept = writer.sequence("BEGIN", record, "SELECT current_setting('amanat.sealing')", "ROLLBACK")[2]
        setting = kept.rows[0][0] if kept.rows else ""
        assert setting, "a session's setting can't be read, so nothing was tried"
        client.hide(setting)
        writer.sequence(("SELECT set_config('amanat.sealing', %s, false) IS NULL", (setting,)))
        number = int(writer.value(*record))
    bundle = archive.find([number], "message", bound("sealing_lag_seconds").max)
    assert [one["id"] for one in bundle.parts.get("data_key", ())] == [bundle.messages[0]["key_id"]]


@requirement("A5-6-1-integrity")
def test_no_record_waits_too_long_for_the_chain(store, client, bound):
    """The oldest record that is not chained yet is younger than the bound."""
    with client.login(store, "archive_auditor") as auditor:
        lag = float(auditor.value("SELECT archive.lag_seconds()"))
    assert bound("sealing_lag_seconds").allows(lag), f"{lag} seconds"


@requirement("A5-6-1-integrity")
def test_two_heads_never_follow_the_same_seal(store, client):
    """The chain can't fork: the catalog holds a unique index on what a seal follows."""
    query = """
        SELECT count(*) FROM pg_index AS i
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = 'archive.seal'::regclass AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
          AND i.indpred IS NULL AND a.attname = 'prev_hash'
    """
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.value(query) == 1


@requirement("A5-6-1-integrity")
def test_origin_destination_and_times_are_kept_as_they_were(archive, bound):
    """Read back later, a message has the fields that the law names, with the values it came with."""
    sent = Message(channel="sms")
    kept = archive.find(archive.record(sent), "message", bound("sealing_lag_seconds").max).messages[0]
    expected = {field: getattr(sent, field) for field in bound("record_fields").includes}
    assert {field: as_given(kept[field], value) for field, value in expected.items()} == expected


@pytest.fixture(scope="module")
def trial(store: Host, archive) -> TamperTrial:
    """What two judges of the chain say, of live records and of edits that a superuser makes in a scratch copy."""
    done = store.run(questions.TAMPER.command, seconds=300)
    if done.exit_status == Exit.NOTHING_TO_TRY:  # a new archive
        archive.find(archive.record(Message()), "message", CHAINED_WITHIN_SECONDS)
        done = store.run(questions.TAMPER.command, seconds=300)
    return store.answered(questions.TAMPER, done)


@pytest.mark.slow
@prefetch(questions.TAMPER, seconds=300)
@requirement("A5-6-1-integrity")
def test_the_verifier_catches_a_superusers_edit(trial: TamperTrial):
    """On a scratch copy of the newest records the verifier names what a superuser alters, removes or adds."""
    assert trial.clean_verifier is None
    assert trial.replica_refused, "replication mode steps around the triggers"
    assert unseen(trial, {name: edit.verifier for name, edit in trial.edits.items()}) == {}, (
        "edits that the archive's verifier doesn't name"
    )


@pytest.mark.slow
@requirement("A5-6-1-integrity")
def test_the_chain_computed_anew_is_the_archives(store, client, trial: TamperTrial):
    """Without a line of the archive's own code, the newest records and older ones at random are as they were chained.

    The same computation names each edit of the scratch copy; and the newest seal that it reached is the archive's.
    """
    assert trial.newest.fault is None, "the verifier may say that all is well"
    assert trial.older.fault is None, "the verifier may say that all is well"
    assert trial.newest.records > 0
    assert trial.clean_recomputed is None
    assert unseen(trial, {name: edit.recomputed for name, edit in trial.edits.items()}) == {}, (
        "edits that the computation doesn't name"
    )
    with client.login(store, "archive_auditor") as auditor:
        assert auditor.rows(NOT_IN_THE_CHAIN, (trial.newest.seq, trial.newest_hash)) == []


@requirement("A5-6-1-integrity")
def test_the_verifier_says_no_where_there_is_no_chain(store, client):
    """Asked, in the live archive, to begin beyond the newest seal, it misses the seal there: it can say no."""
    with client.login(store, "archive_auditor") as auditor:
        beyond = auditor.value("SELECT seq FROM archive.heads()") + BEYOND
        assert auditor.rows("SELECT kind, id FROM archive.verify(%s)", (beyond,)) == [("seal", beyond)]


def unseen(trial: TamperTrial, named):
    """The edits of which a judge `named` something else, or nothing: what was to be named, and what it named."""
    assert named, "nothing was tried"
    return {
        name: (trial.edits[name].expected, found or "nothing")
        for name, found in named.items()
        if found is None or (found["kind"], found["id"]) != trial.edits[name].expected
    }


@prefetch(questions.RETENTION)
@requirement("A5-6-1-integrity")
def test_messages_are_kept_long_enough(store: Host, bound):
    """The archive keeps messages for the bound's days at the least, and refuses to let them go a day sooner."""
    kept = store.ask(questions.RETENTION)
    assert bound("message_retention_days").allows(kept.days), f"{kept.days} days"
    assert kept.refuses_less, "it lets them go sooner"


def as_given(kept, given):
    """A disclosed value in the type it was given in."""
    return datetime.fromisoformat(kept) if isinstance(given, datetime) else kept
