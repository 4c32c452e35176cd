-- Deploy archive:message to pg
-- requires: lists
-- requires: keys
-- builds: A2-platform, A3-channels, A5-6-1-access, A5-6-1-integrity
BEGIN;

CREATE TABLE IF NOT EXISTS archive.message (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    xact        bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    sent_at     timestamptz NOT NULL,
    received_at timestamptz,
    key_id      bigint NOT NULL,
    client_port integer NOT NULL,
    channel     text NOT NULL,
    direction   text NOT NULL,
    origin      text NOT NULL,
    destination text NOT NULL,
    client_ip   inet NOT NULL,
    content     bytea STORAGE EXTERNAL NOT NULL,
    PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE archive.message IS
    'Messages by month of recording; content is OpenPGP, sealed (Art. 5 6-1).';
-- No CHECK constraints here: their errors would print the row. record_message checks instead.
CREATE INDEX IF NOT EXISTS message_xact ON archive.message
    USING brin (xact) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX IF NOT EXISTS message_recorded_at ON archive.message
    USING brin (recorded_at) WITH (pages_per_range = 32, autosummarize = on);
SELECT archive.make_append_only('archive.message');

CREATE OR REPLACE FUNCTION archive.is_party(party text) RETURNS boolean
LANGUAGE sql IMMUTABLE RETURN party <> '' AND length(party) < 256 AND party !~ '[[:cntrl:]]';
COMMENT ON FUNCTION archive.is_party(text) IS
    'Whether a text can name a party: a number, short code, address or token of 1 to 255 printable '
    'characters.';

CREATE OR REPLACE FUNCTION archive.is_peer(ip inet, port integer) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN port BETWEEN 1 AND 65535 AND set_masklen(ip, -1) = ip;  -- -1: all bits of its family
COMMENT ON FUNCTION archive.is_peer(inet, integer) IS
    'Whether an address and port name one peer: no network, port 1 to 65535 (Art. 6 7-2, carrier NAT).';

CREATE OR REPLACE FUNCTION archive.is_message(
    direction text, origin text, destination text, sent_at timestamptz, received_at timestamptz,
    recorded_at timestamptz, client_ip inet, client_port integer, content text) RETURNS boolean
LANGUAGE sql STABLE  -- as adding an interval is: IMMUTABLE would keep it from being inlined
RETURN direction IN ('in', 'out') AND origin <> '' AND destination <> ''
    AND length(origin) < 256 AND length(destination) < 256 AND (origin || destination) !~ '[[:cntrl:]]'
    AND archive.is_peer(client_ip, client_port) AND octet_length(content) <= 1048576
    AND sent_at BETWEEN '2000-01-01Z' AND recorded_at + interval '24 hours'
    AND CASE WHEN received_at IS NULL THEN direction = 'out'
        ELSE received_at BETWEEN sent_at - interval '24 hours' AND recorded_at + interval '24 hours' END;
COMMENT ON FUNCTION archive.is_message(text, text, text, timestamptz, timestamptz, timestamptz, inet, integer, text) IS
    'Whether these can be a message; refuse_message says why not (Art. 5 6-1, integrity).';

CREATE OR REPLACE FUNCTION archive.refuse_message(
    direction text, origin text, destination text, sent_at timestamptz, received_at timestamptz,
    client_ip inet, client_port integer, content text) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    fault text := CASE
        WHEN direction IS NULL OR direction NOT IN ('in', 'out') THEN 'direction must be in or out'
        WHEN is_party(origin) IS NOT TRUE THEN 'origin must have 1 to 255 printable characters'
        WHEN is_party(destination) IS NOT TRUE THEN 'destination must have 1 to 255 printable characters'
        WHEN sent_at IS NULL THEN 'sent_at is missing'
        WHEN direction = 'in' AND received_at IS NULL THEN 'received_at is missing on an incoming message'
        WHEN is_peer(client_ip, client_port) IS NOT TRUE THEN 'client_ip must be one host and client_port 1 to 65535'
        WHEN content IS NULL THEN 'content is missing'
        WHEN octet_length(content) > 1048576 THEN 'content must have at most 1048576 bytes'
    END;
BEGIN
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'message refused: %', fault USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RAISE EXCEPTION 'message refused: its times must lie between 2000 and tomorrow, and be in order'
        USING ERRCODE = 'datetime_field_overflow';
END $$;
COMMENT ON FUNCTION archive.refuse_message(text, text, text, timestamptz, timestamptz, inet, integer, text) IS
    'Says what is wrong with a message, without repeating any of it (Art. 5 6-1, access).';

CREATE OR REPLACE FUNCTION archive.prepare_session(channel text) RETURNS text
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    IF NOT EXISTS (SELECT FROM channel AS c WHERE c.name = channel) THEN
        RAISE EXCEPTION 'message refused: the channel is not in the list of channels'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'archive.add_channel opens a new one.';
    END IF;
    PERFORM make_partitions(0);
    RETURN open_data_key();
END $$;
COMMENT ON FUNCTION archive.prepare_session(text) IS
    'What recording needs and seldom lacks: an open channel, this month''s partition, a data key (Art. 5 '
    '6-1).';

CREATE OR REPLACE FUNCTION archive.record_message(
    channel text, direction text, origin text, destination text, sent_at timestamptz, received_at timestamptz,
    client_ip inet, client_port integer, content text, OUT id bigint, OUT recorded_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, crypto, pg_temp
-- Plans here hold the pepper, and a caller may ask for plans to be shown.
SET debug_print_plan = off AS $$
#variable_conflict use_variable
DECLARE
    session_key text := current_setting('amanat.sealing', true);
    mac         bytea := sealing_hash(substr(session_key, 65));
BEGIN
    id := nextval('archive.message_id_seq');
    recorded_at := clock_timestamp();
    -- A caller's own setting must not weaken what "recorded" promises.
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
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
                   convert_to(content, 'UTF8'), encode(substr(mac, 1, 32), 'hex'),
                   -- The passphrase is 256 random bits: stretching it would protect nothing.
                   's2k-mode=0,s2k-digest-algo=sha256,cipher-algo=aes256,compress-algo=0')
        -- The tag shows that the session's setting came from open_data_key, not from the caller.
        WHERE encode(substr(mac, 33), 'hex') = left(session_key, 64)
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
COMMENT ON FUNCTION archive.record_message(text, text, text, text, timestamptz, timestamptz, inet, integer, text) IS
    'Records one message, content sealed; durable when its transaction has committed (Art. 5 6-1, Art. '
    '3, Art. 6 7-2).';

COMMIT;
