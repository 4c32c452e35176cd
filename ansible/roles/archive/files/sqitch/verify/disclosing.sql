-- Verify archive:disclosing on pg
BEGIN;

SELECT 1 / (NOT archive.is_bounded('{"channels": [1e131071]}'))::integer;
SELECT 1 / archive.is_bounded('{"ids": [1, "2"], "parties": ["+98"]}')::integer;
SELECT records FROM archive.disclosures WHERE false;

ROLLBACK;
