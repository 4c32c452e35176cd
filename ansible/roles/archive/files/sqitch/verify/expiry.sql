-- Verify archive:expiry on pg
BEGIN;

SELECT 'archive.expire_partitions(integer)'::regprocedure;

ROLLBACK;
