-- Revert archive:access from pg
BEGIN;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM archive_writer, archive_discloser, archive_auditor, archive_sealer;
REVOKE ALL ON ALL TABLES IN SCHEMA archive FROM archive_writer, archive_discloser, archive_auditor, archive_sealer;
REVOKE ALL ON SCHEMA archive FROM archive_writer, archive_discloser, archive_auditor, archive_sealer;

DO $$
BEGIN
    IF to_regrole('archive_audited') IS NOT NULL THEN
        REVOKE SELECT (content) ON archive.message FROM archive_audited;
        REVOKE SELECT (sealed) ON archive.data_key FROM archive_audited;
    END IF;
END $$;

COMMIT;
