#!/bin/sh
# In the register of migrations stands the digest of another script than the one that is known.
# host: store
# check: policies/article5/test_access_closed_world.py::test_everything_in_the_database_is_known
# finding: archive: migration chain is
set -eu
sql <<'END'
UPDATE sqitch.changes SET script_hash = encode(sha256(script_hash::bytea), 'hex') WHERE change = 'chain';
END
# undo
# The script itself says what stood there.
hash=$(sha1sum < /usr/local/lib/amanat/archive/deploy/chain.sql | cut -d ' ' -f 1)
sql <<END
UPDATE sqitch.changes SET script_hash = '$hash' WHERE change = 'chain';
END
