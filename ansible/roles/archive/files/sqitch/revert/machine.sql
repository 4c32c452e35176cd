-- Revert archive:machine from pg
BEGIN;

DROP FUNCTION archive.set_message_retention(integer);
DROP TABLE archive.event;
DROP FUNCTION archive.clock();
DROP TABLE archive.machine;

COMMIT;
