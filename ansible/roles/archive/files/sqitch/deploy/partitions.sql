-- Deploy archive:partitions to pg
-- requires: transaction
-- builds: A5-6-1-integrity, A6-7-2-transactions
BEGIN;

CREATE OR REPLACE FUNCTION archive.month_of(moment timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN (extract(year FROM moment AT TIME ZONE 'UTC') * 12 + extract(month FROM moment AT TIME ZONE 'UTC') - 1)::integer;
COMMENT ON FUNCTION archive.month_of(timestamptz) IS
    'The UTC month a record belongs to, as months since the year 0.';

CREATE OR REPLACE FUNCTION archive.month_start(month integer) RETURNS timestamptz
LANGUAGE sql IMMUTABLE
RETURN make_timestamptz(month / 12, month % 12 + 1, 1, 0, 0, 0, 'UTC');
COMMENT ON FUNCTION archive.month_start(integer) IS 'The first instant of a month counted as month_of does.';

CREATE OR REPLACE FUNCTION archive.partition_of(parent text, month integer) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN format('%s_%s_%s', parent, lpad((month / 12)::text, 4, '0'), lpad((month % 12 + 1)::text, 2, '0'));
COMMENT ON FUNCTION archive.partition_of(text, integer) IS 'The name of a monthly partition.';

CREATE OR REPLACE FUNCTION archive.make_partition(parent text, month integer) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    name text := partition_of(parent, month);
BEGIN
    IF to_regclass(format('archive.%I', name)) IS NOT NULL THEN
        RETURN;
    END IF;
    -- ATTACH, unlike CREATE ... PARTITION OF, leaves writers running and cannot deadlock with them.
    EXECUTE format('CREATE TABLE archive.%I (LIKE archive.%I INCLUDING DEFAULTS INCLUDING STORAGE)', name, parent);
    PERFORM make_append_only(format('archive.%I', name)::regclass);
    EXECUTE format('ALTER TABLE archive.%I ATTACH PARTITION archive.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, name, month_start(month), month_start(month + 1));
    IF parent = 'message' AND to_regrole('archive_audited') IS NOT NULL THEN
        EXECUTE format('GRANT SELECT (content) ON archive.%I TO archive_audited', name);
    END IF;
END $$;
COMMENT ON FUNCTION archive.make_partition(text, integer) IS
    'Makes one monthly partition of a table unless it is there (Art. 5 6-1, durable).';

CREATE OR REPLACE FUNCTION archive.make_partitions(ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    this_month integer := month_of(clock_timestamp());
    first      integer;
    stop       integer;
    made       integer;
BEGIN
    IF ahead IS NULL OR ahead NOT BETWEEN 0 AND 24 THEN
        RAISE EXCEPTION 'months ahead must be 0 to 24' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT month_of(partitions_from), month_of(partitions_until) INTO first, stop FROM machine FOR UPDATE;
    -- One unbroken run of months, so that two instants tell writers whether theirs is there.
    FOR month IN least(this_month, stop) .. greatest(this_month + ahead, stop - 1) LOOP
        PERFORM make_partition('message', month), make_partition('transaction', month);
    END LOOP;
    made := greatest(this_month + ahead + 1 - stop, 0) + greatest(first - this_month, 0);
    IF made > 0 THEN
        UPDATE machine SET partitions_from = month_start(least(first, this_month)),
                           partitions_until = month_start(greatest(stop, this_month + ahead + 1));
    END IF;
    RETURN made;
END $$;
COMMENT ON FUNCTION archive.make_partitions(integer) IS
    'Makes the monthly partitions up to some months ahead; returns how many months are new (Art. 5 6-1, '
    'durable).';

SELECT archive.make_partitions();

COMMIT;
