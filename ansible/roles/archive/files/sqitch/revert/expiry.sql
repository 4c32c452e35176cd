-- Revert archive:expiry from pg
BEGIN;

DROP FUNCTION archive.expire_partitions(integer);

COMMIT;
