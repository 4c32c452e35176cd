-- Revert archive:holds from pg
-- What is on record stays: an event can't be taken back.
BEGIN;

DROP FUNCTION archive.holds();
DROP FUNCTION archive.is_held(text, timestamptz, timestamptz, text[]);
DROP FUNCTION archive.count_held(jsonb, text, timestamptz, timestamptz, text[]);
DROP FUNCTION archive.release_hold(text, text);
DROP FUNCTION archive.add_hold(text, text, jsonb, timestamptz);
DROP TABLE archive.hold_release;
DROP TABLE archive.hold;
DROP FUNCTION archive.periods();
DROP VIEW archive.kept_kind;

COMMIT;
