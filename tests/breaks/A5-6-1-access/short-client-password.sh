#!/bin/sh
# The password of the gateways was made one that can be told by telephone, and nothing puts it back.
# host: store
# check: policies/article5/test_access_passwords.py::test_a_clients_password_is_long[archive_writer]
set -eu
systemctl stop amanat-postgresql-guard.service
sql <<'END'
ALTER ROLE archive_writer PASSWORD 'gateway-1405';
END
# undo
systemctl start amanat-postgresql-guard.service
