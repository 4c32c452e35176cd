-- Deploy archive:recording to pg
-- requires: party_names
-- builds: A2-platform, A5-6-1-access
BEGIN;

CREATE OR REPLACE FUNCTION archive.is_own_time(moment timestamptz, recorded_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE  -- as adding an interval is
RETURN moment BETWEEN '2000-01-01Z' AND recorded_at + interval '24 hours';
COMMENT ON FUNCTION archive.is_own_time(timestamptz, timestamptz) IS
    'Whether the operator''s own clock can have said so at a time of recording (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.is_claimed_time(moment timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE RETURN moment >= '0001-01-01Z' AND moment < '10000-01-01Z';
COMMENT ON FUNCTION archive.is_claimed_time(timestamptz) IS
    'Whether another''s clock can have said so: wrong ones do, and that is kept as they said it (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.is_message(
    direction text, origin text, destination text, sent_at timestamptz, received_at timestamptz,
    recorded_at timestamptz, client_ip inet, client_port integer, content bytea) RETURNS boolean
LANGUAGE sql STABLE  -- IMMUTABLE would keep it from being inlined
RETURN archive.is_party(origin) AND archive.is_party(destination) AND archive.is_peer(client_ip, client_port)
    AND octet_length(content) <= 1048576
    -- Of a message that comes in, the sender says when it was sent; of one that goes out, the recipient when it came.
    AND CASE direction
        WHEN 'in' THEN archive.is_own_time(received_at, recorded_at) AND archive.is_claimed_time(sent_at)
        WHEN 'out' THEN archive.is_own_time(sent_at, recorded_at)
                        AND (received_at IS NULL OR archive.is_claimed_time(received_at))
        ELSE false END;
COMMENT ON FUNCTION archive.is_message(text, text, text, timestamptz, timestamptz, timestamptz, inet, integer, bytea) IS
    'Whether these can be a message; refuse_message says why not (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.refuse_message(
    direction text, origin text, destination text, sent_at timestamptz, received_at timestamptz,
    client_ip inet, client_port integer, content bytea) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    fault text := CASE
        WHEN direction IS NULL OR direction NOT IN ('in', 'out') THEN 'direction must be in or out'
        WHEN is_party(origin) IS NOT TRUE THEN 'origin must have 1 to 255 visible characters'
        WHEN is_party(destination) IS NOT TRUE THEN 'destination must have 1 to 255 visible characters'
        WHEN sent_at IS NULL THEN 'sent_at is missing'
        WHEN direction = 'in' AND received_at IS NULL THEN 'received_at is missing on an incoming message'
        WHEN is_peer(client_ip, client_port) IS NOT TRUE
            THEN 'client_ip must be the address of one host and client_port 1 to 65535'
        WHEN content IS NULL THEN 'content is missing'
        WHEN octet_length(content) > 1048576 THEN 'content must have at most 1048576 bytes'
    END;
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'message refused: %', fault USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RAISE EXCEPTION 'message refused: % must lie between 2000 and tomorrow, and the other time in the years 1 to 9999',
        CASE direction WHEN 'in' THEN 'received_at' ELSE 'sent_at' END
        USING ERRCODE = 'datetime_field_overflow';
END $$;
COMMENT ON FUNCTION archive.refuse_message(text, text, text, timestamptz, timestamptz, inet, integer, bytea) IS
    'Says what is wrong with a message, without repeating any of it (Art. 5 6-1, access).';

-- Not chained: whoever could change it could only have keys made anew. Keys of before have none, and end.
ALTER TABLE archive.data_key ADD COLUMN IF NOT EXISTS tag bytea;
COMMENT ON COLUMN archive.data_key.tag IS
    'What the session''s setting proves itself by; after a restore, an id alone could name another key.';

CREATE OR REPLACE FUNCTION archive.key_is_stored(session_key text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = archive, pg_temp AS $$
BEGIN
    IF session_key !~ '^[0-9a-f]{64}[0-9]{19}' THEN
        RETURN false;
    END IF;
    RETURN EXISTS (SELECT FROM data_key AS k
                   WHERE k.id = substr(session_key, 65, 19)::bigint AND k.tag = decode(left(session_key, 64), 'hex'));
END $$;
COMMENT ON FUNCTION archive.key_is_stored(text) IS
    'Whether the very data key that a session''s setting stands for is in the archive: a ROLLBACK or a restore takes the '
    'row away and leaves the setting (Art. 5 6-1, durable).';

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
    INSERT INTO data_key (id, xact, sealing_key_id, sealed, tag) OVERRIDING SYSTEM VALUE
    VALUES (key_id, clock(), seal_to.id, pgp_pub_encrypt(encode(substr(mac, 1, 32), 'hex'), seal_to.key),
            substr(mac, 33));
    -- Reading this setting gives the nonce and its tag, never the key: that takes the pepper too.
    RETURN set_config('amanat.sealing', encode(substr(mac, 33), 'hex') || body, false);
END $$;

CREATE OR REPLACE FUNCTION archive.prepare_session(channel text) RETURNS text
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    IF NOT EXISTS (SELECT FROM channel AS c WHERE c.name = channel) THEN
        RAISE EXCEPTION 'message refused: the channel is not in the list of channels'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'archive.add_channel opens a new one.';
    END IF;
    -- It locks the row of the machine until the transaction ends: a client could hold others up with it.
    IF NOT EXISTS (SELECT FROM machine AS m WHERE clock_timestamp() >= m.partitions_from
                                              AND clock_timestamp() < m.partitions_until) THEN
        PERFORM make_partitions(0);
    END IF;
    RETURN open_data_key();
END $$;

CREATE OR REPLACE FUNCTION archive.keep_message(
    channel text, direction text, origin text, destination text, sent_at timestamptz, received_at timestamptz,
    client_ip inet, client_port integer, content bytea, OUT id bigint, OUT recorded_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    session_key text := current_setting('amanat.sealing', true);
    mac         bytea := sealing_hash(substr(session_key, 65));
BEGIN
    id := nextval('archive.message_id_seq');
    recorded_at := clock_timestamp();
    origin := normal_party(origin);
    destination := normal_party(destination);
    client_ip := normal_address(client_ip);
    -- One statement, and no table to scan: what it costs, every message pays. It inserts nothing when something
    -- lacks, and then the slow way finds out what.
    FOR attempt IN 1 .. 3 LOOP
        INSERT INTO message (id, xact, recorded_at, sent_at, received_at, key_id, client_port, channel,
                             direction, origin, destination, client_ip, content)
        OVERRIDING SYSTEM VALUE
        SELECT id, pg_current_xact_id()::text::bigint + clock_offset(), recorded_at, sent_at, received_at,
               -- Not from session_key: a planner that knows its value would cast it before the tag is compared.
               substr(current_setting('amanat.sealing'), 65, 19)::bigint,
               client_port, channel, direction, origin, destination, client_ip,
               pgp_sym_encrypt_bytea(
                   content, encode(substr(mac, 1, 32), 'hex'),
                   -- The passphrase is 256 random bits: stretching it would protect nothing.
                   's2k-mode=0,s2k-digest-algo=sha256,cipher-algo=aes256,compress-algo=0')
        -- The tag shows that the session's setting came from open_data_key, not from the caller.
        WHERE encode(substr(mac, 33), 'hex') = left(session_key, 64) AND key_is_stored(session_key)
          AND recorded_at <@ partitioned() AND channel = ANY (open_channels())
          AND is_message(direction, origin, destination, sent_at, received_at, recorded_at,
                         client_ip, client_port, content);
        EXIT WHEN FOUND;
        IF is_message(direction, origin, destination, sent_at, received_at, recorded_at,
                      client_ip, client_port, content) IS NOT TRUE THEN
            PERFORM refuse_message(direction, origin, destination, sent_at, received_at,
                                   client_ip, client_port, content);
        ELSIF attempt = 2 THEN
            PERFORM plan_anew();
        ELSIF attempt = 3 THEN
            RAISE EXCEPTION 'message not recorded: the session could not be prepared for it'
                USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        session_key := prepare_session(channel);
        mac := sealing_hash(substr(session_key, 65));
    END LOOP;
    IF id % 1024 = 0 THEN
        PERFORM set_config('amanat.sealing', '', false);
    END IF;
END $$;
COMMENT ON FUNCTION archive.keep_message(text, text, text, text, timestamptz, timestamptz, inet, integer, bytea) IS
    'What record_message and record_message_bytes do, in their environment (Art. 5 6-1, Art. 3, Art. 6 7-2).';

-- Plans hold the pepper, and a caller may ask for plans to be shown.
CREATE OR REPLACE FUNCTION archive.record_message(
    channel text, direction text, origin text, destination text, sent_at timestamptz, received_at timestamptz,
    client_ip inet, client_port integer, content text, OUT id bigint, OUT recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, crypto, pg_temp SET debug_print_plan = off AS $$
#variable_conflict use_variable
BEGIN
    SELECT k.id, k.recorded_at INTO id, recorded_at
    FROM keep_message(channel, direction, origin, destination, sent_at, received_at, client_ip, client_port,
                      convert_to(content, 'UTF8')) AS k;
END $$;

CREATE OR REPLACE FUNCTION archive.record_message_bytes(
    channel text, direction text, origin text, destination text, sent_at timestamptz, received_at timestamptz,
    client_ip inet, client_port integer, content bytea, OUT id bigint, OUT recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, crypto, pg_temp SET debug_print_plan = off AS $$
#variable_conflict use_variable
BEGIN
    SELECT k.id, k.recorded_at INTO id, recorded_at
    FROM keep_message(channel, direction, origin, destination, sent_at, received_at, client_ip, client_port,
                      content) AS k;
END $$;
COMMENT ON FUNCTION archive.record_message_bytes(
    text, text, text, text, timestamptz, timestamptz, inet, integer, bytea) IS
    'Records one message whose content is no text (8-bit SMS, a byte 0, broken encodings); else as record_message.';

DROP FUNCTION IF EXISTS archive.refuse_message(
    text, text, text, timestamptz, timestamptz, inet, integer, text);
DROP FUNCTION IF EXISTS archive.is_message(
    text, text, text, timestamptz, timestamptz, timestamptz, inet, integer, text);

DO $$
BEGIN
    IF to_regproc('archive.keep_transaction') IS NULL THEN
        ALTER FUNCTION archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz)
            RENAME TO keep_transaction;
        REVOKE ALL ON FUNCTION archive.keep_transaction(
            text, text, numeric, text, text, text, inet, integer, timestamptz) FROM archive_writer;
        COMMENT ON FUNCTION archive.keep_transaction(
            text, text, numeric, text, text, text, inet, integer, timestamptz) IS
            'Keeps a transaction whose parties have their one form: record_transaction gives it (Art. 6 7-2).';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION archive.record_transaction(
    user_ref text, kind text, amount numeric, currency text, means text, reference text, client_ip inet,
    client_port integer, occurred_at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
    SELECT keep_transaction(normal_party(user_ref), kind, amount, currency, means, normal_party(reference),
                            normal_address(client_ip), client_port, occurred_at)
$$;
COMMENT ON FUNCTION archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz) IS
    'Records one online transaction; durable when its transaction has committed (Art. 6 7-2; means: union).';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    archive.record_message_bytes(text, text, text, text, timestamptz, timestamptz, inet, integer, bytea),
    archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz)
TO archive_writer;

COMMIT;
