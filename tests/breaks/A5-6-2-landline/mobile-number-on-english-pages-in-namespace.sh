#!/bin/sh
# In nginx's mount namespace other English pages lie over the declared ones, with a mobile telephone's number in place of the landline.
# host: edge
# check: policies/article5/test_landline.py::test_the_landline_is_published[en]
set -eu
umask 022
pages=$(readlink -f /run/amanat-site/current)
mkdir -m 755 /run/en-other
binds=
for page in "$pages"/en/*.html; do
  name=${page##*/}
  sed -e 's/+982188880000/+989128880000/g' -e 's/+98 21 8888 0000/+98 912 888 0000/g' "$page" > "/run/en-other/$name"
  touch -r "$page" "/run/en-other/$name"
  chmod 644 "/run/en-other/$name"
  binds="$binds
BindReadOnlyPaths=/run/en-other/$name:$page"
done
start_with amanat-nginx <<EOF
$binds
EOF
rm -r /run/en-other
# undo
systemctl restart amanat-nginx
