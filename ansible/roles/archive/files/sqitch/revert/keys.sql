-- Revert archive:keys from pg
BEGIN;

DROP FUNCTION archive.open_data_key();
DROP FUNCTION archive.sealing_hash(text);
DROP FUNCTION archive.add_sealing_key(text);
DROP TABLE archive.data_key;
DROP TABLE archive.sealing_key;

COMMIT;
