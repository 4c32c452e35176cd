"""Say how long after their end the archive's partitions are there, which a hold keeps, and how the purge ran last.

By which clocks they go is tried, in a transaction that is taken back. Takes no arguments, and tells nothing of records
or holds but that there are some.
"""

from __future__ import annotations

import json
import time

from amanat_host.answers.archive import Clocks, Period, Purge
from amanat_host.archive.cluster import REAL, become_postgres, query, run
from amanat_host.entry import probe

UNIT = "amanat-archive-purge.service"
# What is there is asked of PostgreSQL's catalogue, for every partitioned table; only how long it is to be kept, and
# whether it is held, the archive says.
PERIODS = r"""
SET search_path = pg_catalog; SET timezone = 'UTC'; SET datestyle = ISO; BEGIN READ ONLY;
WITH there AS (
    SELECT p.relname AS parent, c.relname AS partition, b.starts, b.ends, k.retention_days, k.parties
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_class AS p ON p.oid = i.inhparent
    LEFT JOIN archive.kept_kind AS k ON k.parent = p.relname,
    LATERAL (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(.+)''\) TO \(''(.+)''\)')) AS r (found),
    LATERAL (SELECT r.found[1]::timestamptz, r.found[2]::timestamptz) AS b (starts, ends)
    WHERE p.relnamespace = 'archive'::regnamespace AND p.relkind = 'p' AND c.relkind = 'r'
)
SELECT coalesce(jsonb_agg(jsonb_build_object(
    'partition', partition, 'ended_days', extract(epoch FROM now() - ends) / 86400, 'kept_days', retention_days,
    'is_held', CASE WHEN ends + make_interval(days => retention_days) <= now()
                    THEN archive.is_held(parent, starts, ends, parties) ELSE false END) ORDER BY partition), '[]')
FROM there;
"""

# Partitions of long ago, empty, and the vault's time set to what is tried. All of it is taken back.
CLOCKS = """
SET search_path = pg_catalog; SET timezone = 'UTC'; SET jit = off; SET client_min_messages = error; BEGIN;
DO $$
DECLARE
    told   jsonb := (SELECT to_jsonb(extract(epoch FROM now() - told_at)) FROM archive.witness);
    untold text[];
    ahead  boolean;
    after  jsonb := '{}';
    one    record;
    early  integer;
    enough integer;
    days   integer;
BEGIN
    PERFORM archive.make_day(archive.day_of(now()) - 3000);
    PERFORM archive.make_partition(parent, archive.month_of(now() - interval '3000 days'))
    FROM unnest(ARRAY['message', 'transaction']) AS parent;
    DELETE FROM archive.witness;
    untold := ARRAY(SELECT DISTINCT parent FROM archive.due_periods(NULL, 0));
    INSERT INTO archive.witness (told_at) VALUES (now() + interval '3000 days');
    ahead := EXISTS (SELECT FROM archive.due_periods(NULL, 0) AS d JOIN archive.periods() AS p USING (partition)
                     WHERE p.ends + make_interval(days => p.retention_days) > now() + interval '1 minute');
    FOR one IN SELECT parent, partition, ends FROM archive.periods() WHERE starts <= now() - interval '2990 days' LOOP
        early := -1;
        enough := 2900;
        WHILE enough - early > 1 LOOP
            days := (early + enough) / 2;
            UPDATE archive.witness SET told_at = one.ends + make_interval(days => days);
            IF EXISTS (SELECT FROM archive.due_periods(NULL, 0) AS d WHERE d.partition = one.partition) THEN
                enough := days;
            ELSE
                early := days;
            END IF;
        END LOOP;
        after := after || jsonb_build_object(one.parent, nullif(enough, 2900));
    END LOOP;
    PERFORM set_config('amanat.clocks', jsonb_build_object(
        'told_seconds_ago', told, 'untold', untold, 'due_after_days', after, 'vault_alone', ahead)::text, true);
END $$;
SELECT current_setting('amanat.clocks');
ROLLBACK;
"""


def clocks() -> Clocks:
    """By which clocks periods go. Raises HostError where the database refuses."""
    return Clocks(**json.loads(query(CLOCKS, REAL)))


def purge() -> Purge:
    """What is there, and the last run's end. Raises HostError where the database or systemd refuses."""
    become_postgres()
    periods = tuple(Period(**one) for one in json.loads(query(PERIODS, REAL)))
    asked = [
        "systemctl",
        "show",
        "--timestamp=unix",
        "--property=Result,ExecMainStatus,ExecMainExitTimestamp",
        UNIT,
    ]
    shown = dict(line.split("=", 1) for line in run(asked).decode().splitlines() if "=" in line)
    ended = shown.get("ExecMainExitTimestamp", "").removeprefix("@")
    well = shown.get("Result") == "success" and shown.get("ExecMainStatus") == "0"
    return Purge(
        periods, clocks(), well, time.time() - int(ended) if ended.isdigit() and int(ended) else None
    )


main = probe(__doc__, {"": purge})
