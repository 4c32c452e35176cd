-- Deploy archive:access to pg
-- requires: expiry
-- requires: disclosure
-- builds: A5-6-1-access, A7-disclosure
BEGIN;

REVOKE ALL ON ALL TABLES IN SCHEMA archive FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA archive FROM PUBLIC;
GRANT USAGE ON SCHEMA archive TO archive_writer, archive_discloser, archive_auditor, archive_sealer;

GRANT EXECUTE ON FUNCTION
    archive.record_message(text, text, text, text, timestamptz, timestamptz, inet, integer, text),
    archive.record_transaction(text, text, numeric, text, text, text, inet, integer, timestamptz)
TO archive_writer;

GRANT EXECUTE ON FUNCTION
    archive.request_disclosure(text, date, text, jsonb), archive.fetch_disclosure(bigint)
TO archive_discloser;

GRANT EXECUTE ON FUNCTION
    archive.verify(bigint), archive.verify_head(bigint, text), archive.heads(), archive.lag_seconds(),
    archive.counts(timestamptz)
TO archive_auditor;
GRANT SELECT ON archive.channel, archive.means, archive.disclosures TO archive_auditor;

GRANT EXECUTE ON FUNCTION
    archive.seal_next(), archive.heads(), archive.lag_seconds(), archive.summarize(), archive.make_partitions(integer)
TO archive_sealer;

-- pgaudit logs whoever reads what this role may read: content and its keys, the superuser's eyes included.
DO $$
BEGIN
    IF to_regrole('archive_audited') IS NOT NULL THEN
        GRANT SELECT (content) ON archive.message TO archive_audited;
        GRANT SELECT (sealed) ON archive.data_key TO archive_audited;
    END IF;
END $$;

COMMIT;
