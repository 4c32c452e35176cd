"""Packages that are unpacked anew, as an update does it: the audit doesn't take that for somebody's work."""

# Programs that wait for connections, libraries that running services have open, settings, and a watcher of files.
RENEW = r"""
packages="openssh-server openssh-client libssl3t64 libxml2 libzstd1 nftables sudo aide"
packages="$packages stunnel4 pgbackrest python3-psycopg2"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
known=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' $packages 2> /dev/null || true)
installed=$(echo "$known" | sed -n 's/ installed$//p')
apt-get -qq -y -o Dpkg::Options::=--force-confold install --reinstall $installed
"""


def test_the_audit_is_green_after_packages_were_renewed(live_stack):
    for host in live_stack.machines:
        live_stack.root(host, RENEW)
    renewed = live_stack.root("store", "grep -c '(deleted)' /proc/$(pgrep -o -x postgres)/maps || true")
    assert int(renewed.splitlines()[-1]) > 0, "the database server has nothing open that was replaced"
    audit = live_stack.audit()
    assert audit.code == 0, audit.out[-6000:] + audit.err[-2000:]
