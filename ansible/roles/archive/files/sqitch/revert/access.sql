-- Revert archive:access from pg
BEGIN;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM archive_writer, archive_discloser, archive_auditor, archive_sealer;
REVOKE ALL ON ALL TABLES IN SCHEMA archive FROM archive_writer, archive_discloser, archive_auditor, archive_sealer;
REVOKE ALL ON SCHEMA archive FROM archive_writer, archive_discloser, archive_auditor, archive_sealer;

COMMIT;
