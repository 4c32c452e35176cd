"""The database's whole state: how partitions, databases and the server's process become items."""

import os
import re
from datetime import UTC, date, datetime, timedelta

import psycopg2
import pytest

from amanat_host.state import (
    database_cluster,
    database_objects,
    database_rows,
    months,
    postmaster,
    probe_database,
    system_catalogue,
)
from amanat_host.state.system_catalogue import SystemCatalogue, unlike

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def partition(month, **other):
    """The items of one partition of a table of two columns; `other` says what is otherwise there."""
    name = f"archive.message_{month.replace('-', '_')}"
    year, number = map(int, month.split("-"))
    items = {
        f"table {name}": "permanent, heap",
        f"table {name}: partition of archive.message": months.bounds(year, number),
        f"column {name}.content": "bytea, not null",
        f"index {name}_pkey": f"CREATE UNIQUE INDEX message_{month.replace('-', '_')}_pkey ON {name} (id), valid",
    }
    return items | {item.replace("NAME", name): value for item, value in other.items()}


def without(items, item):
    return {name: value for name, value in items.items() if name != item}


def test_partitions_that_are_alike_are_told_once():
    told = months.normalised(partition("2026-11") | partition("2026-12") | partition("2027-01"), NOW)
    assert told == {
        "table archive.message_<month>": "permanent, heap",
        "table archive.message_<month>: partition of archive.message": "its month",
        "column archive.message_<month>.content": "bytea, not null",
        "index archive.message_<month>_pkey": (
            "CREATE UNIQUE INDEX message_<month>_pkey ON archive.message_<month> (id), valid"
        ),
        "partitioned table archive.message: months": "this one and 27 days from now on",
    }


def test_what_one_partition_has_otherwise_is_told_with_its_month():
    odd = partition("2026-12", **{"table NAME": "unlogged, heap", "trigger t on NAME": "disabled"})
    told = months.normalised(partition("2026-11") | odd | partition("2027-01"), NOW)
    assert told["table archive.message_<month>"] == "permanent, heap"
    assert told["table archive.message_2026_12"] == "unlogged, heap"
    assert told["trigger t on archive.message_2026_12"] == "disabled"
    assert "trigger t on archive.message_<month>" not in told


def test_what_one_partition_lacks_is_told_with_its_month():
    odd = without(partition("2026-12"), "column archive.message_2026_12.content")
    told = months.normalised(partition("2026-11") | odd | partition("2027-01"), NOW)
    assert told["column archive.message_2026_12.content"] == months.MISSING
    assert told["column archive.message_<month>.content"] == "bytea, not null"


@pytest.mark.parametrize(
    "bound",
    [months.bounds(2026, 11), "DEFAULT", f"{months.bounds(2026, 12)}, detached"],
    ids=lambda bound: bound[:12],
)
def test_a_partition_of_another_month_than_its_name_keeps_its_name(bound):
    odd = partition("2026-12", **{"table NAME: partition of archive.message": bound})
    told = months.normalised(partition("2026-11") | odd, NOW)
    assert told["table archive.message_2026_12: partition of archive.message"] == bound
    assert told["table archive.message_2026_12"] == "permanent, heap"


def test_a_table_that_is_only_named_like_a_partition_keeps_its_name():
    loose = without(partition("2026-12"), "table archive.message_2026_12: partition of archive.message")
    told = months.normalised(partition("2026-11") | loose, NOW)
    assert told["table archive.message_2026_12"] == "permanent, heap"


@pytest.mark.parametrize(
    ("there", "how"),
    [
        (["2026-10", "2026-11", "2026-12"], "this one and 27 days from now on"),
        (["2026-11"], "this one, and not the next"),
        (["2026-10", "2026-11", "2027-01"], "with a gap"),
        (["2026-09", "2026-10"], "not this one"),
        (["2026-12", "2027-01"], "not this one"),
    ],
)
def test_how_far_partitions_reach_is_told(there, how):
    items = {item: value for month in there for item, value in partition(month).items()}
    assert months.normalised(items, NOW)["partitioned table archive.message: months"] == how


def test_one_month_ahead_is_enough_at_any_hour():
    first_hour = datetime(2026, 12, 1, 1, tzinfo=UTC)  # before the day's job has made the next month's
    told = months.normalised(partition("2026-11") | partition("2026-12"), first_hour)
    assert told["partitioned table archive.message: months"] == "this one and 27 days from now on"


def test_what_has_no_partitions_stays_as_it_is():
    items = {"table archive.message_2026_12": "permanent, heap", "role mallory": "login"}
    assert months.normalised(items, NOW) == items


def test_what_differs_between_databases_is_told_by_name():
    usual = {"function now()": "as ever", "function gone()": "y"}
    rows = {
        "archive": {"function now()": "other", "function added()": "x"},
        "postgres": usual,
        "template1": usual,
    }
    digests = {
        name: {"system catalogue pg_proc": str(one), "system catalogue pg_am": "1"}
        for name, one in rows.items()
    }
    looked = []

    def row_by_row(database, item):
        looked.append(item)
        return rows[database]

    assert unlike(digests, row_by_row) == {
        "archive: function now()": "otherwise than in other databases",
        "archive: function added()": "otherwise than in other databases",
        "archive: function gone()": "gone",
    }
    assert set(looked) == {"system catalogue pg_proc"}


def test_every_catalogue_is_digested_but_what_says_nothing_of_how_things_are():
    asked = []

    def rows(query, _parameters=None):
        asked.append(query)
        if query == system_catalogue.CATALOGUES:
            return [
                ("pg_new", ["oid", "newname", "newowner", "relpages"]),
                ("pg_attribute", ["attrelid", "attname", "attacl"]),
                ("pg_depend", ["classid", "objid"]),
            ]
        return []

    catalogue = SystemCatalogue(rows)
    catalogue.items()
    catalogue.made_here()
    digest, made = asked[1:]
    assert "FROM pg_catalog.pg_new AS t WHERE t.oid::oid < 12000" in digest
    assert "ROW(t.oid, t.newname)" in digest
    assert "ROW(t.attrelid, t.attname)" in digest
    assert "pg_catalog.pg_depend" not in digest
    assert "'owner ' || pg_get_userbyid(t.newowner) FROM pg_catalog.pg_new AS t WHERE t.oid >= 16384" in made
    assert "t.oid < 16384 AND t.newowner <> 10" in made


def sql(module):
    """All SQL that a module holds."""
    values = [value for name, value in vars(module).items() if not name.startswith("__")]
    texts = [one for value in values for one in (value.values() if isinstance(value, dict) else [value])]
    return "\n".join(text for text in texts if isinstance(text, str))


@pytest.mark.parametrize("module", [database_cluster, database_objects, database_rows, system_catalogue])
def test_no_question_reads_a_secret(module):
    """Not a subscription's connection, the archive's pepper, nor a verifier or an option of a foreign server whole."""
    asked = sql(module)
    assert "SELECT" in asked
    assert not re.search("subconninfo|pepper|pg_shadow|passwd", asked)
    for use in re.finditer(r"\b(?:um|srv|fdw|attfdw)options\b", asked):
        assert (
            "SELECT string_agg(split_part(o, '=', 1), ' ') FROM unnest("
            in asked[use.start() - 65 : use.start()]
        )
    for use in re.finditer(r"\brolpassword\b|\bverifier\b", asked):
        after, before = asked[use.end() :], asked[: use.start()]
        assert re.match(r" IS | LIKE | ~ | END", after) or before.endswith("IS DISTINCT FROM a.")


@pytest.fixture
def server(tmp_path):
    """A data directory and a /proc with its server's process."""
    data = tmp_path / "data"
    process = tmp_path / "proc" / "4711"
    data.mkdir()
    process.mkdir(parents=True)
    (data / "postmaster.pid").write_text("4711\n/data\n")
    (process / "cmdline").write_bytes(b"/usr/lib/postgresql/17/bin/postgres\0-D\0/data\0")
    (process / "environ").write_bytes(b"PATH=/usr/bin\0LD_PRELOAD=/tmp/secret.so\0")
    (process / "exe").symlink_to("/usr/lib/postgresql/17/bin/postgres (deleted)")
    (process / "maps").write_text(
        "55d0-55d1 r-xp 00000000 08:01 1 /usr/lib/postgresql/17/bin/postgres\n"
        "7f00-7f01 r-xp 00000000 08:01 2 /usr/lib/x86_64-linux-gnu/libicuuc.so.76.1\n"
        "7f01-7f02 r--p 00000000 08:01 3 /usr/lib/locale/C.utf8/LC_CTYPE\n"
        "7f02-7f03 r-xp 00000000 08:01 4 /var/tmp/x.so (deleted)\n"
        "7f03-7f04 r-xp 00000000 00:00 0 [vdso]\n"
        "7f04-7f05 r-xp 00000000 00:00 0 \n"
    )
    return data, tmp_path / "proc"


def test_how_the_server_was_started_is_told_without_values_of_variables(server):
    data, proc = server
    (data / "standby.signal").touch()
    (data / "pg_wal").symlink_to("/mnt/plain")
    assert postmaster.items(data, proc) == {
        "server: command": "/usr/lib/postgresql/17/bin/postgres -D /data",
        "server: program": "/usr/lib/postgresql/17/bin/postgres",
        "server: variable PATH": "set",
        "server: variable LD_PRELOAD": "set",
        "server: library libicuuc": "loaded",
        "server: library /var/tmp/x.so": "loaded",
        "server: file standby.signal": "there",
        "server: link pg_wal": "to /mnt/plain",
    }


def test_a_file_that_changed_after_it_was_read_is_told_with_its_time(tmp_path):
    file = tmp_path / "pg_hba.conf"
    file.touch()
    os.utime(file, (0, 0))  # a time of modification is easily set back
    changed = file.stat().st_ctime
    item = f"server: file {file}"
    assert postmaster.newer_than(changed + 1, [str(file)]) == ({item: "as it was read"}, {})
    found, since = postmaster.newer_than(changed - 1, [str(file)])
    assert found == {item: "changed after it was read"}
    assert datetime.fromisoformat(since[item]).timestamp() == int(changed)


def test_a_file_that_is_not_there_is_told(tmp_path):
    found, _ = postmaster.newer_than(0.0, [str(tmp_path / "none")])
    assert found == {f"server: file {tmp_path}/none": "can't be seen: No such file or directory"}


def test_what_was_dropped_meanwhile_is_left_out():
    assert probe_database.pairs(lambda _: [("a", "1"), ("b", None), (None, "2")], "SELECT") == {"a": "1"}


def test_two_things_of_one_name_are_both_told():
    answers = {"first": [("a", "1"), ("b", "1")], "second": [("a", "2"), ("b", "1")]}
    assert probe_database.pairs(answers.get, "first", "second") == {"a": "1, and 2", "b": "1"}


def test_tables_that_are_not_in_a_database_are_not_read():
    def rows(query, parameters=None):
        if parameters:
            return [("there" if parameters == ("archive.means",) else None,)]
        assert "archive.means" in query
        return [("means of payment wallet", "open")]

    assert database_rows.items(rows) == {"means of payment wallet": "open"}


def test_a_database_that_refuses_ends_the_probe_with_its_reason(call, monkeypatch):
    def refuse(**_):
        raise psycopg2.OperationalError("no such socket\nmore")

    monkeypatch.setattr(psycopg2, "connect", refuse)
    status, out = call(probe_database.main)
    assert (status != 0, out) == (True, "")
    assert call.said == "error: no such socket\n"


def day_partition(day, **other):
    """The items of one day's partition."""
    name = f"archive.access_{day.replace('-', '_')}"
    until = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    bound = f"FOR VALUES FROM ('{day} 00:00:00+00') TO ('{until} 00:00:00+00')"
    return {
        f"table {name}": "permanent, heap",
        f"table {name}: partition of archive.access": bound,
        f"trigger t on {name}": f"always: CREATE TRIGGER t ON {name}",
        **other,
    }


@pytest.mark.parametrize(
    ("days", "how"),
    [
        (("2026-11-30", "2026-12-01", "2026-12-02"), "this one and 1 day from now on"),
        (("2026-11-30", "2026-12-01"), "this one, and not the next"),
        (("2026-11-29", "2026-11-30"), "not this one"),
        (("2026-11-30", "2026-12-02", "2026-12-03"), "with a gap"),
    ],
)
def test_days_are_told_once_and_how_far_they_reach(days, how):
    items = {item: value for day in days for item, value in day_partition(day).items()}
    assert months.normalised(items, datetime(2026, 12, 1, 12, tzinfo=UTC)) == {
        "table archive.access_<day>": "permanent, heap",
        "table archive.access_<day>: partition of archive.access": "its day",
        "trigger t on archive.access_<day>": "always: CREATE TRIGGER t ON archive.access_<day>",
        "partitioned table archive.access: days": how,
    }


def test_a_day_that_differs_is_told_by_its_name():
    days = [day_partition(day) for day in ("2026-11-30", "2026-12-01", "2026-12-02")]
    del days[1]["trigger t on archive.access_2026_12_01"]
    told = months.normalised({item: value for day in days for item, value in day.items()}, NOW)
    assert told["trigger t on archive.access_2026_12_01"] == months.MISSING
    assert "trigger t on archive.access_<day>" in told
