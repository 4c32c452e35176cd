#!/bin/sh
# A login that never was stands on the record of logins, to mislead whoever looks into it.
# host: vault
# check: policies/article5/test_access_history.py::test_records_of_logins_agree_with_the_journal[vault]
# finding: and not in the journal
set -eu
cp -p /var/log/wtmp.db /run/amanat-break.wtmp-db
python3 -c "
import sqlite3, time
with sqlite3.connect('/var/log/wtmp.db') as database:
    row = (3, 'auditor', int(time.time() * 1e6), 'pts/7', '192.0.2.7', 'sshd')
    database.execute('INSERT INTO wtmp (Type, User, Login, TTY, RemoteHost, Service) VALUES (?, ?, ?, ?, ?, ?)', row)
"
# undo
cp -p /run/amanat-break.wtmp-db /var/log/wtmp.db
rm /run/amanat-break.wtmp-db
