#!/bin/sh
# The archive's clock was moved by its row, not by the function that says why.
# host: store
# check: policies/article5/test_integrity_rows.py::test_every_row_of_state_follows_from_events
# finding: clock offset is `1`, and by the functions' events `0`
set -eu
# Nothing is chained while the clock moves, so that no record comes into a range that is closed.
systemctl stop amanat-archive-seal.service
sql <<'END'
UPDATE archive.machine SET clock_offset = clock_offset + 1;
SELECT archive.plan_anew();
END
systemctl start amanat-archive-seal.service
# undo
systemctl stop amanat-archive-seal.service
# Two places of the clock pass that the seals may have reached already.
sql <<'END'
SELECT pg_current_xact_id();
SELECT pg_current_xact_id();
UPDATE archive.machine SET clock_offset = clock_offset - 1;
SELECT archive.plan_anew();
END
systemctl start amanat-archive-seal.service
