-- Verify archive:party_names on pg
BEGIN;

SELECT 1 / (archive.normal_party(' +۹۸ ') = '+98')::integer;
SELECT 1 / (NOT archive.is_party(U&'+98\202E12'))::integer;
SELECT 1 / archive.is_name(U&'\0639\0644\06CC\200C\0631\0636\0627')::integer;
SELECT 1 / (archive.normal_address('::ffff:192.0.2.1') = '192.0.2.1')::integer;
SELECT 1 / (NOT archive.is_peer('224.0.0.1', 1))::integer;

ROLLBACK;
