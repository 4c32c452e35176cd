#!/bin/sh
# Somebody wanted a prompt on the console for a bad day.
# host: store
# check: policies/article7/test_hardening.py::test_no_console_asks_for_a_password
set -eu
rm /etc/systemd/system/console-getty.service
systemctl daemon-reload
# undo
systemctl mask console-getty.service
