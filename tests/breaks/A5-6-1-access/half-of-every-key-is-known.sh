#!/bin/sh
# Whoever tends the database puts bytes that he knows in the place of one half of every data key.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: pepper is `f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b`, and by the functions' events
set -eu
umask 077
sql > /run/amanat-break.pepper <<'END'
SELECT encode(pepper, 'hex') FROM archive.machine;
END
sql <<'END'
UPDATE archive.machine SET pepper = decode(repeat('00', 64), 'hex');
SELECT archive.plan_anew();
END
# undo
sql <<END
UPDATE archive.machine SET pepper = decode('$(cat /run/amanat-break.pepper)', 'hex');
SELECT archive.plan_anew();
END
rm /run/amanat-break.pepper
