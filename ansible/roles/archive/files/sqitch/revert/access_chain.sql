-- Revert archive:access_chain from pg
-- Records that only the newer views know would be missing in the chain.
DO $$
BEGIN
    IF EXISTS (SELECT FROM archive.access) THEN
        RAISE EXCEPTION 'not reverted: archive.access holds records' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

\ir ../deploy/chain.sql
\ir ../deploy/sealing_turn.sql
\ir ../deploy/verify_keys.sql

DROP FUNCTION archive.first_early_day();
