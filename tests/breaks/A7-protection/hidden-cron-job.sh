#!/bin/sh
# A job that cron would run if it were installed waits under a name that ls doesn't show.
# host: store
# check: policies/article7/test_protection_closed_world.py::test_every_file_of_the_system_is_known[store]
# finding: nobody expects /etc/cron.d/.refresh
set -eu
test -d /etc/cron.d || { mkdir /etc/cron.d; touch /run/made-cron.d; }
echo '* * * * * root /usr/bin/true' > /etc/cron.d/.refresh
# undo
rm /etc/cron.d/.refresh
if test -e /run/made-cron.d; then rmdir /etc/cron.d; rm /run/made-cron.d; fi
