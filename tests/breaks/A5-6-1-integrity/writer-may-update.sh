#!/bin/sh
# The writer may correct messages.
# host: store
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
GRANT UPDATE ON archive.message TO archive_writer;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
REVOKE UPDATE ON archive.message FROM archive_writer;
END
