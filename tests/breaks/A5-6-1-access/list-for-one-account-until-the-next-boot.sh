#!/bin/sh
# One account was let into the directory of the server's sockets by an ACL, where it may stand in for the server.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects attribute system.posix_acl_access of /run/postgresql: user::rwx user:auditor:rwx
set -eu
python3 -B - <<'END'
import os, pwd, struct
reader = pwd.getpwnam("auditor").pw_uid
entries = ((1, 7, 0xFFFFFFFF), (2, 7, reader), (4, 7, 0xFFFFFFFF), (16, 7, 0xFFFFFFFF), (32, 5, 0xFFFFFFFF))
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr("/run/postgresql", "system.posix_acl_access", value)
END
# undo
python3 -B -c 'import os; os.removexattr("/run/postgresql", "system.posix_acl_access")'
chmod 2775 /run/postgresql
