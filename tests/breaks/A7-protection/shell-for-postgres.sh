#!/bin/sh
# An administrator was tired of typing runuser.
# host: store
# check: policies/article7/test_hardening.py::test_only_those_who_come_in_have_a_shell
set -eu
usermod --shell /bin/bash postgres
# undo
usermod --shell /usr/sbin/nologin postgres
