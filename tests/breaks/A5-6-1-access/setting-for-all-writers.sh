#!/bin/sh
# A role's setting, meant for one gateway, is made for all of them, and nothing puts it back.
# host: store
# check: policies/article5/test_access_surface.py::test_roles_have_no_settings_but_the_known_ones
set -eu
systemctl stop amanat-postgresql-guard.service
sql <<'END'
ALTER ROLE archive_writer SET search_path = public;
END
# undo
systemctl start amanat-postgresql-guard.service
