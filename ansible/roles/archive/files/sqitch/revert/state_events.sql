-- Revert archive:state_events from pg
-- What is on record stays: an event can't be taken back.
\ir ../deploy/lists.sql
\ir ../deploy/partitions.sql

BEGIN;

DROP TRIGGER record_change ON archive.machine;
DROP TRIGGER record_change ON archive.channel;
DROP TRIGGER record_change ON archive.means;
DROP TRIGGER record_change ON archive.sealing_key;
DROP TRIGGER record_change ON archive.sealing_turn;
DROP FUNCTION archive.make_recorded(regclass);
DROP FUNCTION archive.record_change();
DROP FUNCTION archive.row_on_record(jsonb);

CREATE OR REPLACE FUNCTION archive.add_sealing_key(armored text) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, crypto, pg_temp AS $$
DECLARE
    candidate bytea;
BEGIN
    IF armored IS NULL OR armored !~ '^\s*-----BEGIN PGP PUBLIC KEY BLOCK-----' THEN
        RAISE EXCEPTION 'the sealing key is not an armoured OpenPGP public key'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    BEGIN
        candidate := dearmor(armored);
        PERFORM pgp_pub_encrypt('trial', candidate);
    EXCEPTION WHEN external_routine_invocation_exception OR invalid_parameter_value THEN
        RAISE EXCEPTION 'the sealing key cannot seal: it needs an RSA or ElGamal encryption subkey'
            USING ERRCODE = 'invalid_parameter_value';
    END;
    IF candidate = (SELECT k.key FROM sealing_key AS k ORDER BY k.id DESC LIMIT 1) THEN
        RETURN false;
    END IF;
    INSERT INTO sealing_key (key) VALUES (candidate);
    RETURN true;
END $$;
COMMENT ON FUNCTION archive.add_sealing_key(text) IS
    'Makes an OpenPGP public key (RSA or ElGamal subkey) the one in use; true when that is a change '
    '(Art. 5 6-1, access).';

COMMIT;
