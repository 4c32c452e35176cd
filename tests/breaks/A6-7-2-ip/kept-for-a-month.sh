#!/bin/sh
# Addresses are to go after a month.
# host: store
# check: policies/article6/test_addresses.py::test_addresses_are_kept_for_six_months
set -eu
sql > /run/amanat-break-addresses.days <<'END'
SELECT ip_retention_days FROM archive.access_days;
END
sql <<'END'
ALTER TABLE archive.access_days DROP CONSTRAINT access_days_ip_retention_days_check;
UPDATE archive.access_days SET ip_retention_days = 30;
END
# undo
sql <<END
UPDATE archive.access_days SET ip_retention_days = $(cat /run/amanat-break-addresses.days);
ALTER TABLE archive.access_days ADD CONSTRAINT access_days_ip_retention_days_check CHECK (ip_retention_days >= 186);
END
rm /run/amanat-break-addresses.days
