-- Deploy archive:durable_commit to pg
-- requires: anchor
-- builds: A5-6-1-durable
BEGIN;

-- What makes a commit flush the log whatever is set: a file that is dropped with it (RecordTransactionCommit in
-- PostgreSQL's xact.c), as the old one of a table that was emptied is. Several tables, so that sessions seldom meet.
SELECT format('CREATE TABLE IF NOT EXISTS archive.flush_%s ()', n) FROM generate_series(0, 15) AS n \gexec

CREATE OR REPLACE FUNCTION archive.flush_at_commit() RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
BEGIN
    FOR n IN 0 .. 15 LOOP
        BEGIN
            EXECUTE format('TRUNCATE archive.flush_%s', (pg_backend_pid() + n) % 16);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            NULL;  -- another session's, until its own commit
        END;
    END LOOP;
    RAISE EXCEPTION 'not recorded: too many sessions change how their commits are made'
        USING ERRCODE = 'lock_not_available';
END $$;
ALTER FUNCTION archive.flush_at_commit() SET lock_timeout = '50ms';
COMMENT ON FUNCTION archive.flush_at_commit() IS
    'Has this transaction''s commit wait for the disk whatever its session sets from now on (Art. 5 6-1, durable).';

-- A setting of the session decides at the commit itself whether the log is flushed first, and a session may change it
-- up to then. This runs at the commit, after whatever the session did but for what the last comment names.
CREATE OR REPLACE FUNCTION archive.commit_durably() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
DECLARE
    stack text;
BEGIN
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    GET DIAGNOSTICS stack = PG_CONTEXT;
    -- After SET CONSTRAINTS … IMMEDIATE it runs too early: inside the statement that inserts, which the stack shows, or
    -- inside that SET. And cursors WITH HOLD are run at the commit, later than this (CommitTransaction).
    IF strpos(stack, E'\n') > 0 OR current_query() ~* 'constraints'
       OR EXISTS (SELECT FROM pg_cursors WHERE is_holdable) THEN
        PERFORM flush_at_commit();
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION archive.commit_durably() IS
    'Makes the commit of a record wait for the disk, whatever its session has set (Art. 5 6-1, durable).';

CREATE OR REPLACE FUNCTION archive.make_durable(kept regclass) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = kept AND tgname = 'durable_commit') THEN
        EXECUTE format('CREATE CONSTRAINT TRIGGER durable_commit AFTER INSERT ON %s DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION archive.commit_durably()', kept);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER durable_commit', kept);
    END IF;
END $$;
COMMENT ON FUNCTION archive.make_durable(regclass) IS
    'Puts the trigger of durable commits on a table; its partitions have it from then on (Art. 5 6-1, durable).';

SELECT archive.make_durable(kept)
FROM unnest(ARRAY['message', 'transaction', 'disclosure', 'event', 'data_key', 'sealing_key', 'seal']) AS name,
     LATERAL (SELECT format('archive.%I', name)::regclass) AS t (kept);

COMMIT;
