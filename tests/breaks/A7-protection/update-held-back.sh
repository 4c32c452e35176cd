#!/bin/sh
# A security update was put on hold because it broke something, two weeks ago; runs go on without it.
# host: vault
# check: policies/article7/test_protection.py::test_no_security_update_waits[vault]
set -eu
late=/var/tmp/amanat-break
mkdir -p $late
architecture=$(dpkg --print-architecture)
cat > $late/Packages <<END
Package: bash
Version: 99:1
Architecture: $architecture
Maintainer: Debian
Filename: ./bash.deb
Size: 1
SHA256: $(printf '%064d' 0)
END
cat > $late/Release <<END
Origin: Debian
Label: Debian-Security
Suite: stable-security
Codename: trixie-security
Date: $(LC_ALL=C date --utc '+%a, %d %b %Y %H:%M:%S UTC')
SHA256:
 $(sha256sum < $late/Packages | cut -d' ' -f1) $(stat --format=%s $late/Packages) Packages
END
echo "deb [trusted=yes] file:$late ./" > /etc/apt/sources.list.d/amanat-break.list
apt-get --quiet=2 update --option Dir::Etc::sourcelist=/etc/apt/sources.list.d/amanat-break.list \
    --option Dir::Etc::sourceparts=- --option APT::Get::List-Cleanup=0
sed -i "s/\"bash\": \"[^\"]*\"/\"bash\": \"$(date --utc --date='2 weeks ago' +%Y-%m-%dT%H:%M:%SZ)\"/" \
    /var/lib/amanat/security-updates.json
# undo
rm -r /var/tmp/amanat-break /etc/apt/sources.list.d/amanat-break.list
rm -f /var/lib/apt/lists/_var_tmp_amanat-break_*
/usr/lib/amanat/note-updates
touch /var/lib/apt/periodic/update-success-stamp
