#!/bin/sh
# An access control list lets nginx read the machine's own key, with which it could call peers in the machine's name; mode, owner and content are as they were.
# host: edge
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[edge]
set -eu
python3 - <<'EOF'
import os, pwd, struct
none = 0xFFFFFFFF
entries = [(0x01, 6, none), (0x02, 4, pwd.getpwnam("nginx").pw_uid), (0x04, 4, none), (0x10, 4, none), (0x20, 0, none)]
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
os.setxattr("/etc/amanat/pki/host.key", "system.posix_acl_access", value)
EOF
[ "$(stat --format %a:%U:%G /etc/amanat/pki/host.key)" = 640:root:pki ]
setpriv --reuid nginx --regid nginx --clear-groups head -c 1 /etc/amanat/pki/host.key > /dev/null
# undo
python3 -c 'import os; os.removexattr("/etc/amanat/pki/host.key", "system.posix_acl_access")'
