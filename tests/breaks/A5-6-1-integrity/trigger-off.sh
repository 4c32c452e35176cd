#!/bin/sh
# An owner switched the protection off for a clean-up and did not switch it on again.
# host: store
set -eu
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER TABLE archive.message DISABLE TRIGGER append_only;
END
# undo
sql() { runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname=archive; }
sql <<'END'
ALTER TABLE archive.message ENABLE ALWAYS TRIGGER append_only;
END
