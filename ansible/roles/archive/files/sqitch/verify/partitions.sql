-- Verify archive:partitions on pg
BEGIN;

SELECT 'archive.make_partitions(integer)'::regprocedure;
SELECT 'archive.make_partition(text, integer)'::regprocedure;
SELECT 'archive.partition_of(text, integer)'::regprocedure;
SELECT 'archive.month_start(integer)'::regprocedure;
SELECT 'archive.month_of(timestamptz)'::regprocedure;

ROLLBACK;
