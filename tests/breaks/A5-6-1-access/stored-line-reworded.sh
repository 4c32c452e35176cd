#!/bin/sh
# On the log server somebody changed a letter of a line that is stored of today.
# host: logs
# check: policies/article5/test_access_log_elsewhere.py::test_what_is_stored_is_what_the_machine_logged[store]
# finding: are stored otherwise than they were logged
set -eu
/usr/bin/python3 -IB - << 'END'
import re
from pathlib import Path
path = sorted(Path("/var/lib/amanat/logs/@store@").glob("*.export"))[-1]
data = path.read_bytes()
line = re.compile(rb"^MESSAGE=[^\n]*[a-y]", re.M).search(data, len(data) // 2)
at = line.end() - 1
Path("/run/amanat-break-letter").write_text(f"{path} {at} {data[at]}")
with path.open("r+b") as file:
    file.seek(at)
    file.write(bytes([data[at] + 1]))
END
# undo
/usr/bin/python3 -IB - << 'END'
from pathlib import Path
note = Path("/run/amanat-break-letter")
path, at, letter = note.read_text().split()
with open(path, "r+b") as file:
    file.seek(int(at))
    file.write(bytes([int(letter)]))
note.unlink()
END
