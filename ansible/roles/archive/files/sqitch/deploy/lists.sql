-- Deploy archive:lists to pg
-- requires: machine
-- builds: A3-channels, U-currency
BEGIN;

CREATE TABLE IF NOT EXISTS archive.channel (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{1,31}$'),
    description text NOT NULL
);
COMMENT ON TABLE archive.channel IS 'Open list of the channels a message can take (Art. 3, "and so on").';
INSERT INTO archive.channel VALUES
    ('sms', 'Short message'), ('voice', 'Voice message'), ('push', 'Push notification'),
    ('email', 'Electronic mail'), ('ussd', 'USSD session')
ON CONFLICT DO NOTHING;
SELECT archive.make_append_only('archive.channel');

CREATE TABLE IF NOT EXISTS archive.means (
    name        text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{1,31}$'),
    description text NOT NULL
);
COMMENT ON TABLE archive.means IS
    'Open list of means of payment (union: a national digital currency is planned).';
INSERT INTO archive.means VALUES
    ('rial_card', 'Rial bank card'), ('wallet', 'Electronic wallet'),
    ('national_digital_currency', 'National digital currency')
ON CONFLICT DO NOTHING;
SELECT archive.make_append_only('archive.means');

CREATE OR REPLACE FUNCTION archive.open_channels() RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = archive, pg_temp AS $$
BEGIN RETURN ARRAY(SELECT c.name FROM channel AS c); END $$;
COMMENT ON FUNCTION archive.open_channels() IS
    'The channels that can be recorded, once for each plan (Art. 3).';

CREATE OR REPLACE FUNCTION archive.add_channel(name text, description text) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO channel VALUES (name, description) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM plan_anew();
    INSERT INTO event (kind, detail) VALUES ('channel', jsonb_build_object('added', name));
    RETURN true;
END $$;
COMMENT ON FUNCTION archive.add_channel(text, text) IS
    'Opens a channel for recording, without a migration; false when it is open already. Chained (Art. 3).';

CREATE OR REPLACE FUNCTION archive.add_means(name text, description text) RETURNS boolean
LANGUAGE plpgsql SET search_path = archive, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO means VALUES (name, description) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO event (kind, detail) VALUES ('means', jsonb_build_object('added', name));
    RETURN true;
END $$;
COMMENT ON FUNCTION archive.add_means(text, text) IS
    'Opens a means of payment, without a migration; false when it is open already. Chained (union).';

COMMIT;
