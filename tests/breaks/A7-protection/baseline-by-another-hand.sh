#!/bin/sh
# Whoever changed a file of the system had the baseline of files renewed with it, as a converge would.
# host: store
# check: policies/article5/test_access_history.py::test_every_key_and_journal_is_the_converges[store]
# finding: by converge
set -eu
cp -pR /var/lib/aide /run/amanat-break.aide
touch --date='-1 minute' /var/lib/amanat-converge.started
echo '# quite harmless' >> /etc/sysctl.d/60-amanat.conf
/usr/lib/amanat/integrity accept converge > /dev/null
# undo
sed -i '$d' /etc/sysctl.d/60-amanat.conf
cp -p /run/amanat-break.aide/* /var/lib/aide/
rm -r /run/amanat-break.aide
