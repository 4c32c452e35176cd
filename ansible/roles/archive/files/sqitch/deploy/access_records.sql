-- Deploy archive:access_records to pg
-- requires: state_events
-- builds: A6-7-2-ip
BEGIN;

CREATE TABLE IF NOT EXISTS archive.access (
    id          bigint GENERATED ALWAYS AS IDENTITY,
    xact        bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    client_port integer NOT NULL,
    account     text NOT NULL,
    event       text NOT NULL,
    outcome     text NOT NULL,
    client_ip   inet NOT NULL,
    user_agent  text,
    request_id  text,
    PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE archive.access IS
    'Who used which account from which address and source port, by day (UTC) of recording (Art. 6 7-2).';
-- A B-tree: there are half a year of days, and the sealing job asks each of them four times a second.
CREATE INDEX IF NOT EXISTS access_xact ON archive.access (xact);
-- An order names a second or an account. A port without a second is looked for within the address's index entries.
CREATE INDEX IF NOT EXISTS access_peer ON archive.access (client_ip, occurred_at, client_port);
CREATE INDEX IF NOT EXISTS access_account ON archive.access (account, occurred_at);
SELECT archive.make_append_only('archive.access');
SELECT archive.make_durable('archive.access');

CREATE TABLE IF NOT EXISTS archive.access_event (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{1,31}$'),
    description text NOT NULL
);
COMMENT ON TABLE archive.access_event IS 'Open list of what a user can have done with an account (Art. 6 7-2).';
SELECT archive.make_append_only('archive.access_event');
SELECT archive.make_recorded('archive.access_event');

CREATE TABLE IF NOT EXISTS archive.access_days (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    days_from         timestamptz NOT NULL,
    days_until        timestamptz NOT NULL,
    ip_retention_days integer NOT NULL DEFAULT 190 CHECK (ip_retention_days >= 186)
);
COMMENT ON TABLE archive.access_days IS
    'The one row that record_access depends on: which days have a partition, and how long one is kept (Art. 6 7-2).';
SELECT archive.make_recorded('archive.access_days');

CREATE OR REPLACE FUNCTION archive.add_access_event(name text, description text) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO access_event VALUES (name, description) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO event (kind, detail)
    VALUES ('access event', jsonb_build_object('added', name, 'description', description));
    RETURN true;
END $$;
COMMENT ON FUNCTION archive.add_access_event(text, text) IS
    'Opens an event of access for recording, without a migration; false when it is open already. Chained (Art. 6 7-2).';

SELECT archive.add_access_event(name, description)
FROM (VALUES ('login', 'Signed in'), ('logout', 'Signed out'), ('send', 'Handed a message over'),
             ('verify', 'Had a number verified'), ('view', 'Looked at a page'), ('api', 'Called the interface'),
             ('support', 'Asked or complained')) AS first (name, description);

CREATE OR REPLACE FUNCTION archive.day_of(moment timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE RETURN (moment AT TIME ZONE 'UTC')::date - date '2000-01-01';
COMMENT ON FUNCTION archive.day_of(timestamptz) IS 'The UTC day a record belongs to, as days since 2000-01-01.';

CREATE OR REPLACE FUNCTION archive.day_start(day integer) RETURNS timestamptz
LANGUAGE sql IMMUTABLE RETURN (date '2000-01-01' + day)::timestamp AT TIME ZONE 'UTC';
COMMENT ON FUNCTION archive.day_start(integer) IS 'The first instant of a day counted as day_of does.';

CREATE OR REPLACE FUNCTION archive.day_partition(day integer) RETURNS text
LANGUAGE sql STABLE RETURN 'access_' || to_char(date '2000-01-01' + day, 'YYYY_MM_DD');
COMMENT ON FUNCTION archive.day_partition(integer) IS 'The name of a day''s partition of access records.';

CREATE OR REPLACE FUNCTION archive.make_day(day integer) RETURNS void
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    name text := day_partition(day);
BEGIN
    IF to_regclass(format('archive.%I', name)) IS NOT NULL THEN
        RETURN;
    END IF;
    -- ATTACH, unlike CREATE ... PARTITION OF, leaves writers running and cannot deadlock with them.
    EXECUTE format('CREATE TABLE archive.%I (LIKE archive.access INCLUDING DEFAULTS INCLUDING STORAGE)', name);
    PERFORM make_append_only(format('archive.%I', name)::regclass);
    EXECUTE format('ALTER TABLE archive.access ATTACH PARTITION archive.%I FOR VALUES FROM (%L) TO (%L)',
                   name, day_start(day), day_start(day + 1));
END $$;
COMMENT ON FUNCTION archive.make_day(integer) IS
    'Makes the partition of one day of access records unless it is there (Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.make_days(ahead integer DEFAULT 7) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    today integer := day_of(clock_timestamp());
    first integer;
    stop  integer;
    made  integer;
BEGIN
    IF ahead IS NULL OR ahead NOT BETWEEN 0 AND 62 THEN
        RAISE EXCEPTION 'days ahead must be 0 to 62' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT day_of(days_from), day_of(days_until) INTO first, stop FROM access_days FOR UPDATE;
    -- One unbroken run of days, so that two instants tell writers whether theirs is there.
    FOR day IN least(today, stop) .. greatest(today + ahead, stop - 1) LOOP
        PERFORM make_day(day);
    END LOOP;
    made := greatest(today + ahead + 1 - stop, 0) + greatest(first - today, 0);
    IF made > 0 THEN
        first := least(first, today);
        stop := greatest(stop, today + ahead + 1);
        UPDATE access_days SET days_from = day_start(first), days_until = day_start(stop);
        INSERT INTO event (kind, detail) VALUES ('days', jsonb_build_object('from', first, 'until', stop));
    END IF;
    RETURN made;
END $$;
COMMENT ON FUNCTION archive.make_days(integer) IS
    'Makes the partitions of access records up to some days ahead; returns how many days are new. Chained (Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.set_ip_retention(days integer) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
DECLARE
    before integer := (SELECT ip_retention_days FROM access_days);
BEGIN
    IF days IS NULL OR days < 186 THEN
        RAISE EXCEPTION 'a retention of % days is refused: 186 days is the least', days
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF days = before THEN
        RETURN false;
    END IF;
    UPDATE access_days SET ip_retention_days = days;
    INSERT INTO event (kind, detail)
    VALUES ('ip retention', jsonb_build_object('before_days', before, 'after_days', days));
    RETURN true;
END $$;
COMMENT ON FUNCTION archive.set_ip_retention(integer) IS
    'Sets how many days access records are kept at the least; true when that is a change. Chained (Art. 6 7-2).';

CREATE OR REPLACE FUNCTION archive.expire_days(retention_days integer) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = archive, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    least_days integer := (SELECT ip_retention_days FROM access_days);
    sealed_to  bigint := (SELECT to_xact FROM seal ORDER BY seq DESC LIMIT 1);
    first      integer;
    rows       record;
    name       text;
BEGIN
    IF retention_days IS NULL OR retention_days < least_days THEN
        RAISE EXCEPTION 'expiry refused: access records are kept for % days at the least', least_days
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    first := (SELECT day_of(days_from) FROM access_days);
    FOR day IN first .. day_of(clock_timestamp()) - retention_days - 1 LOOP
        name := day_partition(day);
        CONTINUE WHEN to_regclass(format('archive.%I', name)) IS NULL;
        EXECUTE format('SELECT count(*) AS count, min(id) AS first_id, max(id) AS last_id,
                               bool_or(xact >= $1) AS unsealed FROM archive.%I', name)
        INTO rows USING sealed_to;
        IF rows.unsealed THEN
            RAISE EXCEPTION 'expiry refused: % holds records that are not chained yet', name
                USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        INSERT INTO event (kind, detail)
        VALUES ('expiry', jsonb_build_object(
            'expired', 'a:' || day, 'partition', name, 'records', rows.count, 'first_id', rows.first_id,
            'last_id', rows.last_id, 'retention_days', retention_days));
        EXECUTE format('DROP TABLE archive.%I', name);
        UPDATE access_days SET days_from = greatest(days_from, day_start(day + 1));
        RETURN NEXT name;
    END LOOP;
END $$;
COMMENT ON FUNCTION archive.expire_days(integer) IS
    'Drops whole days of access records whose retention is over; refuses inside it. Each leaves a chained record '
    '(Art. 6 7-2).';

INSERT INTO archive.access_days (days_from, days_until)
SELECT archive.day_start(today), archive.day_start(today) FROM (SELECT archive.day_of(now()) AS today) AS here
ON CONFLICT DO NOTHING;
SELECT archive.make_days();

CREATE OR REPLACE FUNCTION archive.record_access(
    account text, event text, outcome text, client_ip inet, client_port integer, occurred_at timestamptz,
    user_agent text DEFAULT NULL, request_id text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    id          bigint;
    recorded_at timestamptz := clock_timestamp();
    fault       text;
BEGIN
    account := normal_party(account);
    client_ip := normal_address(client_ip);
    fault := CASE
        WHEN is_party(account) IS NOT TRUE THEN 'account must have 1 to 255 visible characters'
        WHEN NOT EXISTS (SELECT FROM access_event AS e WHERE e.name = event)
            THEN 'event is not in the list of events; archive.add_access_event opens a new one'
        WHEN (outcome IN ('success', 'failure', 'refused')) IS NOT TRUE
            THEN 'outcome must be success, failure or refused'
        WHEN is_peer(client_ip, client_port) IS NOT TRUE
            THEN 'client_ip must be the address of one host and client_port its source port, 1 to 65535'
        WHEN length(user_agent) > 512
             -- Neither controls nor what turns or hides the text around it.
             OR user_agent COLLATE pg_catalog.pg_c_utf8
                ~ '[[:cntrl:]\u0080-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]'
            THEN 'user_agent must have at most 512 characters and no control characters'
        WHEN request_id !~ '^[A-Za-z0-9._:/+=@-]{1,128}$'
            THEN 'request_id must have 1 to 128 characters A-Z a-z 0-9 . _ : / + = @ -'
    END;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION 'access record refused: %', fault USING ERRCODE = 'invalid_parameter_value';
    ELSIF is_own_time(occurred_at, recorded_at) IS NOT TRUE THEN
        RAISE EXCEPTION 'access record refused: occurred_at must lie between 2000 and tomorrow'
            USING ERRCODE = 'datetime_field_overflow';
    END IF;
    PERFORM set_config('synchronous_commit', 'on', true)
    WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
    IF NOT EXISTS (SELECT FROM access_days WHERE recorded_at >= days_from AND recorded_at < days_until) THEN
        PERFORM make_days(0);
    END IF;
    id := nextval('archive.access_id_seq');
    INSERT INTO access (id, xact, recorded_at, occurred_at, client_port, account, event, outcome, client_ip,
                        user_agent, request_id)
    OVERRIDING SYSTEM VALUE
    VALUES (id, clock(), recorded_at, occurred_at, client_port, account, event, outcome, client_ip,
            user_agent, request_id);
    RETURN id;
END $$;
COMMENT ON FUNCTION archive.record_access(text, text, text, inet, integer, timestamptz, text, text) IS
    'Records that an account was used from an address and source port; durable when its transaction has committed '
    '(Art. 6 7-2).';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION archive.record_access(text, text, text, inet, integer, timestamptz, text, text)
TO archive_writer;
GRANT EXECUTE ON FUNCTION archive.make_days(integer) TO archive_sealer;
GRANT SELECT ON archive.access_event TO archive_auditor;

COMMIT;
