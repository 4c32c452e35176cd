-- Deploy archive:state_events to pg
-- requires: verify_keys
-- builds: A3-channels, A5-6-1-access, A5-6-1-durable, A5-6-1-integrity, U-currency
BEGIN;

-- Of a row of state: the pepper and keys as their SHA-256. 64 random bytes can't be guessed from theirs.
CREATE OR REPLACE FUNCTION archive.row_on_record(kept jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = archive, pg_temp AS $$
    SELECT jsonb_object_agg(key, CASE WHEN key IN ('pepper', 'key')
        THEN to_jsonb(encode(sha256((value #>> '{}')::bytea), 'hex')) ELSE value END)
    FROM jsonb_each(kept)
$$;
COMMENT ON FUNCTION archive.row_on_record(jsonb) IS
    'What an event may tell of a row of state: all of it, secrets by their SHA-256 (Art. 5 6-1, access).';

CREATE OR REPLACE FUNCTION archive.record_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN row_on_record(to_jsonb(OLD)) END;
    after  jsonb := CASE WHEN TG_OP <> 'DELETE' THEN row_on_record(to_jsonb(NEW)) END;
BEGIN
    IF before IS DISTINCT FROM after THEN
        INSERT INTO event (kind, detail)
        VALUES ('row', jsonb_build_object('table', TG_TABLE_NAME, 'before', before, 'after', after));
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION archive.record_change() IS
    'Puts each change of a row of state on record, whoever makes it and by whatever way (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.make_recorded(kept regclass) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON %s
                    FOR EACH ROW EXECUTE FUNCTION archive.record_change()', kept);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER record_change', kept);
END $$;
COMMENT ON FUNCTION archive.make_recorded(regclass) IS
    'Puts the trigger that records each change on a table of state (Art. 5 6-1, integrity).';

SELECT archive.make_recorded('archive.machine');
SELECT archive.make_recorded('archive.channel');
SELECT archive.make_recorded('archive.means');
SELECT archive.make_recorded('archive.sealing_key');
SELECT archive.make_recorded('archive.sealing_turn');

-- The trigger above says what became of a row. What follows says what was asked for: the functions that change state
-- write that. A row that was changed otherwise has no such event.
CREATE OR REPLACE FUNCTION archive.add_channel(name text, description text) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO channel VALUES (name, description) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM plan_anew();
    INSERT INTO event (kind, detail)
    VALUES ('channel', jsonb_build_object('added', name, 'description', description));
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION archive.add_means(name text, description text) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO means VALUES (name, description) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO event (kind, detail)
    VALUES ('means', jsonb_build_object('added', name, 'description', description));
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION archive.add_sealing_key(armored text) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, crypto, pg_temp AS $$
DECLARE
    candidate bytea;
    added     bigint;
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
    INSERT INTO sealing_key (key) VALUES (candidate) RETURNING id INTO added;
    INSERT INTO event (kind, detail)
    VALUES ('sealing key', jsonb_build_object('added', added, 'sha256', encode(sha256(candidate), 'hex')));
    RETURN true;
END $$;
COMMENT ON FUNCTION archive.add_sealing_key(text) IS
    'Makes an OpenPGP public key (RSA or ElGamal subkey) the one in use; true when that is a change. Chained '
    '(Art. 5 6-1, access).';

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
        first := least(first, this_month);
        stop := greatest(stop, this_month + ahead + 1);
        UPDATE machine SET partitions_from = month_start(first), partitions_until = month_start(stop);
        INSERT INTO event (kind, detail) VALUES ('partitions', jsonb_build_object('from', first, 'until', stop));
    END IF;
    RETURN made;
END $$;
COMMENT ON FUNCTION archive.make_partitions(integer) IS
    'Makes the monthly partitions up to some months ahead; returns how many months are new. Chained (Art. 5 6-1, '
    'durable).';

-- What no event tells of yet, once: all that comes after follows from it.
INSERT INTO archive.event (kind, detail)
SELECT 'state found', jsonb_build_object(
    'retention_days', m.message_retention_days, 'clock_offset', m.clock_offset,
    'pepper', encode(sha256(m.pepper), 'hex'),
    'from', archive.month_of(m.partitions_from), 'until', archive.month_of(m.partitions_until),
    'channels', (SELECT jsonb_object_agg(name, description) FROM archive.channel),
    'means', (SELECT jsonb_object_agg(name, description) FROM archive.means),
    'sealing_keys', (SELECT coalesce(jsonb_object_agg(id, encode(sha256(key), 'hex')), '{}') FROM archive.sealing_key))
FROM archive.machine AS m
WHERE NOT EXISTS (SELECT FROM archive.event WHERE kind = 'state found');

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;

COMMIT;
