-- Revert archive:schema from pg
BEGIN;

DROP FUNCTION archive.refuse_change();
DROP FUNCTION archive.make_append_only(regclass);
DROP EXTENSION pgcrypto;
DROP SCHEMA crypto;
DROP SCHEMA archive;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

COMMIT;
