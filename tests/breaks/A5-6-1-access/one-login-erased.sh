#!/bin/sh
# One login at a terminal was cut out of the record of logins.
# host: vault
# check: policies/article5/test_access_history.py::test_records_of_logins_agree_with_the_journal[vault]
# finding: is not in wtmp
set -eu
cp -p /var/log/wtmp /run/amanat-break.wtmp
python3 - << 'END'
import struct
from pathlib import Path

wtmp = Path("/var/log/wtmp")
content = wtmp.read_bytes()
records = [content[at : at + 384] for at in range(0, len(content), 384)]
# Of a user's login (type 7) the time; one that no other was near to.
logins = [(place, struct.unpack_from("<i", record, 340)[0]) for place, record in enumerate(records) if record[0] == 7]
alone = [place for place, at in logins if all(other == place or abs(at - then) > 10 for other, then in logins)]
del records[alone[-1]]  # the first may be of before sshd told the journal of sessions
wtmp.write_bytes(b"".join(records))
END
# undo
cp -p /run/amanat-break.wtmp /var/log/wtmp
rm /run/amanat-break.wtmp
