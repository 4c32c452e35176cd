-- Deploy archive:disclosure_record to pg
-- requires: transaction
-- builds: A7-disclosure
BEGIN;

CREATE TABLE IF NOT EXISTS archive.disclosure (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact           bigint NOT NULL DEFAULT archive.clock(),
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    order_number   text NOT NULL,
    order_date     date NOT NULL,
    approver       text NOT NULL,
    selector       jsonb NOT NULL,
    requested_by   text NOT NULL DEFAULT session_user,
    requested_from inet DEFAULT inet_client_addr(),
    record_ids     bigint[] NOT NULL
);
COMMENT ON TABLE archive.disclosure IS
    'Every disclosure by court order: the order, who approved it, what it selected (Art. 7).';
CREATE INDEX IF NOT EXISTS disclosure_xact ON archive.disclosure (xact);
SELECT archive.make_append_only('archive.disclosure');

COMMIT;
