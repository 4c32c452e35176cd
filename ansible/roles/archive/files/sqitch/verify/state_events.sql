-- Verify archive:state_events on pg
BEGIN;

SELECT 1 / (count(*) >= 5)::integer FROM pg_trigger WHERE tgname = 'record_change' AND tgenabled = 'A';
SELECT 1 / (count(*) = 1)::integer FROM archive.event WHERE kind = 'state found';

ROLLBACK;
