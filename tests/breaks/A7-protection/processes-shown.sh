#!/bin/sh
# A monitoring agent without rights saw no processes, so everybody was shown them.
# host: vault
# check: policies/article7/test_hardening.py::test_an_account_sees_its_own_processes_only
set -eu
mount --options remount,hidepid=off /proc
# undo
systemctl restart amanat-proc.service
