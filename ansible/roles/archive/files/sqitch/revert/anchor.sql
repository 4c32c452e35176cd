-- Revert archive:anchor from pg
BEGIN;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM archive_anchor;
REVOKE ALL ON SCHEMA archive FROM archive_anchor;

COMMIT;
