#!/bin/sh
# Acknowledgements come before the disk has the message.
# host: store
# check: policies/article5/test_durable.py::test_a_commit_is_on_the_disk_when_it_returns[synchronous_commit]
set -eu
cp -p /etc/postgresql/17/main/postgresql.conf /run/amanat-break.conf
cat >> /etc/postgresql/17/main/postgresql.conf <<'END'
synchronous_commit = off
END
systemctl reload postgresql@17-main.service
# undo
cp -p /run/amanat-break.conf /etc/postgresql/17/main/postgresql.conf
rm /run/amanat-break.conf
systemctl reload postgresql@17-main.service
