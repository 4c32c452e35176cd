#!/bin/sh
# The key that signs was withdrawn, and one of somebody else's is advertised instead of it.
# host: vault
# check: policies/article5/test_access_history.py::test_every_key_and_journal_is_the_converges[vault]
# finding: is withdrawn (since
set -eu
umask 0077
signing=$(grep -l '"verify"' /var/lib/tang/*.jwk)
echo "$signing" > /run/amanat-break.signing
mv "$signing" "/var/lib/tang/.${signing##*/}"
jose jwk gen -i '{"alg":"ES512"}' -o /run/amanat-break.other
install -o _tang -g _tang -m 0440 /run/amanat-break.other /var/lib/tang/other.jwk
# undo
signing=$(cat /run/amanat-break.signing)
mv "/var/lib/tang/.${signing##*/}" "$signing"
rm /var/lib/tang/other.jwk /run/amanat-break.other /run/amanat-break.signing
