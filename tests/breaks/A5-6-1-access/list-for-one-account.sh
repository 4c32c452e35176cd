#!/bin/sh
# An access list lets one more account read the passwords, and the mode doesn't show it.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects attribute system.posix_acl_access of /etc/shadow
set -eu
/usr/bin/python3 -I -B - << 'EOF'
import os, pwd, struct
entries = [(0x01, 6, 0xFFFFFFFF), (0x02, 4, pwd.getpwnam("nobody").pw_uid), (0x04, 4, 0xFFFFFFFF),
           (0x10, 4, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr("/etc/shadow", "system.posix_acl_access", value)
EOF
# undo
/usr/bin/python3 -I -B -c 'import os; os.removexattr("/etc/shadow", "system.posix_acl_access")'
