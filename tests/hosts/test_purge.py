"""The archive's months under a shifted clock: what goes by itself, what stays, and what is held.

Of the archive's two clocks one is the machine's. So months that have ended are made with records in them, in a
database of the test's own beside the archive, made by the same migrations; the retention is put a day below and at
their age, and the vault's time is told as the test has it.
"""

from collections.abc import Iterator

import pytest

from amanat.audit.waiting import wait_until

DATABASE = "purge_trial"
PARTY = "+989120000031"
CHAINED_WITHIN_SECONDS = 60
AS_POSTGRES = "cd /usr/local/lib/amanat/archive && runuser -u postgres -- env TZ=UTC"
MAKE = f"""
set -e
{AS_POSTGRES} dropdb --if-exists {DATABASE}
{AS_POSTGRES} createdb --template=template0 --owner=archive_owner {DATABASE}
{AS_POSTGRES} PGOPTIONS='-c role=archive_owner' SQITCH_FULLNAME=T SQITCH_EMAIL=t@localhost \
  sqitch deploy db:pg:{DATABASE} >/dev/null
key=$({AS_POSTGRES} psql -XAtqd archive -c 'SELECT key FROM archive.sealing_key ORDER BY id DESC LIMIT 1')
{AS_POSTGRES} psql -Xqd {DATABASE} -c "INSERT INTO archive.sealing_key (key) VALUES ('$key')"
"""
# The newest month that may go at all, and three before it; a record of each kind in every one. Data keys are real.
FILL = f"""
SET ROLE archive_owner;
CREATE TABLE public.trial AS
SELECT archive.month_of(now() - interval '188 days') - 1 AS newest;
SELECT archive.make_partition(parent, newest - back) FROM public.trial, generate_series(0, 3) AS back,
    unnest(ARRAY['message', 'transaction']) AS parent;
SELECT archive.record_message('sms', 'in', '{PARTY}', '3000', now(), now(), '192.0.2.7', 4711, 'x');
INSERT INTO archive.message OVERRIDING SYSTEM VALUE
SELECT nextval('archive.message_id_seq'), archive.clock(), archive.month_start(newest - back), m.sent_at, m.received_at,
       m.key_id, m.client_port, m.channel, m.direction, CASE back WHEN 2 THEN m.origin ELSE '+98' END, m.destination,
       m.client_ip, m.content
FROM public.trial, archive.message AS m, generate_series(0, 3) AS back;
INSERT INTO archive.transaction OVERRIDING SYSTEM VALUE
SELECT nextval('archive.transaction_id_seq'), archive.clock(), archive.month_start(newest - back + 1) - interval '1 s',
       now(), 1, 'user', 'purchase', 1, 'IRR', 'wallet', 'r', '192.0.2.7'
FROM public.trial, generate_series(0, 3) AS back;
"""
# Access records of days so many days ago, and of today.
AGES_DAYS = (185, 189, 190, 191, 200)
FILL_DAYS = f"""
SET ROLE archive_owner;
SELECT archive.make_day(archive.day_of(now()) - age) FROM unnest(ARRAY{list(AGES_DAYS)}) AS age;
SELECT archive.record_access('{PARTY}', 'login', 'success', '192.0.2.7', 4711, now());
INSERT INTO archive.access OVERRIDING SYSTEM VALUE
SELECT nextval('archive.access_id_seq'), archive.clock(),
       archive.day_start(archive.day_of(now()) - age + 1) - interval '1 s', a.occurred_at, a.client_port,
       CASE age WHEN 200 THEN a.account ELSE '+989120000032' END, a.event, a.outcome,
       a.client_ip, a.user_agent, a.request_id
FROM archive.access AS a, unnest(ARRAY{list(AGES_DAYS)}) AS age;
"""
# As the unit has it, but for the database; the account is the superuser's and the role the job's.
JOB = (
    f"{AS_POSTGRES} PGDATABASE={DATABASE} PGOPTIONS='-c role=archive_purger' PGHOST=/run/postgresql PGUSER=postgres"
    " /usr/lib/amanat/archive-purge"
)
DB = f"""
set -eu
db() {{ {AS_POSTGRES} PGOPTIONS="-c role=$1 ${{2:-}}" psql -XAtqd {DATABASE} 2>&1; }}
"""
RECORD = (
    "SELECT 'recorded' FROM archive.record_transaction("
    "'user', 'purchase', 1, 'IRR', 'wallet', 'r', '192.0.2.7', 4711, now())"
)
AGE = "(SELECT extract(day FROM now() - archive.month_start(newest + 1))::integer FROM public.trial)"
ALTER = (
    "ALTER TABLE archive.{0} DISABLE TRIGGER append_only; {1};"
    " ALTER TABLE archive.{0} ENABLE ALWAYS TRIGGER append_only;"
)


class Trial:
    """The test's own database of the archive's schema."""

    def __init__(self, live_stack):
        self._stack = live_stack

    def sql(self, text: str, role: str = "postgres") -> list[str]:
        """The lines that psql answers as a role of the archive; what it complains of is among them."""
        given = f"SET client_min_messages = warning; SET SESSION AUTHORIZATION {role};\n{text}"
        run = f"{AS_POSTGRES} psql -XAtqd {DATABASE} 2>&1"
        return self._stack.root("store", f"{run} <<'SQL'\n{given}\nSQL\n").split("\n")[:-1]

    def kept(self) -> set[str]:
        """The partitions of ended months, by kind and by how many months they are before the newest."""
        return set(
            self.sql(
                "SELECT p.parent || ' ' || newest - p.number FROM archive.periods() AS p, public.trial"
                " WHERE p.unit = 'month' AND p.number <= newest"
            )
        )

    def purge(self, days_from_age: int) -> int:
        """Purge, as the timer does, with a retention of so many days more than the newest month is old; how many."""
        self.sql(f"SELECT archive.set_message_retention({AGE} + {days_from_age})")
        return len([line for line in self.run_job() if " " not in line])

    def run_job(self) -> list[str]:
        """What the timer's job says: a line for each partition that went, and what the archive has to say."""
        return self._stack.root("store", f"{JOB} 2>&1").splitlines()

    def bash(self, script: str) -> list[str]:
        """The lines that a script on the store says, with `db ROLE` to reach the database."""
        return self._stack.root("store", f"bash <<'BASH'\n{DB}{script}\nBASH\n").splitlines()

    def chain(self) -> None:
        """Wait until all is chained."""

        def chained():
            self.sql("SELECT archive.seal_next()")
            return self.sql("SELECT archive.lag_seconds()") == ["0"]

        assert wait_until(chained, CHAINED_WITHIN_SECONDS)

    def faults(self) -> list[str]:
        """What the verifier says of the whole chain."""
        self.chain()
        return self.sql("SELECT kind, reason FROM archive.verify()")


@pytest.fixture
def trial(live_stack) -> Iterator[Trial]:
    live_stack.root("store", MAKE)
    made = Trial(live_stack)
    try:
        made.sql(FILL)
        made.sql("SELECT archive.tell_time(now())", "archive_anchor")
        made.chain()
        yield made
    finally:
        live_stack.root("store", f"{AS_POSTGRES} dropdb --force {DATABASE}")


def all_of(*months: int) -> set[str]:
    return {f"{kind} {month}" for kind in ("message", "transaction") for month in months}


def test_a_month_goes_on_its_day_and_what_is_held_stays(trial):
    assert trial.kept() == all_of(0, 1, 2, 3)
    (number,) = trial.sql(
        f"""SELECT archive.add_hold('1405/7', 'A. Ahmadi', '{{"parties": ["{PARTY}"]}}', now() + interval '1 year')""",
        "archive_discloser",
    )
    assert trial.sql("SELECT hold -> 'held' FROM archive.holds() AS hold", "archive_discloser") == ["null"]
    trial.chain()
    (held,) = trial.sql(
        "SELECT hold ->> 'id', jsonb_path_query_array(hold -> 'held', '$[*].records') FROM archive.holds() AS hold",
        "archive_discloser",
    )
    assert held == f"{number}|[1, 1]"  # in a month that has ended, and in this one

    assert trial.purge(+1) == 5
    assert trial.kept() == all_of(0) | {"message 2"}  # a day inside its retention; held
    assert trial.faults() == []
    assert trial.purge(0) == 2
    assert trial.kept() == {"message 2"}
    assert trial.purge(0) == 0

    trial.sql("SELECT archive.release_hold('1405/7', 'A. Ahmadi')", "archive_discloser")
    assert trial.purge(0) == 1
    assert trial.kept() == set()
    assert trial.faults() == []
    assert trial.sql(
        "SELECT count(*), sum(records), count(DISTINCT digest) FROM archive.purges()", "archive_auditor"
    ) == ["8|8|8"]


def test_a_day_of_access_records_goes_on_its_day_and_what_is_held_stays(trial):
    def kept():
        ages = trial.sql(
            "SELECT archive.day_of(now()) - p.number FROM archive.periods() AS p"
            " WHERE p.parent = 'access' AND p.number < archive.day_of(now())"
        )
        return {int(age) for age in ages}

    trial.sql(FILL_DAYS)
    trial.chain()
    assert kept() == set(AGES_DAYS)
    trial.sql(
        f"""SELECT archive.add_hold('1405/8', 'A. Ahmadi', '{{"parties": ["{PARTY}"]}}', now() + interval '1 year')""",
        "archive_discloser",
    )
    trial.chain()
    trial.sql("SELECT archive.set_ip_retention(190)")
    trial.run_job()
    assert kept() == {
        185,
        189,
        190,
        200,
    }  # 190 full days have not passed since the end of the day 190 days ago
    assert trial.faults() == []
    trial.sql("SELECT archive.release_hold('1405/8', 'A. Ahmadi')", "archive_discloser")
    trial.run_job()
    assert kept() == {185, 189, 190}
    assert trial.faults() == []


def test_what_is_not_as_the_chain_says_is_not_purged_and_a_purge_without_a_true_record_is_named(trial):
    (old, older) = trial.sql(
        "SELECT archive.partition_of('transaction', newest - back) FROM public.trial, generate_series(2, 3) AS back"
    )
    trial.sql(ALTER.format(old, f"UPDATE archive.{old} SET amount = 2"))
    trial.sql(ALTER.format(older, f"DELETE FROM archive.{older}"))
    assert trial.purge(+1) == 4
    assert trial.kept() == all_of(0) | {"transaction 2", "transaction 3"}
    assert any("transaction" in fault for fault in trial.faults())

    trial.sql(f"DROP TABLE archive.{old}, archive.{older}")
    assert trial.faults() == ["transaction|missing"]
    trial.sql(
        "INSERT INTO archive.event (kind, detail) SELECT 'expiry', jsonb_build_object('expired', 't:' || newest - back,"
        " 'records', back - 2, 'first_seal', 0, 'last_seal', 99, 'digest', '00')"
        " FROM public.trial, generate_series(2, 3) AS back"
    )
    assert trial.faults() == ["event|says otherwise than the chain what was purged"]


def test_nothing_goes_and_no_hold_ends_by_the_stores_clock_alone(trial):
    """As if the store had booted months ahead: to its clock all is due, and to the vault's nothing is yet."""
    trial.sql(f"SELECT archive.set_message_retention({AGE})")
    over = (
        f"archive.month_start(newest - 2) + make_interval(days => {AGE})"  # of the oldest, the retention is
    )

    def told(after_seconds):
        moment = f"(SELECT {over} + interval '{after_seconds} s' FROM public.trial)"
        trial.sql(f"DELETE FROM archive.witness; INSERT INTO archive.witness (told_at) VALUES ({moment})")
        return trial.run_job()

    trial.sql("DELETE FROM archive.witness")
    assert any("the vault has told no time yet" in line for line in trial.run_job())
    assert any("are due by this machine's clock alone" in line for line in told(-1))
    assert trial.kept() == all_of(0, 1, 2, 3)

    # A hold that has ended by the store's clock holds until it has by the vault's.
    held = f"(SELECT {over} + interval '60 s' FROM public.trial)"
    trial.sql(
        f"""SELECT archive.add_hold('1405/9', 'A. Ahmadi', '{{"from": "2000-01-01"}}', {held})""",
        "archive_owner",
    )
    trial.chain()
    told(59)
    assert trial.kept() == all_of(0, 1, 2, 3)
    told(60)
    assert trial.kept() == all_of(0, 1, 2)
    assert trial.faults() == []


def test_the_time_told_never_goes_back_nor_ahead_of_the_store(trial):
    trial.sql("UPDATE archive.witness SET told_at = now() - interval '2 hours'")
    told = "SELECT archive.tell_time('2000-01-01Z'), archive.tell_time(now() + interval '9 years')"
    assert trial.sql(told, "archive_anchor") == ["f|t"]
    assert trial.sql("SELECT told_at BETWEEN now() - interval '1 hour' AND now() FROM archive.witness") == [
        "t"
    ]
    assert any("the time told is none" in line for line in trial.sql("SELECT archive.tell_time('infinity')"))


def test_a_hold_waits_for_no_comparison_and_stops_what_was_compared(trial):
    trial.sql(f"SELECT archive.set_message_retention({AGE})")
    said = trial.bash(
        """
        coproc { db archive_purger; }
        exec 3<&"${COPROC[0]}" 4>&"${COPROC[1]}"
        echo "BEGIN; SELECT 'compared ' || count(*) FROM archive.clear_due();" >&4
        read -r compared <&3
        echo "$compared"
        echo "SELECT 'held' FROM archive.add_hold('1405/10', 'A. Ahmadi', jsonb_build_object('until', '2000-01-01'),
              now() + interval '1 day')" | db archive_discloser "-c lock_timeout=1s"
        echo "COMMIT; SELECT 'gone ' || gone FROM archive.purge() AS gone; SELECT 'nothing'; \\q" >&4
        cat <&3
        """
    )
    assert said[:2] == ["compared 8", "held"]
    assert said[-1] == "nothing", said
    assert all("a hold has come" in line for line in said[2:-1])
    assert trial.kept() == all_of(0, 1, 2, 3)
    assert len(trial.run_job()) == 8, "compared again, it holds nothing of these"


def test_writers_go_on_while_a_reader_keeps_the_purge_waiting(trial):
    """While the table is in use a month can't go; each try is over before a writer has waited two seconds."""
    trial.sql(f"SELECT archive.set_message_retention({AGE})")
    said = trial.bash(
        f"""
        coproc {{ db archive_owner; }}
        exec 3<&"${{COPROC[0]}}" 4>&"${{COPROC[1]}}"
        echo "BEGIN; LOCK TABLE ONLY archive.transaction IN ACCESS SHARE MODE; SELECT 'reads';" >&4
        read -r reads <&3
        echo "SELECT count(*) FROM archive.clear_due()" | db archive_purger
        echo "DELETE FROM archive.cleared WHERE partition LIKE 'message%'" | db archive_owner
        for n in 1 2 3 4; do echo "SELECT 'gone ' || archive.purge();"; done | db archive_purger &
        tries=$!
        for n in $(seq 12); do echo "{RECORD}" | db archive_writer "-c statement_timeout=2s"; done
        wait "$tries"
        echo "COMMIT; SELECT 'read';" >&4
        read -r reads <&3
        echo "SELECT 'gone ' || archive.purge()" | db archive_purger
        """
    )
    assert said.count("recorded") == 12, said
    assert sum("lock timeout" in line for line in said) == 4, said
    assert [line for line in said if line.startswith("gone")] == [said[-1]]
    assert trial.kept() >= all_of(0, 1, 2)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT archive.tell_time(now())",
        "DELETE FROM archive.cleared",
        "SELECT archive.let_go()",
        "SELECT archive.expire_partitions(400)",
        "SELECT archive.set_message_retention(186)",
        "SELECT archive.release_hold('1', 'x')",
        "SELECT * FROM archive.message",
        "SELECT * FROM archive.hold",
    ],
)
def test_the_purging_role_may_do_nothing_else(live_stack, statement):
    answered = live_stack.root(
        "store",
        f'runuser -u archive-purger -- psql -XAtqd archive -U archive_purger -c "{statement}" 2>&1 || true',
    )
    assert "permission denied" in answered


def test_a_hold_is_added_listed_and_released_by_commands(live_stack):
    with live_stack.database("archive_writer") as writer:
        writer.execute(
            "SELECT archive.record_message('sms', 'in', %s, '3000', now(), now(), '192.0.2.7', 4711, 'x')",
            (PARTY,),
        )
    order = ("--order", "۱۴۰۵/۹۱", "--approver", "Legal counsel")
    added = live_stack.amanat("hold", "add", *order, "--number", "+۹۸۹۱۲۰۰۰۰۰۳۱", "--until", "1407-01-01")
    assert (added.code, added.err) == (0, "")
    assert (
        "order 1405/91, approved by Legal counsel: records of +989120000031; holds until 2028-03-19"
        in added.out
    )
    assert "message" in added.out
    listed = live_stack.amanat("hold", "list", "--json").json
    assert [hold["order_number"] for hold in listed] == ["1405/91"]
    assert live_stack.amanat("hold", "release", *order).code == 0
    assert live_stack.amanat("hold", "list").out == "nothing is held\n"
    again = live_stack.amanat("hold", "release", *order)
    assert (again.code, again.err.count("error: ")) == (1, 1)
