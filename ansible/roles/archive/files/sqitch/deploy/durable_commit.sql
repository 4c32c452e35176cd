-- Deploy archive:durable_commit to pg
-- requires: anchor
BEGIN;

-- A setting of the session decides at the commit itself whether the log is flushed first, and a session may change it
-- up to then. This runs at the commit, after whatever the session did.
CREATE OR REPLACE FUNCTION archive.commit_durably() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
DECLARE
    stack text;
    mark  text;
BEGIN
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    GET DIAGNOSTICS stack = PG_CONTEXT;
    -- After SET CONSTRAINTS … IMMEDIATE it runs too early: inside the statement that inserts, which the stack shows, or
    -- inside that SET. What the session sets afterwards can't matter then: a transaction that drops a file flushes the
    -- log whatever is set (RecordTransactionCommit in PostgreSQL's xact.c).
    IF strpos(stack, E'\n') > 0 OR current_query() ~* 'constraints' THEN
        mark := format('archive.%I', 'flush_' || pg_backend_pid());
        EXECUTE format('CREATE TABLE %s ()', mark);
        EXECUTE format('DROP TABLE %s', mark);
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
