#!/bin/sh
# For a night without the vault, somebody laid the volume's key open beside it.
# host: store
# check: policies/article5/test_access_at_rest.py::test_the_key_is_kept_only_bound_to_the_vaults
set -eu
umask 0377
clevis decrypt < /etc/amanat/volume.jwe > /etc/amanat/volume.key
# undo
rm -f /etc/amanat/volume.key
