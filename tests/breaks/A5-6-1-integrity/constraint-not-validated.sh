#!/bin/sh
# A constraint of the chain was taken off for an import and set again without looking at what is there.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: constraint seal_check on archive.seal is CHECK ((to_xact > from_xact)) NOT VALID
set -eu
sql <<'END'
ALTER TABLE archive.seal DROP CONSTRAINT seal_check;
ALTER TABLE archive.seal ADD CONSTRAINT seal_check CHECK (to_xact > from_xact) NOT VALID;
END
# undo
sql <<'END'
ALTER TABLE archive.seal VALIDATE CONSTRAINT seal_check;
END
