#!/bin/sh
# A password policy was in the way of a script.
# host: store
# check: policies/article7/test_hardening.py::test_a_password_would_grow_old
set -eu
chage --maxdays 99999 deploy
# undo
chage --maxdays 60 deploy
