-- Revert archive:party_names from pg
BEGIN;

DROP FUNCTION archive.is_name(text);
DROP FUNCTION archive.normal_party(text);
DROP FUNCTION archive.other_digits();
DROP FUNCTION archive.normal_address(inet);

COMMIT;

-- What it replaced; every deploy script may be run again.
\ir ../deploy/message.sql
