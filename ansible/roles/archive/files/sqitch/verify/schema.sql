-- Verify archive:schema on pg
BEGIN;

SELECT crypto.gen_random_bytes(1);
SELECT 'archive.refuse_change()'::regprocedure;
SELECT 'archive.make_append_only(regclass)'::regprocedure;

ROLLBACK;
