-- Verify archive:sealing_turn on pg
BEGIN;

SELECT 1 / count(*) FROM archive.sealing_turn;

ROLLBACK;
