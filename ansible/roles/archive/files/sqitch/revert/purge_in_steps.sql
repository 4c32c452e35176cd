-- Revert archive:purge_in_steps from pg
\ir ../deploy/purge_by_itself.sql

BEGIN;

DROP FUNCTION archive.clear_due();
DROP FUNCTION archive.let_go();
DROP FUNCTION archive.compare_periods(text, integer);
DROP FUNCTION archive.due_periods(text, integer);
DROP TABLE archive.cleared;

COMMIT;
