-- Deploy archive:keys to pg
-- requires: machine
-- builds: A5-6-1-access
BEGIN;

CREATE TABLE IF NOT EXISTS archive.sealing_key (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact        bigint NOT NULL DEFAULT archive.clock(),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    key         bytea NOT NULL
);
COMMENT ON TABLE archive.sealing_key IS
    'OpenPGP public keys content is sealed to; the newest is in use. The private half is never on this '
    'server.';
CREATE INDEX IF NOT EXISTS sealing_key_xact ON archive.sealing_key (xact);
SELECT archive.make_append_only('archive.sealing_key');

CREATE TABLE IF NOT EXISTS archive.data_key (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact           bigint NOT NULL,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    sealing_key_id bigint NOT NULL REFERENCES archive.sealing_key,
    sealed         bytea NOT NULL
);
COMMENT ON TABLE archive.data_key IS
    'The passphrase of a session''s messages, sealed to a sealing key: gpg opens it, then the messages.';
CREATE INDEX IF NOT EXISTS data_key_xact ON archive.data_key (xact);
SELECT archive.make_append_only('archive.data_key');

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

-- Half of it is the key and half the tag shown to the session: a hash cut in two gives away nothing of its state, so
-- the pepper in front does what an HMAC would, at a fifth of the time pgcrypto's takes.
CREATE OR REPLACE FUNCTION archive.sealing_hash(body text) RETURNS bytea
LANGUAGE sql STABLE RETURN sha512(archive.pepper() || convert_to(body, 'UTF8'));
COMMENT ON FUNCTION archive.sealing_hash(text) IS
    'A session''s data key (32 bytes) and the tag that proves its setting ours (32 bytes) (Art. 5 6-1, '
    'access).';

CREATE OR REPLACE FUNCTION archive.open_data_key() RETURNS text
LANGUAGE plpgsql SET search_path = archive, crypto, pg_temp AS $$
DECLARE
    seal_to sealing_key;
    key_id  bigint := nextval('archive.data_key_id_seq');
    body    text;
    mac     bytea;
BEGIN
    SELECT * INTO seal_to FROM sealing_key ORDER BY id DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no sealing key is set: content cannot be sealed'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    -- Its id, of fixed width, and a nonce.
    body := lpad(key_id::text, 19, '0') || encode(gen_random_bytes(32), 'hex');
    mac := sealing_hash(body);
    INSERT INTO data_key (id, xact, sealing_key_id, sealed) OVERRIDING SYSTEM VALUE
    VALUES (key_id, clock(), seal_to.id, pgp_pub_encrypt(encode(substr(mac, 1, 32), 'hex'), seal_to.key));
    -- Reading this setting gives the nonce and its tag, never the key: that takes the pepper too.
    RETURN set_config('amanat.sealing', encode(substr(mac, 33), 'hex') || body, false);
END $$;
COMMENT ON FUNCTION archive.open_data_key() IS
    'Makes this session''s next data key, stores it sealed, and returns the setting that stands for it '
    '(Art. 5 6-1, access).';

COMMIT;
