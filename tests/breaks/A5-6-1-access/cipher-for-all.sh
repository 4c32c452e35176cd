#!/bin/sh
# Somebody lets a monitoring account read pgBackRest's settings; the repository's passphrase is among them.
# host: vault
# check: policies/article7/test_hardening.py::test_what_opens_things_is_not_for_every_account[vault]
set -eu
chmod o+r /etc/pgbackrest/pgbackrest.conf
# undo
chmod o-r /etc/pgbackrest/pgbackrest.conf
