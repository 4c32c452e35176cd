-- Revert archive:lists from pg
BEGIN;

DROP FUNCTION archive.add_means(text, text);
DROP FUNCTION archive.open_channels();
DROP FUNCTION archive.add_channel(text, text);
DROP TABLE archive.means;
DROP TABLE archive.channel;

COMMIT;
