#!/bin/sh
# In nginx's mount namespace last year's licence pages lie over the declared ones, with a seal that has expired.
# host: edge
# check: policies/union/test_seals.py::test_the_seal_is_shown_and_valid[fa]
set -eu
umask 022
pages=$(readlink -f /run/amanat-site/current)
mkdir -m 755 /run/seal-other
for name in licences.html en/licences.html; do
  other=/run/seal-other/$(echo "$name" | tr / -)
  sed -E 's/datetime="[0-9-]{10}" itemprop="expires"/datetime="2025-08-23" itemprop="expires"/' "$pages/$name" > "$other"
  if cmp -s "$other" "$pages/$name"; then exit 1; fi
  touch -r "$pages/$name" "$other"
  chmod 644 "$other"
done
start_with amanat-nginx <<EOF
BindReadOnlyPaths=/run/seal-other/licences.html:$pages/licences.html
BindReadOnlyPaths=/run/seal-other/en-licences.html:$pages/en/licences.html
EOF
rm -r /run/seal-other
# undo
systemctl restart amanat-nginx
