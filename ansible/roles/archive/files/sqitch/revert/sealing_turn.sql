-- Revert archive:sealing_turn from pg
\ir ../deploy/chain.sql

BEGIN;

DROP TABLE archive.sealing_turn;

COMMIT;
