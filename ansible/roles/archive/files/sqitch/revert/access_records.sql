-- Revert archive:access_records from pg
BEGIN;

-- Going back must never be a way to remove records.
DO $$
BEGIN
    IF EXISTS (SELECT FROM archive.access) THEN
        RAISE EXCEPTION 'not reverted: archive.access holds records' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

DROP FUNCTION archive.record_access(text, text, text, inet, integer, timestamptz, text, text);
DROP FUNCTION archive.expire_days(integer);
DROP FUNCTION archive.set_ip_retention(integer);
DROP FUNCTION archive.make_days(integer);
DROP FUNCTION archive.make_day(integer);
DROP FUNCTION archive.day_partition(integer);
DROP FUNCTION archive.day_start(integer);
DROP FUNCTION archive.day_of(timestamptz);
DROP FUNCTION archive.add_access_event(text, text);
DROP TABLE archive.access_days;
DROP TABLE archive.access_event;
DROP TABLE archive.access;

COMMIT;
