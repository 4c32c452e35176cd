#!/bin/sh
# Somebody who knows both of its halves added an unlock key: what is bound from now on, opens for that one too.
# host: vault
# check: policies/article5/test_access_at_rest.py::test_the_vault_has_no_other_unlock_key
set -eu
umask 0077
jose jwk gen -i '{"alg":"ECMR"}' -o /run/amanat-break.jwk
name=$(jose jwk thp -i /run/amanat-break.jwk -a S256)
echo "$name" > /run/amanat-break.jwk-name
install -o _tang -g _tang -m 0440 /run/amanat-break.jwk "/var/lib/tang/$name.jwk"
# undo
rm "/var/lib/tang/$(cat /run/amanat-break.jwk-name).jwk" /run/amanat-break.jwk /run/amanat-break.jwk-name
