#!/bin/sh
# The program that verifies was exchanged for one that finds all well, in its own words, and a backup is damaged.
# host: vault
# check: policies/article5/test_durable_verified.py::test_what_is_kept_is_as_it_was_verified[backups]
set -eu
program=/usr/lib/amanat/backup-verify
record=/var/lib/amanat-backup-verify/verified.json
cp -p $program /run/amanat-break.program
cp -p $record /run/amanat-break.true-record
file=$(find /var/lib/amanat/repository/backup/archive/2*F -type f -name 1 | sort | head -n 1)
echo "$file" > /run/amanat-break.bundle-name
cp -p "$file" /run/amanat-break.bundle
dd if=/dev/zero of="$file" bs=64 seek=4 count=1 conv=notrunc status=none
cat > $program <<'END'
#!/bin/sh
record=/var/lib/amanat-backup-verify/verified.json
sed -i "s/\"\(began\|whole\)\": [0-9.]*/\"\1\": $(date +%s).0/g" $record
echo "9 files, 0 faults; record sha256:$(sha256sum $record | cut -d' ' -f1)"
END
systemctl start amanat-backup-verify.service
# undo
cp -p /run/amanat-break.bundle "$(cat /run/amanat-break.bundle-name)"
cp -p /run/amanat-break.program /usr/lib/amanat/backup-verify
cp -p /run/amanat-break.true-record /var/lib/amanat-backup-verify/verified.json
rm /run/amanat-break.*
systemctl start amanat-backup-verify.service
