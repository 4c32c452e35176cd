#!/bin/sh
# The partition of a month to come was detached to be looked at, and stayed so.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
set -eu
sql <<END
ALTER TABLE archive.message DETACH PARTITION archive.message_$(date -u --date="$(date -u +%Y-%m-15) 2 months" +%Y_%m);
END
# undo
first=$(date -u --date="$(date -u +%Y-%m-01) 2 months" +%Y-%m-%d)
after=$(date -u --date="$first 1 month" +%Y-%m-%d)
sql <<END
ALTER TABLE archive.message ATTACH PARTITION archive.message_$(date -u --date="$first" +%Y_%m)
    FOR VALUES FROM ('$first 00:00Z') TO ('$after 00:00Z');
END
