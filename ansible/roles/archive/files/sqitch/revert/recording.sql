-- Revert archive:recording from pg
BEGIN;

DROP FUNCTION archive.record_message_bytes(text, text, text, text, timestamptz, timestamptz, inet, integer, bytea);
DROP FUNCTION archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz);
ALTER FUNCTION archive.keep_transaction RENAME TO record_transaction;
GRANT EXECUTE ON FUNCTION archive.record_transaction TO archive_writer;

COMMIT;

-- What it replaced; every deploy script may be run again.
\ir ../deploy/message.sql
\ir ../deploy/keys.sql

BEGIN;

DROP FUNCTION archive.keep_message(text, text, text, text, timestamptz, timestamptz, inet, integer, bytea);
DROP FUNCTION archive.key_is_stored(text);
ALTER TABLE archive.data_key DROP COLUMN tag;
DROP FUNCTION archive.refuse_message(text, text, text, timestamptz, timestamptz, inet, integer, bytea);
DROP FUNCTION archive.is_message(text, text, text, timestamptz, timestamptz, timestamptz, inet, integer, bytea);
DROP FUNCTION archive.is_claimed_time(timestamptz);
DROP FUNCTION archive.is_own_time(timestamptz, timestamptz);

COMMIT;
