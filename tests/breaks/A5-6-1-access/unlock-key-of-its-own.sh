#!/bin/sh
# So that the store opens without the vault, its key was bound to an unlock key kept in root's home.
# host: store
# check: policies/article5/test_access_at_rest.py::test_the_key_is_kept_only_bound_to_the_vaults
set -eu
umask 0077
cp -p /etc/amanat/volume.jwe /run/amanat-break.jwe
mkdir /root/tang && cd /root/tang
jose jwk gen -i '{"alg":"ES512"}' -o signing.jwk
jose jwk gen -i '{"alg":"ECMR"}' -o exchange.jwk
jose jwk pub -s -i signing.jwk -i exchange.jwk |
  jose jws sig -I- -s '{"protected":{"alg":"ES512","cty":"jwk-set+json"}}' -k signing.jwk -o adv.jws
clevis decrypt < /etc/amanat/volume.jwe |
  clevis encrypt tang '{"url":"http://vault:7500","adv":"/root/tang/adv.jws"}' > /etc/amanat/volume.jwe.new
mv /etc/amanat/volume.jwe.new /etc/amanat/volume.jwe
# undo
mv /run/amanat-break.jwe /etc/amanat/volume.jwe
rm -rf /root/tang
