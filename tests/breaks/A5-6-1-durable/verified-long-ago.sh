#!/bin/sh
# A record of an earlier verification, which found nothing, stands where a later one did.
# host: vault
# check: policies/article5/test_durable_verified.py::test_all_that_is_kept_was_verified_lately[copies]
set -eu
record=/var/lib/amanat-copies-verify/verified.json
cp -p $record /run/amanat-break.earlier
systemctl start amanat-copies-verify.service
cp -p $record /run/amanat-break.later
cp -p /run/amanat-break.earlier $record
# undo
cp -p /run/amanat-break.later /var/lib/amanat-copies-verify/verified.json
rm /run/amanat-break.earlier /run/amanat-break.later
