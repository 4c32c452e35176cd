-- Revert archive:partitions from pg
BEGIN;

DROP FUNCTION archive.make_partitions(integer);
DROP FUNCTION archive.make_partition(text, integer);
DROP FUNCTION archive.partition_of(text, integer);
DROP FUNCTION archive.month_start(integer);
DROP FUNCTION archive.month_of(timestamptz);

COMMIT;
