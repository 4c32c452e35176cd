#!/bin/sh
# nginx was started with TLS 1.1 from a file that lay over its settings in its own mount namespace only, and unit and files say nothing of it any more.
# host: edge
# check: policies/article4/test_medium.py::test_old_versions_of_tls_are_refused[1.1]
set -eu
start_with_edited amanat-nginx /etc/amanat/nginx/nginx.conf '' \
  -e 's/ssl_protocols .*;/ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3;/' \
  -e '/ssl_ciphers/s/;$/:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0;/'
# undo
systemctl restart amanat-nginx
