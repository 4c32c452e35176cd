-- Deploy archive:anchor to pg
-- requires: access
-- builds: A5-6-1-integrity
BEGIN;

GRANT USAGE ON SCHEMA archive TO archive_anchor;
GRANT EXECUTE ON FUNCTION archive.heads(), archive.verify_head(bigint, text), archive.lag_seconds() TO archive_anchor;

COMMIT;
