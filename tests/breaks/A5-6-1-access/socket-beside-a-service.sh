#!/bin/sh
# A second socket stands beside that of the copies, open to every account.
# host: vault
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[vault]
# finding: nobody expects /run/amanat-copies/admin.sock: socket 0777 root root
set -eu
python3 -B -c 'import socket; socket.socket(socket.AF_UNIX).bind("/run/amanat-copies/admin.sock")'
chmod 0777 /run/amanat-copies/admin.sock
# undo
rm /run/amanat-copies/admin.sock
