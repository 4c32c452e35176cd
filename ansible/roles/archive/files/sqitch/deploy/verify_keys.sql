-- Deploy archive:verify_keys to pg
-- requires: sealing_turn
-- builds: A5-6-1-integrity
BEGIN;

DO $$
BEGIN
    IF to_regproc('archive.verify_chain') IS NULL THEN
        ALTER FUNCTION archive.verify(bigint) RENAME TO verify_chain;
        REVOKE ALL ON FUNCTION archive.verify_chain(bigint) FROM archive_auditor;
        COMMENT ON FUNCTION archive.verify_chain(bigint) IS
            'Checks the chain from a seal on; verify calls it first (Art. 5 6-1, integrity).';
    END IF;
END $$;

-- By the index, message for message: a hash of all would spill onto the disk.
CREATE OR REPLACE FUNCTION archive.first_without_key(from_xact bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = archive, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
    SELECT m.id FROM message AS m
    WHERE m.xact >= from_xact AND NOT EXISTS (SELECT FROM data_key AS k WHERE k.id = m.key_id)
    LIMIT 1
$$;
COMMENT ON FUNCTION archive.first_without_key(bigint) IS
    'A message whose data key is not in the archive, so that nobody can open it; null when there is none (Art. 5 6-1, '
    'durable).';

CREATE OR REPLACE FUNCTION archive.verify(from_seal bigint DEFAULT NULL)
RETURNS TABLE (kind text, id bigint, seal bigint, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = archive, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.* FROM verify_chain(from_seal) AS c;
    IF NOT FOUND THEN
        RETURN QUERY
        SELECT 'message'::text, f.id, NULL::bigint, 'sealed with a data key that is not in the archive'::text
        FROM first_without_key(coalesce((SELECT from_xact FROM seal WHERE seq = from_seal),
                                        '-9223372036854775808'::bigint)) AS f (id)
        WHERE f.id IS NOT NULL;
    END IF;
END $$;
COMMENT ON FUNCTION archive.verify(bigint) IS
    'Checks the chain from a seal on, and that each message can be opened by whoever holds the sealing key: no row when '
    'both hold, else the first bad seal or record and why (Art. 5 6-1, integrity).';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive.verify(bigint) TO archive_auditor;

COMMIT;
