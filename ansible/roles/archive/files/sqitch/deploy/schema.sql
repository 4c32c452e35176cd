-- Deploy archive:schema to pg
-- builds: A5-6-1-integrity
BEGIN;

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS archive;
CREATE SCHEMA IF NOT EXISTS crypto;
CREATE EXTENSION IF NOT EXISTS pgcrypto SCHEMA crypto;

COMMENT ON SCHEMA archive IS
    'Messages and transactions, insert-only and chained (Art. 5 6-1, Art. 6 7-2, Art. 7).';
COMMENT ON SCHEMA crypto IS 'pgcrypto, out of reach of every role but the owner.';

CREATE OR REPLACE FUNCTION archive.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the archive is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION archive.refuse_change() IS
    'Refuses UPDATE, DELETE and TRUNCATE for every role, the owner too (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.make_append_only(kept regclass) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
BEGIN
    -- By statement, so that the parent and each partition refuse even a change of no rows.
    EXECUTE format('CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s
                    FOR EACH STATEMENT EXECUTE FUNCTION archive.refuse_change()', kept);
    -- ALWAYS, so that session_replication_role = replica does not step around it.
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', kept);
END $$;
COMMENT ON FUNCTION archive.make_append_only(regclass) IS
    'Puts the append-only trigger on a table or partition (Art. 5 6-1, integrity).';

COMMIT;
