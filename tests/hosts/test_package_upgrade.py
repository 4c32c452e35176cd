"""Packages that are unpacked anew, as an update does it: the audit doesn't take that for somebody's work."""

# Programs that wait for connections, libraries that running services have open, settings, and a watcher of files.
PACKAGES = (
    "openssh-server openssh-client libssl3t64 libxml2 libzstd1 nftables sudo aide pgbackrest python3-psycopg2"
)


def test_the_audit_is_green_after_packages_were_renewed(live_stack):
    for host in ("store", "vault"):
        live_stack.root(
            host,
            "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; "
            f"apt-get -qq -y -o Dpkg::Options::=--force-confold install --reinstall {PACKAGES}",
        )
    renewed = live_stack.root("store", "grep -c '(deleted)' /proc/$(pgrep -o -x postgres)/maps || true")
    assert int(renewed.splitlines()[-1]) > 0, "the database server has nothing open that was replaced"
    audit = live_stack.audit()
    assert audit.code == 0, audit.out[-6000:] + audit.err[-2000:]
